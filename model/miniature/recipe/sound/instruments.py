"""Instruments: one note each, by frequency and length.

This file owns the timbres of the music; what is played is not its business.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.miniature.recipe.sound.waves import RATE, Floats, Random, fading, held, played, table, turned, unit

Note = Callable[[Random, float, float], Floats]
"""(random, Hz, seconds) -> float32[n], root mean square about 1 where it sounds."""


def _harmonics(rng: Random, hertz: float, slope: float, odd: float = 0.0) -> Floats:
    """A table of random harmonics that fall by `slope` powers, none above 7.5 kHz; `odd` 1 leaves out even ones."""
    count = max(1, min(40, int(7_500 / hertz)))
    number = np.arange(1, count + 1)
    heights = rng.uniform(0.3, 1.0, count) / number**slope * np.where(number % 2 == 0, 1.0 - odd, 1.0)
    return table(heights, rng)


def plucked(rng: Random, hertz: float, seconds: float) -> Floats:
    """A string after Karplus and Strong: a period of noise that goes round and loses its edges."""
    period = max(4, round(RATE / hertz))
    rounds = max(1, int(seconds * RATE) // period)
    string = np.empty((rounds, period), dtype=np.float32)
    string[0] = rng.standard_normal(period, dtype=np.float32)
    keep = np.float32(0.5 * 10.0 ** (-3.0 / (hertz * rng.uniform(0.6, 3.0))))
    for turn in range(1, rounds):
        last = string[turn - 1]
        string[turn, 1:] = last[1:] + last[:-1]
        string[turn, 0] = last[0] + last[-1]
        string[turn] *= keep
    return string.reshape(-1) * held(rounds * period, 0.002, 0.03)


def struck(rng: Random, hertz: float, seconds: float) -> Floats:
    """A hammer on strings, bars or keys: harmonics that begin at once and die away."""
    n = int(seconds * RATE)
    wave = played(_harmonics(rng, hertz, rng.uniform(1.0, 2.5)), turned(rng, hertz, n))
    return wave * fading(n, 0.004, rng.uniform(0.6, 3.0)) * held(n, 0.003, 0.05)


def bell(rng: Random, hertz: float, seconds: float) -> Floats:
    """Frequency modulation with an odd ratio: bells, chimes, electric pianos."""
    n = int(seconds * RATE)
    ratio = float(rng.choice([1.0, 1.41, 2.0, 2.76, 3.5, 14.0]))
    strength = fading(n, 0.002, rng.uniform(0.5, 2.0)) * np.float32(rng.uniform(0.5, 3.0))
    inner = np.sin(np.float32(2 * np.pi) * turned(rng, min(hertz * ratio, 7_000.0), n)) * strength
    wave = np.sin(np.float32(2 * np.pi) * turned(rng, hertz, n) + inner)
    return wave * fading(n, 0.003, rng.uniform(0.8, 4.0)) * held(n, 0.002, 0.05)


def blown(rng: Random, hertz: float, seconds: float) -> Floats:
    """Flutes, reeds and brass: a slow attack, vibrato, breath."""
    n = int(seconds * RATE)
    time = np.arange(n, dtype=np.float32) / np.float32(RATE)
    vibrato = np.sin(time * np.float32(2 * np.pi * rng.uniform(4.0, 6.5))) * np.float32(rng.uniform(0.0, 0.012))
    wavetable = _harmonics(rng, hertz, rng.uniform(0.6, 3.0), rng.uniform(0.0, 1.0))
    wave = played(wavetable, turned(rng, hertz * (1 + vibrato), n))
    breath = rng.standard_normal(n, dtype=np.float32) * np.float32(rng.uniform(0.0, 0.08))
    return (wave + breath) * held(n, rng.uniform(0.02, 0.1), 0.06)


def bowed(rng: Random, hertz: float, seconds: float) -> Floats:
    """Strings and pads: two detuned waves that swell."""
    n = int(seconds * RATE)
    wavetable, off = _harmonics(rng, hertz, rng.uniform(0.8, 1.8)), rng.uniform(0.001, 0.006)
    wave = played(wavetable, turned(rng, hertz * (1 + off), n)) + played(wavetable, turned(rng, hertz * (1 - off), n))
    return wave * held(n, min(rng.uniform(0.05, 0.5), seconds / 2), min(0.3, seconds / 2)) * np.float32(0.7)


def organ(rng: Random, hertz: float, seconds: float) -> Floats:
    """Drawbars: few harmonics in octaves and fifths, on at once and off at once."""
    n, count = int(seconds * RATE), max(1, min(8, int(7_500 / hertz)))
    heights = rng.uniform(0.0, 1.0, count) * (rng.random(count) < 0.6)
    heights[0] = 1.0
    return played(table(heights, rng), turned(rng, hertz, n)) * held(n, 0.01, 0.02)


def lead(rng: Random, hertz: float, seconds: float) -> Floats:
    """A synthesiser: saw or square, bright or closed."""
    n, count = int(seconds * RATE), max(1, min(60, int(7_500 / hertz)))
    number = np.arange(1, count + 1)
    heights = 1.0 / number * np.where(number % 2 == 0, rng.choice([0.0, 1.0]), 1.0)
    heights /= 1.0 + (number * hertz / rng.uniform(500.0, 6_000.0)) ** 2
    return played(table(heights, rng), turned(rng, hertz, n)) * held(n, 0.005, rng.uniform(0.02, 0.15))


def choir(rng: Random, hertz: float, seconds: float) -> Floats:
    """Sung vowels without words: harmonics under three formants."""
    n, count = int(seconds * RATE), max(1, min(60, int(5_000 / hertz)))
    at = np.arange(1, count + 1) * hertz
    formants = [(rng.uniform(300, 800), 90.0, 1.0), (rng.uniform(850, 2_200), 120.0, 0.5), (2_700.0, 180.0, 0.2)]
    heights = sum(gain / (1.0 + ((at - middle) / width) ** 2) for middle, width, gain in formants) + 0.01 / np.sqrt(at)
    time = np.arange(n, dtype=np.float32) / np.float32(RATE)
    vibrato = np.sin(time * np.float32(2 * np.pi * rng.uniform(4.5, 6.0))) * np.float32(rng.uniform(0.002, 0.015))
    wavetable = table(np.asarray(heights), rng)
    wave = played(wavetable, turned(rng, hertz * (1 + vibrato), n)) + played(wavetable, turned(rng, hertz * 1.004, n))
    return wave * held(n, min(0.15, seconds / 2), min(0.2, seconds / 2)) * np.float32(0.7)


def kick(rng: Random) -> Floats:
    """A bass drum: a falling sine."""
    n = int(0.25 * RATE)
    time = np.arange(n, dtype=np.float32) / np.float32(RATE)
    hertz = np.float32(rng.uniform(40, 70)) + np.float32(rng.uniform(60, 160)) * np.exp(-time * np.float32(40))
    return np.sin(np.float32(2 * np.pi) * turned(rng, hertz, n)) * fading(n, 0.001, rng.uniform(0.15, 0.35)) * 2


def snare(rng: Random) -> Floats:
    """A snare or a clap: noise over a short tone."""
    n = int(0.2 * RATE)
    tone = np.sin(np.float32(2 * np.pi) * turned(rng, rng.uniform(150, 260), n)) * np.float32(rng.uniform(0.0, 0.8))
    return (rng.standard_normal(n, dtype=np.float32) + tone) * fading(n, 0.001, rng.uniform(0.08, 0.25))


def hat(rng: Random) -> Floats:
    """A cymbal or a shaker: noise without low frequencies."""
    n = int(rng.choice([0.05, 0.08, 0.25]) * RATE)
    return np.diff(rng.standard_normal(n + 2, dtype=np.float32), 2) * fading(n, 0.001, n / RATE) * np.float32(0.3)


def tom(rng: Random) -> Floats:
    """A hand drum or a wood block."""
    n = int(0.25 * RATE)
    wave = np.sin(np.float32(2 * np.pi) * turned(rng, rng.uniform(90, 900), n))
    return unit(wave * fading(n, 0.001, rng.uniform(0.05, 0.3)))


MELODIC: dict[str, Note] = {
    "plucked": plucked,
    "struck": struck,
    "bell": bell,
    "blown": blown,
    "bowed": bowed,
    "organ": organ,
    "lead": lead,
    "choir": choir,
}
