"""Sound in which nobody speaks, made for the evaluation: silence, noises of all colours, hum, clicks, music.

This file owns their synthesis and their mixing under speech at a ratio of levels. All is a pure function of the random
generator that is given.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.evaluation.store import Clip

Floats = npt.NDArray[np.float64]

RATE = 16_000
_FULL = 32_767.0
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 5, 9), (0, 4, 7, 11), (0, 3, 7, 10))
"""Half-tones above the root."""


def colour(random: np.random.Generator, samples: int, slope: float | None = None) -> Floats:
    """Noise of level 1 whose power falls with frequency: 0 is white, 1 pink, 2 brown; else between -0.5 and 2."""
    slope = random.uniform(-0.5, 2.0) if slope is None else slope
    spectrum = np.fft.rfft(random.standard_normal(samples))
    frequency = np.maximum(np.arange(len(spectrum)) * RATE / samples, 20.0)
    return level(np.fft.irfft(spectrum * frequency ** (-slope / 2.0), samples))


def hum(random: np.random.Generator, samples: int) -> Floats:
    """Mains hum with its harmonics."""
    times = np.arange(samples) / RATE
    mains = random.choice((50.0, 60.0))
    waves = [random.uniform() / n * np.sin(2 * np.pi * (mains * n * times + random.uniform())) for n in range(1, 12)]
    return level(np.sum(waves, axis=0))


def clicks(random: np.random.Generator, samples: int) -> Floats:
    """Knocks and keys: short bursts that ring for some milliseconds."""
    sound = np.zeros(samples)
    times = np.arange(RATE // 10) / RATE
    for start in random.integers(
        0, max(1, samples - len(times)), max(1, int(samples / RATE * random.uniform(0.5, 8.0)))
    ):
        ring = np.exp(-times / random.uniform(0.002, 0.02)) * np.sin(2 * np.pi * random.uniform(200, 5000) * times)
        burst = (0.5 * random.standard_normal(len(times)) * np.exp(-times / 0.003) + ring) * random.uniform(0.2, 1.0)
        sound[start : start + len(times)] += burst[: samples - start]
    return level(sound)


def music(random: np.random.Generator, samples: int) -> Floats:
    """Chords and melodies of plucked or held tones over a beat."""
    sound = np.zeros(samples + 4 * RATE)
    beat = random.uniform(0.25, 0.9)
    root = random.uniform(70.0, 260.0)
    decay = random.choice((0.15, 0.5, 3.0))
    drums = random.uniform() < 0.5
    for at in np.arange(0.0, samples / RATE, beat):
        chord = _CHORDS[random.integers(len(_CHORDS))]
        base = root * 2.0 ** (random.choice((0, 2, 5, 7, 9)) / 12)
        tones = [base * 2.0 ** (step / 12) for step in chord] + [base * 2.0 ** (1 + random.choice(chord) / 12)]
        for tone in tones:
            _add(sound, at, _tone(random, tone, min(4.0, beat * random.choice((1, 2, 4))), decay))
        if drums:
            _add(sound, at, random.standard_normal(RATE // 5) * np.exp(-np.arange(RATE // 5) / RATE / 0.03))
    return level(sound[:samples])


def _tone(random: np.random.Generator, hertz: float, seconds: float, decay: float) -> Floats:
    times = np.arange(int(seconds * RATE)) / RATE
    partials = [n for n in range(1, 9) if n * hertz < RATE / 2]
    bright = random.uniform(0.8, 2.0)
    wave = np.sum([np.sin(2 * np.pi * (n * hertz * times + random.uniform())) / n**bright for n in partials], axis=0)
    shape = np.minimum(1.0, times / 0.01) * np.exp(-times / decay) * np.minimum(1.0, (seconds - times) / 0.02)
    return np.asarray(wave * shape)


def _add(sound: Floats, at: float, part: Floats) -> None:
    begin = int(at * RATE)
    room = max(0, len(sound) - begin)
    sound[begin : begin + len(part)] += part[:room]


def level(sound: Floats) -> Floats:
    """The same with a root mean square of 1; silence stays silence."""
    return sound / max(float(np.sqrt(np.mean(sound**2))), 1e-9)


def piece(random: np.random.Generator, background: Mapping[str, Clip], samples: int) -> tuple[str, Floats]:
    """A stretch of a recorded kind of sound and its name, level 1, repeated where the recording is shorter."""
    kind = sorted(background)[random.integers(len(background))]
    whole = background[kind]
    start = int(random.integers(max(1, len(whole) - samples)))
    return kind, level(np.resize(whole[start : start + samples], samples).astype(np.float64))


def at_level(sound: Floats, decibels: float) -> Clip:
    """int16 at so many decibels of full scale (of the root mean square), clipped where it must be."""
    return as_int16(sound * _FULL * 10.0 ** (decibels / 20.0))


def as_int16(sound: Floats) -> Clip:
    """Rounded and clipped."""
    return np.clip(np.round(sound), -_FULL - 1, _FULL).astype(np.int16)


def under(speech: Clip, noise: Floats, decibels: float) -> Clip:
    """Speech with noise at a signal-to-noise ratio; the speech's level is that of its louder frames.

    Frames of 20 ms within 30 dB of the loudest count, so that pauses do not make the noise softer.
    """
    clean = speech.astype(np.float64)
    energy = np.mean(clean[: len(clean) // 320 * 320].reshape(-1, 320) ** 2, axis=1)
    loud = energy[energy > energy.max(initial=0.0) * 1e-3]
    power = float(loud.mean()) if len(loud) else 1.0
    mixed = clean + level(noise) * np.sqrt(power / 10.0 ** (decibels / 10.0))
    return as_int16(mixed * min(1.0, _FULL / max(float(np.abs(mixed).max()), 1.0)))
