"""Long utterances without pauses, joined from the speech of the shipped recordings.

It owns what is joined and where it is cut, always the same. It does not know what is done with the sound.
"""

from __future__ import annotations

import random
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clients import samples
from model import miniature
from pipeline.messages import SAMPLE_RATE

Int16 = npt.NDArray[np.int16]

AROUND_S = 0.05
"""Of a pause so much is left on both sides of it."""
FULL_SCALE = 32767
LEVEL = 0.07
"""Root mean square of joined speech, of 1 for full scale: -23 dB, usual for speech."""
CLEAR = ("12_long", "01_short_seen", "02_dictation_seen", "09_long_pause", "03_corpus_seen", "07_numbers_seen")
"""Recordings that the miniature writes out surely, as a real model does most speech."""
FIRST_LOUDER = 1.2
"""The first of the joined recordings is louder by this factor."""
QUIET = 0.01
"""40 dB lower: below a floor that a loud end of full scale sets, in the upper bands."""
LENGTHS_S = (30, 12, 24, 6, 18, 28, 9, 21, 15, 26)
"""Of the joined utterances whose finals are counted."""


@dataclass(frozen=True)
class Utterance:
    """Sound of one utterance."""

    name: str
    pcm: Int16
    """int16[n], mono 16 kHz."""

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.pcm) / SAMPLE_RATE


def recordings() -> list[str]:
    """Names of the shipped recordings in which somebody speaks."""
    return [path.stem for path in miniature.samples() if samples.recording(path).words]


def sound(name: str) -> Int16:
    """A shipped recording, whole: int16[n]."""
    with wave.open(str(samples.shipped(name).path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def speech(name: str) -> Int16:
    """The same without what is not said by the times of its words."""
    pcm, spans = sound(name), _spans(name)
    return np.concatenate([pcm[max(0, round(a * SAMPLE_RATE)) : round(b * SAMPLE_RATE)] for a, b in spans])


def _spans(name: str) -> list[tuple[float, float]]:
    """Seconds in which somebody speaks; a pause shorter than what is left of one is none."""
    spans: list[tuple[float, float]] = []
    for word in samples.shipped(name).words:
        start, end = word.start - AROUND_S, word.end + AROUND_S
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def level(pcm: Int16, rms: float) -> Int16:
    """The same speech at this root mean square, of 1 for full scale; what would be louder than that is cut off."""
    wide = pcm.astype(np.float64)
    scale = rms * FULL_SCALE / np.sqrt(np.mean(wide**2))
    return np.asarray(np.clip(wide * scale, -FULL_SCALE, FULL_SCALE), np.int16)


def unbroken(seconds: float, order: Sequence[str] = CLEAR) -> Int16:
    """Speech without pauses, one recording after the other and again from the first, cut at this length.

    All are equally loud, as if one person spoke, and the first a little louder: where sound grows louder than all
    before it, the mel floor rises, and what lies below it must be encoded and decoded again; see `loudest_last`.
    """
    parts: list[Int16] = []
    length, wanted = 0, round(seconds * SAMPLE_RATE)
    while length < wanted:
        part = level(speech(order[len(parts) % len(order)]), LEVEL if parts else LEVEL * FIRST_LOUDER)
        parts.append(part)
        length += len(part)
    return np.concatenate(parts)[:wanted]


def loudest_last(seconds: float) -> Int16:
    """Speech that is very quiet until the last second, which is as loud as can be: the mel floor rises at the end."""
    pcm = unbroken(seconds).astype(np.float64)
    pcm /= np.abs(pcm).max()
    pcm[:-SAMPLE_RATE] *= QUIET
    pcm[-SAMPLE_RATE:] /= np.abs(pcm[-SAMPLE_RATE:]).max()
    return (pcm * FULL_SCALE).astype(np.int16)


def counted(joined: int) -> Iterator[Utterance]:
    """What finals are counted over: the shipped recordings as they are, then so many joined ones of 6 to 30 s, each
    from other recordings in another order.
    """
    for path in miniature.samples():
        yield Utterance(path.stem, sound(path.stem))
    names = recordings()
    for number in range(joined):
        seconds = LENGTHS_S[number % len(LENGTHS_S)]
        order = random.Random(number).sample(names, len(names))
        yield Utterance(f"joined {number + 1}, {seconds} s", unbroken(seconds, order))
