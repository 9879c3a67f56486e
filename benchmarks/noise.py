"""Sound without a word in it: silence, a room, a fan, music, a keyboard, breath; made by rule, for as long as wanted.

It owns what each sounds like. It does not know who listens. The same kind and seed give the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count

import numpy as np
import numpy.typing as npt

from pipeline.messages import SAMPLE_RATE

Floats = npt.NDArray[np.float64]
Int16 = npt.NDArray[np.int16]
Random = np.random.Generator

LOOPS_S = (29, 31, 37)
"""Noise that goes on is a sum of loops of these lengths: it repeats after nine hours."""
BEAT_S = 0.5
CHORDS = ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62), (50, 53, 57), (52, 55, 59))
"""A minor, F, C, G, D minor, E minor as MIDI notes."""


def noise(kind: str, seconds: float, seed: int = 0) -> Iterator[Int16]:
    """The sound in blocks of a second or a few, the last one cut: int16, mono 16 kHz.

    Args:
        kind: a name of `KINDS`.
        seconds: its length.
        seed: another one gives another sound of that kind.
    """
    left = round(seconds * SAMPLE_RATE)
    for block in KINDS[kind](np.random.default_rng(seed)):
        part = block[:left]
        yield (np.clip(part, -1, 1) * 32767).astype(np.int16)
        left -= len(part)
        if not left:
            return


def shaped(random: Random, samples: int, level: float, response: Callable[[Floats], Floats]) -> Floats:
    """float64[samples]: noise whose spectrum has this form; its end fits to its beginning.

    Args:
        random: where the noise comes from.
        samples: how much.
        level: root mean square, of 1 for full scale.
        response: amplitude for each frequency in Hz.
    """
    frequencies = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    spectrum = np.fft.rfft(random.standard_normal(samples)) * response(np.maximum(frequencies, 1.0))
    sound = np.fft.irfft(spectrum, samples)
    return np.asarray(sound * (level / np.sqrt(np.mean(sound**2))), np.float64)


def _silence(_: Random) -> Iterator[Floats]:
    while True:
        yield np.zeros(SAMPLE_RATE)


def _room(random: Random) -> Iterator[Floats]:
    """A quiet room: pink noise 60 dB below full scale."""
    return _steady(random, 1e-3, lambda hertz: hertz**-0.5)


def _fan(random: Random) -> Iterator[Floats]:
    """A fan near the microphone: rumble, the hiss of air, and the tones of blades and motor, swaying a little."""
    hiss = _steady(random, 0.02, lambda hertz: 1 / (1 + (hertz / 300) ** 1.2))
    tones = [(87.0, 0.010), (174.0, 0.006), (261.0, 0.003), (100.0, 0.004), (200.0, 0.002)]
    for second, air in enumerate(hiss):
        time = np.arange(SAMPLE_RATE) / SAMPLE_RATE + second
        hum = sum(level * np.sin(2 * np.pi * hertz * time) for hertz, level in tones)
        yield (air + hum) * (1 + 0.15 * np.sin(2 * np.pi * 0.13 * time))


def _steady(random: Random, level: float, response: Callable[[Floats], Floats]) -> Iterator[Floats]:
    """Noise that goes on for hours, a second at a time."""
    each = level / len(LOOPS_S) ** 0.5
    loops = [shaped(random, seconds * SAMPLE_RATE, each, response).reshape(seconds, SAMPLE_RATE) for seconds in LOOPS_S]
    for second in count():
        yield sum((loop[second % len(loop)] for loop in loops), np.zeros(SAMPLE_RATE))


def _music(random: Random) -> Iterator[Floats]:
    """Bars of four beats: a chord held, an arpeggio of it over two octaves, and drums."""
    beat = round(BEAT_S * SAMPLE_RATE)
    while True:
        bar = np.zeros(4 * beat)
        chord = CHORDS[random.integers(len(CHORDS))]
        for note in chord:
            bar += 0.05 * _tone(note, 4 * BEAT_S, decay_s=1.5)
        for place in range(8):
            note = chord[random.integers(3)] + 12 * int(random.integers(1, 3))
            _add(bar, place * beat // 2, 0.12 * _tone(note, BEAT_S, decay_s=0.2))
        for place in range(4):
            time = np.arange(beat // 2) / SAMPLE_RATE
            kick = np.sin(2 * np.pi * (50 * time - 1.5 * np.exp(-time / 0.02))) * np.exp(-time / 0.08)
            snare = shaped(random, beat // 2, 1, lambda hertz: 1 / (1 + (1500 / hertz) ** 2)) * np.exp(-time / 0.06)
            _add(bar, place * beat, 0.3 * kick if place % 2 == 0 else 0.1 * snare)
            _add(bar, place * beat + beat // 2, 0.05 * snare * np.exp(-time / 0.02))
        yield bar


def _tone(note: int, seconds: float, decay_s: float) -> Floats:
    """A plucked note: harmonics that fall off with their number and with time."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    hertz = 440 * 2 ** ((note - 69) / 12)
    waves = [np.sin(2 * np.pi * hertz * k * time) * np.exp(-time * k / decay_s) / k for k in range(1, 7)]
    attack = np.minimum(time / 0.005, 1)
    return np.asarray(sum(waves) * attack, np.float64)


def _keyboard(random: Random) -> Iterator[Floats]:
    """Somebody types, with pauses to think: each key gives a click when it goes down and a softer one on its way up."""
    room = _room(random)
    keys_a_second = 6.0
    while True:
        block = np.concatenate([next(room) for _ in range(4)])
        for _ in range(random.poisson(4 * keys_a_second)):
            down = int(random.integers(len(block)))
            up = down + int(random.integers(1000, 2400))
            _add(block, down, random.uniform(0.05, 0.25) * _click(random))
            _add(block, up, random.uniform(0.02, 0.08) * _click(random))
        yield block
        if random.random() < 0.4:
            keys_a_second = random.choice([0.0, 4.0, 8.0])


def _click(random: Random) -> Floats:
    """20 ms: a burst around one resonance of the keyboard's case."""
    centre = random.uniform(1500, 5000)
    burst = shaped(random, SAMPLE_RATE // 50, 0.5, lambda hertz: 1 / (1 + ((hertz - centre) / 900) ** 2))
    return np.asarray(burst * np.exp(-np.arange(len(burst)) / SAMPLE_RATE / 0.004), np.float64)


def _breath(random: Random) -> Iterator[Floats]:
    """Somebody breathes close to the microphone: in, out, and a rest of a second or two."""
    room = _room(random)
    while True:
        block = np.concatenate([next(room) for _ in range(int(random.integers(4, 6)))])
        inward = _air(random, random.uniform(0.8, 1.2), 0.03, 1900.0)
        outward = _air(random, random.uniform(1.2, 1.8), 0.05, 900.0)
        _add(block, SAMPLE_RATE // 5, inward)
        _add(block, SAMPLE_RATE // 3 + len(inward), outward)
        yield block


def _air(random: Random, seconds: float, level: float, throat: float) -> Floats:
    """A breath that swells and fades, around the resonance of an open mouth, in Hz."""
    air = shaped(random, round(seconds * SAMPLE_RATE), level, lambda hertz: 1 / (1 + ((hertz - throat) / 700) ** 2))
    return np.asarray(air * np.sin(np.pi * np.linspace(0, 1, len(air))) ** 1.5, np.float64)


def _add(block: Floats, start: int, sound: Floats) -> None:
    """Mix a sound into a block from a sample on; what stands over its end is lost."""
    part = sound[: max(0, len(block) - start)]
    block[start : start + len(part)] += part


KINDS: Mapping[str, Callable[[Random], Iterator[Floats]]] = {
    "silence": _silence,
    "room": _room,
    "fan": _fan,
    "music": _music,
    "keyboard": _keyboard,
    "breath": _breath,
}
"""Name -> endless blocks of that sound."""
