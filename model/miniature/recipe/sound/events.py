"""Sounds that happen: keys, doors, steps, bells, alarms, coughs.

This file owns the kinds that are single events in quiet. Each is a function of (random, samples) to float32[samples].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.miniature.recipe.sound.waves import (
    RATE,
    Floats,
    Random,
    add,
    band_noise,
    echoing,
    fading,
    held,
    moments,
    played,
    shaped_noise,
    sine,
    table,
    turned,
    wander,
)


def _quiet(rng: Random, n: int) -> Floats:
    """The air of a room, far below the events."""
    return shaped_noise(rng, n, [(50, 0), (500, -12), (8_000, -30)]) * np.float32(10.0 ** rng.uniform(-4.0, -1.5))


def _scattered(rng: Random, n: int, make: Callable[[], Floats], per_second: float, regular: float) -> Floats:
    """Six different ones of an event, strewn over quiet air, in a room now and then."""
    sound, ones = _quiet(rng, n), [make() for _ in range(6)]
    for at in moments(rng, n, per_second, regular):
        add(sound, at, ones[rng.integers(6)], float(rng.uniform(0.3, 1.0)))
    if rng.random() < 0.6:
        return sound
    return echoing(rng, sound, float(rng.uniform(0.1, 0.8)), float(rng.uniform(0.02, 0.3)))


def _knock(rng: Random, seconds: float, low: float, high: float, decay: float) -> Floats:
    """A thump: a burst of noise in a band over a resonance in it."""
    n = int(seconds * RATE)
    wave = band_noise(rng, n, low, high) + sine(rng, float(rng.uniform(low, (low + high) / 2)), n)
    return wave * fading(n, 0.001, decay)


def typing(rng: Random, n: int) -> Floats:
    """A keyboard: down and up, in runs."""
    decay = float(rng.uniform(0.02, 0.06))

    def key() -> Floats:
        both = np.zeros(int(0.18 * RATE), dtype=np.float32)
        add(both, 0, _knock(rng, 0.05, float(rng.uniform(300, 1_500)), 5_500, decay))
        add(both, int(rng.uniform(0.05, 0.12) * RATE), _knock(rng, 0.04, 1_500, 5_500, decay), 0.4)
        return both

    return _scattered(rng, n, key, float(rng.uniform(3.0, 12.0)), float(rng.uniform(0.2, 0.7)))


def clicks(rng: Random, n: int) -> Floats:
    """A mouse, a pen, a switch."""
    return _scattered(rng, n, lambda: _knock(rng, 0.03, 1_500, 5_600, 0.012), float(rng.uniform(0.5, 4.0)), 0.2)


def doors(rng: Random, n: int) -> Floats:
    """Slams, knocks and things put down."""
    low = float(rng.uniform(50, 200))
    make = lambda: _knock(rng, 0.5, low, low * float(rng.uniform(4, 12)), float(rng.uniform(0.15, 0.5)))  # noqa: E731
    return _scattered(rng, n, make, float(rng.uniform(0.3, 3.0)), 0.1)


def steps(rng: Random, n: int) -> Floats:
    """Somebody who walks."""
    low, top = float(rng.uniform(60, 300)), float(rng.uniform(800, 5_000))
    return _scattered(rng, n, lambda: _knock(rng, 0.15, low, top, 0.1), float(rng.uniform(1.2, 3.0)), 0.93)


def bumps(rng: Random, n: int) -> Floats:
    """A microphone that is touched: dull, loud, sometimes rubbed."""
    make = lambda: _knock(rng, 0.3, 25, float(rng.uniform(100, 400)), float(rng.uniform(0.05, 0.3)))  # noqa: E731
    return _scattered(rng, n, make, float(rng.uniform(0.5, 5.0)), 0.0)


def clock(rng: Random, n: int) -> Floats:
    """A clock or a metronome."""
    low = float(rng.uniform(800, 3_000))
    return _scattered(rng, n, lambda: _knock(rng, 0.05, low, 5_600, 0.03), float(rng.choice([1, 2, 4, 1.5, 5])), 1.0)


def dishes(rng: Random, n: int) -> Floats:
    """Glass, china, metal: high partials that ring."""

    def clink() -> Floats:
        length = int(0.4 * RATE)
        partials = [sine(rng, float(rng.uniform(1_500, 7_000)), length) for _ in range(4)]
        return np.sum(partials, axis=0, dtype=np.float32) * fading(length, 0.001, float(rng.uniform(0.08, 0.6)))

    return _scattered(rng, n, clink, float(rng.uniform(0.5, 5.0)), 0.0)


def _pattern(rng: Random, n: int, ring: Floats, on: float, off: float) -> Floats:
    """A signal that is on and off in turn."""
    sound, length = _quiet(rng, n), int(on * RATE)
    for at in range(int(rng.uniform(0.0, off) * RATE), n, length + max(1, int(off * RATE))):
        add(sound, at, ring[at : at + length] * held(len(ring[at : at + length]), 0.005, 0.01))
    return sound


def telephone(rng: Random, n: int) -> Floats:
    """Bells and trills of telephones, old and new; tones of the line."""
    style = int(rng.integers(3))
    if style == 0:
        ring = sine(rng, 425.0, n) if rng.random() < 0.5 else sine(rng, 440.0, n) + sine(rng, 480.0, n)
        return _pattern(rng, n, ring, 1.0, float(rng.choice([2.0, 4.0])))
    low, high = float(rng.uniform(500, 1_200)), float(rng.uniform(1_200, 2_600))
    trill = (np.arange(n) * (float(rng.uniform(12, 30)) / RATE) % 1.0 < 0.5).astype(np.float32)
    hertz = np.float32(low) + np.float32(high - low) * trill
    ring = played(table(rng.uniform(0.0, 1.0, 3 if style == 1 else 1), rng), turned(rng, hertz, n))
    return _pattern(rng, n, ring, float(rng.uniform(0.4, 2.0)), float(rng.uniform(0.3, 3.0)))


def beeps(rng: Random, n: int) -> Floats:
    """Beeps of machines: even, or in different pitches as keys of a telephone give them."""
    if rng.random() < 0.5:
        hertz = float(rng.uniform(400, 3_500))
        return _pattern(rng, n, sine(rng, hertz, n), float(rng.uniform(0.05, 0.5)), float(rng.uniform(0.05, 1.5)))

    def key() -> Floats:
        length = int(rng.uniform(0.08, 0.25) * RATE)
        low, high = float(rng.choice([697, 770, 852, 941])), float(rng.choice([1_209, 1_336, 1_477]))
        return (sine(rng, low, length) + sine(rng, high, length)) * held(length, 0.003, 0.005)

    return _scattered(rng, n, key, float(rng.uniform(1.0, 4.0)), 0.7)


def alarm(rng: Random, n: int) -> Floats:
    """Loud, harsh, regular: clocks, smoke detectors, lorries that back up."""
    hertz = float(rng.uniform(600, 3_400))
    count = max(1, int(7_000 / hertz))
    ring = played(table(1.0 / np.arange(1, count + 1), rng), turned(rng, hertz, n))
    return _pattern(rng, n, ring, float(rng.uniform(0.1, 0.8)), float(rng.uniform(0.1, 0.8)))


def siren(rng: Random, n: int) -> Floats:
    """Two tones in turn, or a howl."""
    time = np.arange(n, dtype=np.float32) / np.float32(RATE)
    turn = np.sin(time * np.float32(2 * np.pi * rng.uniform(0.2, 4.0)))
    turn = np.sign(turn) if rng.random() < 0.4 else turn
    middle = float(rng.uniform(500, 1_200))
    wavetable = table(1.0 / np.arange(1, 5) ** rng.uniform(0.5, 2.0), rng)
    sound = played(wavetable, turned(rng, np.float32(middle) * (1 + turn * np.float32(rng.uniform(0.1, 0.4))), n))
    return sound * wander(rng, n, 0.2, 0.3, 1.0) + _quiet(rng, n)


def laughter(rng: Random, n: int) -> Floats:
    """Bursts in a row, as of laughter: breathy, with a falling pitch."""

    def laugh() -> Floats:
        pitch, sound = float(rng.uniform(120, 400)), np.zeros(int(1.6 * RATE), dtype=np.float32)
        for number in range(int(rng.integers(3, 8))):
            length = int(rng.uniform(0.08, 0.14) * RATE)
            hertz = pitch * 0.95**number
            wave = played(table(1.0 / np.arange(1, 16) ** 1.2, rng), turned(rng, hertz, length))
            wave += shaped_noise(rng, length, [(300, -10), (1_000, 0), (4_000, -12)]) * np.float32(0.7)
            add(sound, int(number * 0.2 * RATE), wave * held(length, 0.02, 0.05), 0.93**number)
        return sound

    return _scattered(rng, n, laugh, float(rng.uniform(0.3, 0.8)), 0.3)


def coughs(rng: Random, n: int) -> Floats:
    """Coughs, sneezes, breaths, throats: noise bursts under formants."""

    def cough() -> Floats:
        length = int(rng.uniform(0.15, 0.6) * RATE)
        first = float(rng.uniform(400, 1_000))
        curve = [(100.0, -10.0), (first, 0.0), (first * 2.5, -6.0), (5_000.0, -15.0), (8_000.0, -30.0)]
        return shaped_noise(rng, length, curve) * fading(length, float(rng.uniform(0.005, 0.15)), length / RATE * 1.3)

    return _scattered(rng, n, cough, float(rng.uniform(0.4, 1.5)), 0.0)


def applause(rng: Random, n: int) -> Floats:
    """Many hands."""
    make = lambda: band_noise(rng, 480, float(rng.uniform(700, 1_500)), 4_000) * fading(480, 0.001, 0.025)  # noqa: E731
    return _scattered(rng, n, make, float(rng.uniform(3.0, 80.0)), 0.0)
