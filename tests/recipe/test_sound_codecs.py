from __future__ import annotations

import numpy as np
import pytest

from model.miniature.recipe.sound.codecs import a_law, telephone, through_a_codec, transform

SECOND = np.arange(16_000) / 16_000


def tone(hertz: float) -> np.ndarray:
    return np.rint(10_000 * np.sin(2 * np.pi * hertz * SECOND)).astype(np.int16)


def ratio(sound: np.ndarray, coded: np.ndarray) -> float:
    error = (sound.astype(np.float64) - coded)[400:-400]
    return float(10 * np.log10(np.mean(sound[400:-400].astype(np.float64) ** 2) / np.mean(error**2)))


def test_a_law_errs_by_the_38_db_of_the_standard() -> None:
    sound = np.sin(2 * np.pi * 440 * SECOND).astype(np.float32) * np.float32(0.5)
    error = sound - a_law(sound)
    assert 35 < 10 * np.log10(np.mean(sound**2) / np.mean(error**2)) < 42


def test_the_telephone_keeps_the_place_of_what_it_lets_through() -> None:
    assert ratio(tone(1_000), telephone(tone(1_000))) > 25


@pytest.mark.parametrize("hertz", [80, 5_000])
def test_the_telephone_drops_what_is_outside_its_band(hertz: int) -> None:
    assert np.abs(telephone(tone(hertz))[400:-400]).max() < 100


def test_the_transform_with_many_bits_gives_the_sound_back() -> None:
    noise = np.random.default_rng(0).integers(-3_000, 3_000, 16_123).astype(np.int16)
    assert ratio(noise, transform(noise, 80.0, 8_000.0)) > 55


def test_the_transform_with_few_bits_leaves_holes() -> None:
    noise = np.random.default_rng(0).integers(-3_000, 3_000, 16_000).astype(np.int16)
    assert 0 < ratio(noise, transform(noise, 6.0, 8_000.0)) < 10


@pytest.mark.parametrize("samples", [1, 319, 16_000])
def test_every_codec_keeps_the_length(samples: int) -> None:
    for seed in range(6):
        assert through_a_codec(np.random.default_rng(seed), tone(300)[:samples]).shape == (samples,)
