"""Any rate to 16 kHz: the same tone, the same length, however it is cut into blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import AudioError
from pipeline.resample import Resampler

RATES = [7350, 8000, 11025, 22050, 32000, 44100, 48000, 96000, 192000]


def tone(rate: int, seconds: float, frequency: float = 440.0) -> npt.NDArray[np.int16]:
    return (np.sin(np.arange(round(rate * seconds)) / rate * 2 * np.pi * frequency) * 20000).astype(np.int16)


def whole(rate: int, sound: npt.NDArray[Any], block: int | None = None) -> npt.NDArray[np.int16]:
    resampler = Resampler(rate, 1 if sound.ndim == 1 else sound.shape[1])
    step = block or max(1, len(sound))
    parts = [resampler.push(sound[i : i + step]) for i in range(0, len(sound), step)]
    return np.concatenate([*parts, resampler.flush()])


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_frequency_and_its_loudness(rate: int) -> None:
    heard = whole(rate, tone(rate, 2.0))
    expected = np.sin(np.arange(len(heard)) / 16000 * 2 * np.pi * 440) * 20000
    assert np.abs(heard - expected)[500:-500].max() < 4


@pytest.mark.parametrize("rate", [*RATES, 16000])
def test_the_length_is_exact_to_a_sample(rate: int) -> None:
    for seconds in (0.02, 0.1, 1.0, 3.37):
        sound = tone(rate, seconds)
        assert abs(len(whole(rate, sound)) - len(sound) * 16000 / rate) <= 1


@settings(deadline=None)
@given(st.sampled_from(RATES), st.integers(20, 3000))
def test_blocks_of_any_size_give_what_the_whole_gives(rate: int, block: int) -> None:
    sound = tone(rate, 0.3)
    assert np.array_equal(whole(rate, sound, block), whole(rate, sound))


def test_sound_at_16_khz_passes_unchanged() -> None:
    noise = np.random.default_rng(1).integers(-32768, 32768, 10_000).astype(np.int16)
    assert np.array_equal(whole(16000, noise, 333), noise)
    assert np.array_equal(whole(16000, noise.astype(np.float32) / 32768, 333), noise)
    assert np.array_equal(whole(16000, noise.astype(np.int32) << 16, 333), noise)


def test_channels_are_averaged_without_overflow() -> None:
    loud = np.full((100, 2), 32767, np.int16)
    assert np.array_equal(whole(16000, loud), loud[:, 0])
    assert not whole(16000, np.stack([tone(16000, 0.1), -tone(16000, 0.1)], axis=1)).any()


@pytest.mark.parametrize("rate", [16000, 44100])
def test_too_loud_sound_is_clipped_and_does_not_wrap_around(rate: int) -> None:
    heard = whole(rate, (tone(rate, 0.5).astype(np.float32) / 32768) * 4)
    assert heard.max() == 32767
    assert heard.min() == -32768
    assert np.abs(np.diff(heard.astype(np.int32))).max() < 20_000


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinite"), (-np.inf, "infinite")])
def test_samples_that_are_no_numbers_are_refused_with_their_place(value: float, word: str) -> None:
    resampler = Resampler(8000, 2)
    resampler.push(np.zeros((8000, 2), np.float32))
    bad = np.zeros((8000, 2), np.float32)
    bad[1000, 1] = value
    with pytest.raises(AudioError, match=rf"{word} samples at 1\.125 s"):
        resampler.push(bad)


def test_after_a_flush_a_new_stream_begins() -> None:
    resampler = Resampler(44100, 1)
    first = np.concatenate([resampler.push(tone(44100, 0.5)), resampler.flush()])
    again = np.concatenate([resampler.push(tone(44100, 0.5)), resampler.flush()])
    assert np.array_equal(first, again)
    assert len(resampler.flush()) == 0


@pytest.mark.parametrize(("rate", "channels"), [(0, 1), (-8000, 1), (16000, 0)])
def test_a_rate_that_no_sound_has_is_an_error(rate: int, channels: int) -> None:
    with pytest.raises(AudioError, match="cannot be read"):
        Resampler(rate, channels)


@pytest.mark.parametrize("block", [np.zeros(10, np.float64), np.zeros((10, 3), np.int16), np.zeros(10, np.int16)])
def test_a_block_of_another_form_is_a_mistake_of_the_caller(block: npt.NDArray[Any]) -> None:
    with pytest.raises(ValueError, match=r"samples are|channels"):
        Resampler(16000, 2).push(block)
