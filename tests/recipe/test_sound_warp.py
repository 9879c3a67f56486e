from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from model.mel import log_mel, mel_filters  # noqa: E402
from model.miniature import samples  # noqa: E402
from model.miniature.recipe.sound.warp import LogMel, factors, filters, identity, warped  # noqa: E402


def sound_of(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float32) / np.float32(32_768)


def test_the_middle_filterbank_is_the_program_s_own() -> None:
    assert np.array_equal(filters(5)[identity(5)].numpy(), mel_filters(128))
    assert factors(5)[identity(5)] == 1.0
    assert (factors(5)[0], factors(5)[-1]) == (0.82, 1.22)


def test_without_a_warp_the_picture_is_the_program_s_own_whatever_stands_behind_the_clip() -> None:
    clips = [sound_of(path) for path in samples()]
    frames = [min(len(clip) // 160, 400) - 7 * number for number, clip in enumerate(clips)]
    together = torch.randn(len(clips), 400 * 160) * 0.1
    for row, clip in enumerate(clips):
        together[row, : frames[row] * 160] = torch.from_numpy(clip[: frames[row] * 160].copy())
    bank = torch.full((len(clips),), identity(3))
    picture = LogMel(filters(3))(together, torch.tensor(frames), bank).numpy()
    for row, clip in enumerate(clips):
        wanted = log_mel(clip[: frames[row] * 160])
        assert np.abs(picture[row, :, : frames[row]] - wanted).max() < 1e-4
        assert not picture[row, :, frames[row] :].any()


def test_a_whole_row_may_be_valid() -> None:
    sound = torch.randn(1, 3_200) * 0.1
    picture = LogMel(filters(1))(sound, torch.tensor([20]), torch.tensor([0]))
    assert np.abs(picture[0].numpy() - log_mel(sound[0].numpy())).max() < 1e-4


@pytest.mark.parametrize("factor", [0.82, 0.9, 1.1, 1.22])
def test_the_frequency_axis_is_stretched_and_keeps_its_ends(factor: float) -> None:
    hertz = np.linspace(0.0, 8_000.0, 801)
    image = warped(hertz, factor)
    assert image[0] == 0.0
    assert image[-1] == pytest.approx(8_000.0)
    assert (np.diff(image) > 0).all()
    assert np.allclose(image[:500], factor * hertz[:500])


def test_a_warp_moves_a_tone_to_where_its_factor_says() -> None:
    time = torch.arange(16_000) / 16_000
    bank = filters(3, 0.8, 1.25)
    for hertz in (500.0, 1_500.0, 3_000.0):
        tone = torch.sin(2 * torch.pi * hertz * time).repeat(3, 1)
        moved = torch.sin(2 * torch.pi * hertz * torch.tensor([[0.8], [1.0], [1.25]]) * time)
        frames = torch.full((3,), 100)
        got = LogMel(bank)(tone, frames, torch.tensor([0, 1, 2]))[:, :, 50].argmax(1)
        wanted = LogMel(bank)(moved, frames, torch.ones(3, dtype=torch.long))[:, :, 50].argmax(1)
        assert (got - wanted).abs().max() <= 1


def test_no_filter_is_empty_under_any_warp() -> None:
    assert filters(21).sum(2).min() > 0.005


def test_an_even_count_of_warps_is_refused() -> None:
    with pytest.raises(ValueError, match="odd"):
        factors(4)
