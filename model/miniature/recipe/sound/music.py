"""Music: keys, chords, melodies, bass and drums, made up by chance.

This file owns what is played. Each kind has some parts; the instruments, the tempo and the key are drawn.
"""

from __future__ import annotations

import numpy as np

from model.miniature.recipe.sound import instruments
from model.miniature.recipe.sound.waves import RATE, Floats, Random, add, echoing

SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10), (0, 2, 4, 7, 9), (0, 3, 5, 6, 7, 10))
"""Major, minor, Dorian, pentatonic, blues; semitones."""


class _Band:
    """A key, a tempo and the notes that were already played: a note that comes again is the same one."""

    def __init__(self, rng: Random, n: int) -> None:
        self.rng = rng
        self.sound = np.zeros(n, dtype=np.float32)
        self.scale = SCALES[rng.integers(len(SCALES))]
        self.root = float(rng.uniform(40.0, 75.0))
        self.beat = 60.0 / float(rng.uniform(50.0, 180.0))
        self.beats = int(n / RATE / self.beat) + 1
        self._notes: dict[tuple[str, int, int], Floats] = {}

    def hertz(self, step: int) -> float:
        octave, degree = divmod(step, len(self.scale))
        return min(self.root * 2.0 ** (octave + self.scale[degree] / 12.0), 3_500.0)

    def play(self, instrument: str, step: int, beat: float, length: float, gain: float) -> None:
        """Put a note of `length` beats at a beat, now and then a little early or late."""
        # Lengths are in quarters of a beat, so that few different notes are needed.
        key = (instrument, step, max(1, round(length * 4)))
        if key not in self._notes:
            seconds = max(0.06, key[2] / 4 * self.beat)
            self._notes[key] = instruments.MELODIC[instrument](self.rng, self.hertz(step), min(seconds, 4.0))
        at = beat * self.beat + float(self.rng.normal(0.0, 0.006))
        add(self.sound, int(at * RATE), self._notes[key], gain * float(self.rng.uniform(0.7, 1.0)))

    def instrument(self) -> str:
        return str(self.rng.choice(list(instruments.MELODIC)))

    def progression(self) -> list[int]:
        """Roots of four chords that go round; one change a bar."""
        return [0, *(int(step) for step in self.rng.integers(0, len(self.scale), 3))]


def _chords(band: _Band, roots: list[int]) -> None:
    """Chords, whole or broken, one or several a bar."""
    instrument, style, gain = band.instrument(), int(band.rng.integers(4)), float(band.rng.uniform(0.3, 1.0))
    octave = len(band.scale) * int(band.rng.integers(1, 3))
    for beat in range(band.beats):
        root = roots[beat // 4 % len(roots)] + octave
        if band.rng.random() < 0.08:
            continue
        if style == 0 and beat % 4 == 0:
            for step in (0, 2, 4):
                band.play(instrument, root + step, beat, 4.0, gain)
        elif style == 1:
            for step in (0, 2, 4):
                band.play(instrument, root + step, beat, 0.75, gain)
        elif style == 2:
            for half, step in enumerate((0, 2) if beat % 2 == 0 else (4, 2)):
                band.play(instrument, root + step, beat + half / 2, 0.5, gain)
        elif style == 3 and beat % 2 == 0:
            for step in (0, 2, 4, 7):
                band.play(instrument, root + step, beat, 2.0, gain)


def _melody(band: _Band) -> None:
    """A walk through the scale with rests."""
    instrument, step = band.instrument(), len(band.scale) * int(band.rng.integers(2, 4))
    beat, rests = float(band.rng.integers(0, 4)), float(band.rng.uniform(0.05, 0.4))
    lengths = [[0.5, 1.0], [0.25, 0.5, 1.0], [1.0, 2.0], [0.5, 0.75, 1.5]][band.rng.integers(4)]
    top = len(band.scale) * 4
    while beat < band.beats:
        length = float(band.rng.choice(lengths))
        step = int(np.clip(step + band.rng.integers(-2, 3), len(band.scale), top))
        if band.rng.random() > rests:
            band.play(instrument, step, beat, length, 1.0)
        beat += length


def _bass(band: _Band, roots: list[int]) -> None:
    """The roots, deep."""
    instrument = str(band.rng.choice(["plucked", "lead", "organ", "bowed"]))
    every = int(band.rng.choice([1, 2, 4]))
    for beat in range(0, band.beats, every):
        step = roots[beat // 4 % len(roots)] + int(band.rng.choice([0, 0, 0, 4]))
        band.play(instrument, step, beat, every * 0.75, 1.0)


def _drums(band: _Band) -> None:
    """A pattern of 16 steps a bar that goes round, with slips."""
    chances = {instruments.kick: 0.25, instruments.snare: 0.15, instruments.hat: 0.5, instruments.tom: 0.1}
    for make, chance in chances.items():
        pattern, drum = band.rng.random(16) < chance, make(band.rng)
        gain = float(band.rng.uniform(0.3, 1.2))
        for step in range(band.beats * 4):
            if pattern[step % 16] != (band.rng.random() < 0.03):
                add(band.sound, int(step * band.beat / 4 * RATE), drum, gain * float(band.rng.uniform(0.6, 1.0)))


def _music(rng: Random, n: int, parts: str) -> Floats:
    """Play the parts named by letters: c(hords), m(elody), b(ass), d(rums); half of them in a room."""
    band = _Band(rng, n)
    roots = band.progression()
    if "c" in parts:
        _chords(band, roots)
    if "m" in parts:
        _melody(band)
    if "b" in parts:
        _bass(band, roots)
    if "d" in parts:
        _drums(band)
    if rng.random() < 0.5:
        return band.sound
    return echoing(rng, band.sound, float(rng.uniform(0.3, 2.0)), float(rng.uniform(0.05, 0.5)))


def tune(rng: Random, n: int) -> Floats:
    """One melody alone."""
    return _music(rng, n, "m")


def harmony(rng: Random, n: int) -> Floats:
    """Chords alone or with a bass."""
    return _music(rng, n, str(rng.choice(["c", "cb", "cc"])))


def song(rng: Random, n: int) -> Floats:
    """Melody and chords, perhaps a bass."""
    return _music(rng, n, str(rng.choice(["cm", "cmb"])))


def dance(rng: Random, n: int) -> Floats:
    """Drums with the others."""
    return _music(rng, n, str(rng.choice(["bd", "cbd", "cmbd", "mbd"])))


def drums(rng: Random, n: int) -> Floats:
    """Drums alone."""
    return _music(rng, n, "d")
