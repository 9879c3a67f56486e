from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from model.encoder import prepared
from model.mel import HOP, N_FFT, floored, log_mel, mel_filters, settled, unfloored_log_mel
from tests.model.conftest import Floats, Golden


def obvious_log_mel(pcm: Floats) -> npt.NDArray[np.float64]:
    """The formula of Whisper's feature extractor, written out frame by frame in float64."""
    padded = np.pad(pcm.astype(np.float64), N_FFT // 2, mode="reflect")
    n = np.arange(N_FFT)
    window = 0.5 * (1 - np.cos(2 * np.pi * n / N_FFT))
    dft = np.exp(-2j * np.pi * np.outer(np.arange(N_FFT // 2 + 1), n) / N_FFT)
    columns = []
    for frame in range(len(pcm) // HOP):
        spectrum = dft @ (padded[frame * HOP : frame * HOP + N_FFT] * window)
        columns.append(np.log10(np.maximum(mel_filters(128) @ np.abs(spectrum) ** 2, 1e-10)))
    log = np.stack(columns, axis=1)
    return np.asarray((np.maximum(log, log.max() - 8) + 4) / 4)


@pytest.mark.parametrize(
    "name", ["01_short_seen", "02_dictation_seen", "11_silence", "12_long", "clip_600ms", "clip_300ms"]
)
def test_log_mel_is_the_reference_s(golden: Golden, name: str) -> None:
    mel = log_mel(prepared(golden.sound(name)))[:, :: golden.about["mel_stride"].get(name, 1)]
    assert mel.dtype == np.float32
    assert mel.shape == golden.array("mel", name).shape
    assert np.abs(mel - golden.array("mel", name)).max() <= 1e-4


def test_log_mel_is_the_formula_written_out(golden: Golden) -> None:
    clip = golden.sound("10_noise_10db")[:8_123]
    assert np.abs(log_mel(clip) - obvious_log_mel(clip)).max() <= 1e-4


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (159, 0), (160, 1), (319, 1), (320, 2), (16_000, 100)])
def test_there_is_a_frame_for_each_whole_hop(samples: int, frames: int) -> None:
    assert log_mel(np.zeros(samples, dtype=np.float32)).shape == (128, frames)


def test_a_frame_depends_on_its_neighbourhood_only(golden: Golden) -> None:
    clip = golden.sound("01_short_seen")
    whole, part = unfloored_log_mel(clip), unfloored_log_mel(clip[:16_000])
    assert np.allclose(whole[:, :98], part[:, :98], rtol=0, atol=1e-4)


@pytest.mark.parametrize("samples", [160, 200, 201, 359, 360, 8_000, 15_999, 16_000, 16_039, 16_040, 20_001])
def test_settled_frames_keep_every_bit_whatever_sound_follows_and_no_others_do(golden: Golden, samples: int) -> None:
    clip = golden.sound("10_noise_10db")[:24_000]
    whole, part = unfloored_log_mel(clip), unfloored_log_mel(clip[:samples])
    same = (whole[:, : part.shape[1]] == part).all(axis=0)
    assert same.tolist() == [frame < settled(samples) for frame in range(part.shape[1])]


@pytest.mark.parametrize("first", [0, 1, 99, 100, 101, 149, 150])
def test_the_frames_from_one_on_are_those_of_the_whole_to_every_bit(golden: Golden, first: int) -> None:
    clip = golden.sound("01_short_seen")[:24_100]
    assert np.array_equal(unfloored_log_mel(clip, first=first), unfloored_log_mel(clip)[:, first:])


@pytest.mark.parametrize("samples", [160, 200, 201, 450])
def test_a_clip_shorter_than_a_frame_is_mirrored_more_than_once(golden: Golden, samples: int) -> None:
    clip = golden.sound("10_noise_10db")[:samples]
    assert np.abs(log_mel(clip) - obvious_log_mel(clip)).max() <= 1e-4


def test_the_floor_can_come_from_elsewhere(golden: Golden) -> None:
    log = unfloored_log_mel(golden.sound("01_short_seen"))
    assert np.array_equal(floored(log), floored(log, float(log.max())))
    assert floored(log, float(log.max()) + 4).min() == pytest.approx((log.max() + 4 - 8 + 4) / 4)
