"""Sounds with and without pitch."""

from __future__ import annotations

import wave
from collections.abc import Iterator

import numpy as np
import pytest

from model import miniature
from pipeline.doubt import UNVOICED
from pipeline.messages import SAMPLE_RATE
from pipeline.resample import Int16
from pipeline.voicing import ALIKE, FRAME, LAGS, _likeness, voicing

S = SAMPLE_RATE


def recordings() -> Iterator[tuple[str, Int16]]:
    """The shipped ones in which somebody speaks."""
    for path in miniature.samples():
        with wave.open(str(path)) as file:
            pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        if pcm.any():
            yield path.stem, pcm


def noise(seconds: float, level: float = 3000.0) -> Int16:
    return (level * np.random.default_rng(1).standard_normal(int(seconds * S))).clip(-32768, 32767).astype(np.int16)


def buzz(hertz: float, seconds: float = 1.0, level: float = 9000.0) -> Int16:
    """The first ten harmonics of a voice."""
    time = np.arange(int(seconds * S)) / S
    wave = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 11))
    return np.asarray(level * wave / 2, np.int16)


def test_speech_is_voiced_be_it_quiet_or_in_noise_of_half_its_loudness() -> None:
    for name, pcm in recordings():
        loudness = float(np.sqrt(np.mean(pcm.astype(np.float64) ** 2)))
        assert voicing(pcm) > 0.4, name
        assert voicing(pcm // 64) > 0.3, name
        noisy = pcm + noise(len(pcm) / S + 1, loudness / 2)[: len(pcm)].astype(np.int32)
        assert voicing(noisy.clip(-32768, 32767).astype(np.int16)) > 10 * UNVOICED, name


def test_noise_and_clicks_are_not() -> None:
    assert voicing(noise(30)) == 0.0
    clicks = np.zeros(4 * S, np.int16)
    for at in np.random.default_rng(2).integers(0, 4 * S - 400, 24):
        clicks[at : at + 300] += noise(1)[:300] // 2
    assert voicing(clicks) < UNVOICED


@pytest.mark.parametrize("hertz", [62.0, 80.0, 120.0, 210.0, 390.0])
def test_all_voices_are_heard_from_low_to_high(hertz: float) -> None:
    assert voicing(buzz(hertz)) == 1.0


def test_only_what_is_loud_counts_and_one_knock_does_not_outweigh_it() -> None:
    voice, murmur = buzz(120.0), noise(4, 90)
    assert voicing(np.concatenate([murmur, voice, murmur])) > 0.9
    knock = noise(0.05, 12000)
    assert voicing(np.concatenate([buzz(120.0, 2.0, 700.0), knock])) > 0.9


def test_a_moment_that_is_periodic_by_chance_does_not_count() -> None:
    blip = buzz(120.0, FRAME / 8000, 6000.0)
    assert voicing(np.concatenate([noise(2), blip, noise(2)])) == 0.0
    assert voicing(np.concatenate([noise(2), buzz(120.0, 0.3), noise(2)])) > 0.0


def test_silence_and_less_than_a_frame_are_unvoiced() -> None:
    assert voicing(np.zeros(S, np.int16)) == 0.0
    assert voicing(np.full(S, 77, np.int16)) == 0.0
    assert voicing(buzz(120.0)[: 2 * FRAME - 1]) == 0.0
    assert voicing(np.empty(0, np.int16)) == 0.0


def test_the_likeness_is_that_of_the_definition() -> None:

    frames = np.random.default_rng(3).standard_normal((20, FRAME)).astype(np.float32)
    frames[:10] += 3 * np.sin(np.arange(FRAME) / 9)
    expected = [
        max(
            float(f[:-lag] @ f[lag:] / np.sqrt((f[:-lag] @ f[:-lag]) * (f[lag:] @ f[lag:])))
            for lag in (int(lag) for lag in LAGS)
        )
        for f in frames.astype(np.float64)
    ]
    np.testing.assert_allclose(_likeness(frames), expected, atol=1e-4)
    assert 0 < sum(likeness > ALIKE for likeness in expected) < 20
