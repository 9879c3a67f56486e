from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from benchmarks.noise import KINDS, Int16, noise
from pipeline.messages import SAMPLE_RATE

FULL_SCALE = 32768
SECONDS = 20


@cache
def heard(kind: str) -> Int16:
    return np.concatenate(list(noise(kind, SECONDS)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_noise_is_as_long_as_asked_and_the_same_each_time(kind: str) -> None:
    once = np.concatenate(list(noise(kind, 5.5)))
    assert once.dtype == np.int16
    assert len(once) == 5.5 * SAMPLE_RATE
    assert (once == heard(kind)[: len(once)]).all()


@pytest.mark.parametrize("kind", ["room", "keyboard"])
def test_another_seed_is_another_sound_of_that_kind(kind: str) -> None:
    assert (next(noise(kind, 1.0, seed=1)) != heard(kind)[:SAMPLE_RATE]).any()


@pytest.mark.parametrize(
    ("kind", "least_db", "most_db"),
    [("room", -62, -58), ("fan", -37, -31), ("music", -24, -12), ("keyboard", -60, -30), ("breath", -50, -30)],
)
def test_a_noise_is_as_loud_as_such_a_thing_is_and_is_not_clipped(kind: str, least_db: int, most_db: int) -> None:
    sound = heard(kind).astype(np.float64) / FULL_SCALE
    assert least_db < 10 * np.log10(np.mean(sound**2)) < most_db
    assert np.abs(sound).max() < 0.99


def test_silence_is_nothing_but_zeros() -> None:
    assert not heard("silence").any()


def test_keys_are_struck_and_music_beats() -> None:
    """A click stands far out of what is between the clicks; a kick drum comes every second."""
    keys = np.abs(heard("keyboard").astype(np.float64))
    assert keys.max() > 30 * np.median(keys)
    music = np.abs(heard("music").astype(np.float64)).reshape(SECONDS, SAMPLE_RATE)
    tenth = SAMPLE_RATE // 10
    assert (music[:, :tenth].max(axis=1) > music[:, -tenth:].max(axis=1)).all()
