"""Sounds that go on: weather, machines, streets, crowds.

This file owns the kinds that have no single beginning. Each is a function of (random, samples) to float32[samples].
"""

from __future__ import annotations

import numpy as np

from model.miniature.recipe.sound.waves import (
    RATE,
    Floats,
    Random,
    add,
    band_noise,
    fading,
    held,
    moments,
    played,
    shaped_noise,
    sine,
    table,
    turned,
    unit,
    wander,
)


def rain(rng: Random, n: int) -> Floats:
    """A hiss and drops on it."""
    level = float(rng.uniform(-15.0, 3.0))
    sound = shaped_noise(rng, n, [(100, -20), (1_000, -5), (4_000, 0), (8_000, level)]) * wander(rng, n, 0.3, 0.6, 1.0)
    drops = [band_noise(rng, 400, rng.uniform(800, 3_000), 6_000) * fading(400, 0.001, 0.02) for _ in range(8)]
    for at in moments(rng, n, float(rng.uniform(1.0, 60.0))):
        add(sound, at, drops[rng.integers(8)], float(rng.uniform(0.3, 4.0)))
    return sound


def wind(rng: Random, n: int) -> Floats:
    """Gusts: low noise, with a whistle in some."""
    gusts = wander(rng, n, float(rng.uniform(0.2, 1.5)), 0.05, 1.0) ** 2
    sound = shaped_noise(rng, n, [(30, 0), (150, -6), (600, -20), (4_000, -50)]) * gusts
    if rng.random() < 0.4:
        middle = float(rng.uniform(400, 1_200))
        sound += band_noise(rng, n, middle, middle * 1.1) * gusts**2 * np.float32(0.4)
    return sound


def sea(rng: Random, n: int) -> Floats:
    """Waves that come and go."""
    far = shaped_noise(rng, n, [(50, 0), (300, -3), (1_500, -15), (8_000, -35)])
    near = shaped_noise(rng, n, [(200, -15), (1_000, 0), (5_000, -8), (8_000, -15)])
    swell = np.maximum(0.0, np.sin(np.arange(n, dtype=np.float32) * np.float32(2 * np.pi / RATE / rng.uniform(4, 12))))
    return far * np.float32(0.4) + near * swell**2 * wander(rng, n, 0.5, 0.4, 1.0)


def traffic(rng: Random, n: int) -> Floats:
    """A street: a rumble, and cars that pass."""
    sound = shaped_noise(rng, n, [(30, 0), (100, 0), (800, -18), (4_000, -40)]) * wander(rng, n, 0.4, 0.4, 1.0)
    for at in moments(rng, n, float(rng.uniform(0.1, 0.6))):
        length = int(rng.uniform(2.0, 5.0) * RATE)
        car = shaped_noise(rng, length, [(60, 0), (700, -3), (1_200, -4), (5_000, -25)])
        add(sound, at, car * np.hanning(length).astype(np.float32) ** 2, float(rng.uniform(0.5, 3.0)))
    return sound


def engine(rng: Random, n: int) -> Floats:
    """A motor that hums up and down: car, mower, drill, vacuum cleaner, propeller."""
    base = float(np.exp(rng.uniform(np.log(25), np.log(250))))
    hertz = base * wander(rng, n, float(rng.uniform(0.1, 1.0)), float(rng.uniform(0.6, 1.0)), 1.2)
    count = min(60, int(6_000 / base / 1.2))
    heights = rng.uniform(0.0, 1.0, count) / np.arange(1, count + 1) ** rng.uniform(0.3, 1.5)
    sound = played(table(heights, rng), turned(rng, hertz, n))
    return sound + shaped_noise(rng, n, [(50, 0), (500, -5), (8_000, -25)]) * np.float32(rng.uniform(0.05, 0.8))


def fan(rng: Random, n: int) -> Floats:
    """Air and blades: ventilation, a computer, a dryer."""
    curve = [(40.0, 0.0), (200.0, float(rng.uniform(-10, 5))), (1_000.0, float(rng.uniform(-15, 0))), (8_000.0, -35.0)]
    sound = shaped_noise(rng, n, curve)
    for _ in range(int(rng.integers(0, 4))):
        sound += sine(rng, float(rng.uniform(80, 2_500)), n) * np.float32(rng.uniform(0.02, 0.4))
    return sound * wander(rng, n, 0.5, 0.9, 1.0)


def hum(rng: Random, n: int) -> Floats:
    """Mains with its harmonics: a bad cable, a transformer, a refrigerator."""
    hertz = float(rng.choice([50.0, 60.0]) * rng.uniform(0.998, 1.002))
    heights = rng.uniform(0.0, 1.0, 40) / np.arange(1, 41) ** rng.uniform(0.3, 2.0)
    sound = played(table(heights, rng), turned(rng, hertz, n)) * wander(rng, n, 0.2, 0.8, 1.0)
    return sound + rng.standard_normal(n, dtype=np.float32) * np.float32(rng.uniform(0.0, 0.1))


def crowd(rng: Random, n: int) -> Floats:
    """Many voices without words: noise in the bands of formants, louder and softer as syllables are."""
    sound = np.zeros(n, dtype=np.float32)
    for _ in range(int(rng.integers(3, 7))):
        syllables = np.maximum(0.0, wander(rng, n, float(rng.uniform(5.0, 9.0)), -0.6, 1.0))
        syllables *= (wander(rng, n, 0.6, -0.5, 1.0) > 0.0) * np.float32(rng.uniform(0.3, 1.0))
        first, second = float(rng.uniform(250, 700)), float(rng.uniform(900, 2_200))
        formants = [(first, 0.0), (first * 1.5, -15.0), (second, -6.0), (second * 1.3, -20.0)]
        curve = [(100.0, -15.0), *sorted(formants), (8_000.0, -40.0)]
        sound += shaped_noise(rng, n, curve) * syllables
    return sound


def static(rng: Random, n: int) -> Floats:
    """A radio between stations: hiss, crackle, whistles, fading."""
    sound = rng.standard_normal(n, dtype=np.float32) * wander(rng, n, 1.0, 0.2, 1.0)
    if rng.random() < 0.5:
        sound += sine(rng, wander(rng, n, 0.3, 300.0, 3_000.0), n) * wander(rng, n, 0.5, 0.0, 0.8)
    return sound + crackle(rng, n) * np.float32(0.5)


def crackle(rng: Random, n: int) -> Floats:
    """Single clicks by chance: a record, a fire, a bad contact."""
    sound = np.zeros(n, dtype=np.float32)
    count = int(n / RATE * float(np.exp(rng.uniform(np.log(3), np.log(300)))))
    sound[rng.integers(0, n, count)] = rng.standard_normal(count, dtype=np.float32) ** 3 * np.float32(3.0)
    return sound + shaped_noise(rng, n, [(50, 0), (8_000, -20)]) * np.float32(rng.uniform(0.01, 0.2))


def rustle(rng: Random, n: int) -> Floats:
    """Paper, clothes, leaves: bright noise in short gestures."""
    fine = np.maximum(0.0, wander(rng, n, float(rng.uniform(15.0, 50.0)), -0.5, 1.0)) ** 2
    gestures = np.maximum(0.0, wander(rng, n, float(rng.uniform(0.7, 2.5)), -1.0, 1.0))
    return shaped_noise(rng, n, [(200, -25), (1_500, -3), (5_000, 0), (8_000, -6)]) * fine * gestures


def birds(rng: Random, n: int) -> Floats:
    """Chirps that repeat, over quiet air."""
    sound = shaped_noise(rng, n, [(50, 0), (1_000, -15), (8_000, -25)]) * np.float32(0.03)
    songs = []
    for _ in range(3):
        length = int(rng.uniform(0.05, 0.4) * RATE)
        low = float(rng.uniform(1_800, 4_500))
        course = wander(rng, length, float(rng.uniform(5, 40)), low, min(low * rng.uniform(1.1, 1.7), 7_500.0))
        songs.append(sine(rng, course, length) * held(length, 0.01, 0.02))
    for at in moments(rng, n, float(rng.uniform(0.5, 2.0)), 0.3):
        song, gain = songs[rng.integers(3)], float(rng.uniform(0.2, 1.0))
        for again in range(int(rng.integers(1, 7))):
            add(sound, at + again * int(len(song) * 1.4), song, gain)
    return sound


def tone(rng: Random, n: int) -> Floats:
    """A steady tone, pure or not, or one that glides: test signals, feedback, a whistle."""
    hertz: Floats | float = float(np.exp(rng.uniform(np.log(60), np.log(6_000))))
    if rng.random() < 0.4:
        hertz = wander(rng, n, float(rng.uniform(0.2, 3.0)), 200.0, 3_000.0)
    return unit(sine(rng, hertz, n) * wander(rng, n, 0.5, 0.3, 1.0))
