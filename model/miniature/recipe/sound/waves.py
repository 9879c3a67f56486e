"""The stuff that background sound is made of: shaped noise, smooth wandering, envelopes, tones.

This file owns what several kinds of sound share. Everything is float32 at 16 kHz, and a pure function of the random
generator that it is given.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RATE = 16_000
TABLE = 2_048
"""Samples of one period in a wavetable."""

Floats = npt.NDArray[np.float32]
Random = np.random.Generator


def fast_length(least: int) -> int:
    """A length >= `least` that transforms fast: a multiple of a power of two near a hundredth of it."""
    step = 1 << max(0, least.bit_length() - 5)
    return -(-least // step) * step


def shaped_noise(rng: Random, n: int, points: Sequence[tuple[float, float]]) -> Floats:
    """Noise with a spectrum drawn through points (Hz, dB), straight over octaves; [n], root mean square 1."""
    length = fast_length(n)
    hertz = np.arange(length // 2 + 1, dtype=np.float32) * np.float32(RATE / length)
    # The curve is drawn on a coarse grid: one exponential per bin would cost more than the transform.
    grid = np.linspace(1.0, RATE / 2, 1_025)
    places = np.log2([max(at, 1.0) for at, _ in points])
    coarse = 10.0 ** (np.interp(np.log2(grid), places, [level for _, level in points]) / 20.0)
    curve = np.interp(hertz, grid, coarse).astype(np.float32)
    curve[0] = 0.0
    spectrum = rng.standard_normal((len(hertz), 2), dtype=np.float32).view(np.complex64)[:, 0] * curve
    return unit(np.fft.irfft(spectrum, length)[:n].astype(np.float32, copy=False))


def band_noise(rng: Random, n: int, low: float, high: float) -> Floats:
    """Noise between two frequencies, with slopes of half an octave; [n], root mean square 1."""
    return shaped_noise(rng, n, [(low / 1.41, -60.0), (low, 0.0), (high, 0.0), (min(high * 1.41, 8_000.0), -60.0)])


def unit(sound: Floats) -> Floats:
    """The same sound at root mean square 1; silence stays."""
    power = float(np.dot(sound, sound)) / max(len(sound), 1)
    return sound / np.float32(max(power, 1e-12) ** 0.5)


def wander(rng: Random, n: int, hertz: float, low: float = 0.0, high: float = 1.0) -> Floats:
    """A smooth random course with about `hertz` turns a second between two values; [n]."""
    points = rng.uniform(low, high, max(2, int(n / RATE * hertz) + 3)).astype(np.float32)
    # Straight lines between rounded points: a coarse cosine course, then interpolation to samples.
    at = np.linspace(0.0, len(points) - 1.0, len(points) * 8)
    whole = np.minimum(at.astype(np.int64), len(points) - 2)
    part = (1.0 - np.cos(np.pi * (at - whole))) / 2.0
    course = points[whole] * (1.0 - part) + points[whole + 1] * part
    return np.interp(np.linspace(0.0, len(course) - 1.0, n), np.arange(len(course)), course).astype(np.float32)


def fading(n: int, attack: float, decay: float) -> Floats:
    """An envelope that rises in `attack` seconds and falls by 60 dB in `decay` seconds; [n]."""
    time = np.arange(n, dtype=np.float32) / np.float32(RATE)
    rise = np.minimum(time / np.float32(max(attack, 1e-4)), np.float32(1.0))
    return rise * np.exp(np.float32(-6.9 / decay) * time)


def held(n: int, attack: float, release: float) -> Floats:
    """An envelope that rises, stays at 1 and falls; [n]."""
    time = np.arange(n, dtype=np.float32) / np.float32(RATE)
    left = np.float32(n / RATE) - time
    return np.minimum(np.minimum(time / np.float32(attack), left / np.float32(release)), np.float32(1.0))


def turned(rng: Random, hertz: Floats | float, n: int) -> Floats:
    """Phase in periods of a tone of fixed or changing frequency, from a random beginning; [n] in [0, 1)."""
    start = rng.random()
    if isinstance(hertz, np.ndarray):
        turns = np.cumsum(hertz / RATE, dtype=np.float64) + start
    else:
        turns = np.arange(n, dtype=np.float64) * (hertz / RATE) + start
    return np.remainder(turns, 1.0).astype(np.float32)


def table(heights: Sequence[float] | npt.NDArray[np.floating], rng: Random) -> Floats:
    """One period with harmonics of these heights and random phases; [TABLE], root mean square 1."""
    spectrum = np.zeros(TABLE // 2 + 1, dtype=np.complex128)
    phases = np.exp(2j * np.pi * rng.random(len(heights)))
    spectrum[1 : len(heights) + 1] = np.asarray(heights) * phases
    return unit(np.fft.irfft(spectrum, TABLE).astype(np.float32))


def played(wavetable: Floats, phase: Floats) -> Floats:
    """The wavetable read at phases in [0, 1); [n]."""
    return wavetable[(phase * np.float32(TABLE)).astype(np.int32) & (TABLE - 1)]


def sine(rng: Random, hertz: Floats | float, n: int) -> Floats:
    """A sine of fixed or changing frequency; [n], amplitude 1."""
    return np.sin(np.float32(2.0 * np.pi) * turned(rng, hertz, n))


def add(target: Floats, at: int, sound: Floats, gain: float = 1.0) -> None:
    """Mix a sound in at a sample; what lies outside is left out."""
    begin, end = max(at, 0), min(at + len(sound), len(target))
    if begin < end:
        target[begin:end] += sound[begin - at : end - at] * np.float32(gain)


def echoing(rng: Random, sound: Floats, seconds: float, share: float) -> Floats:
    """A sound in a room with this reverberation time; `share` of the energy is echo; [n]."""
    samples = int(seconds * RATE)
    tail = rng.standard_normal(samples, dtype=np.float32) * fading(samples, 0.0, seconds)
    length = fast_length(len(sound) + len(tail))
    echo = np.fft.irfft(np.fft.rfft(sound, length) * np.fft.rfft(tail, length), length)[: len(sound)]
    level = float(np.sqrt(np.dot(sound, sound) / max(len(sound), 1)))
    return sound + unit(echo.astype(np.float32, copy=False)) * np.float32(level * share**0.5)


def moments(rng: Random, n: int, per_second: float, regular: float = 0.0) -> list[int]:
    """Samples at which something happens, this often on average; `regular` 0 is by chance, 1 like a clock."""
    found, at = [], rng.random() / per_second
    while at < n / RATE:
        found.append(int(at * RATE))
        at += (regular + (1.0 - regular) * float(rng.exponential())) / per_second
    return found
