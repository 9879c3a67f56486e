"""What is played in a soak, for as many hours as wanted, and whether every bit of it came back once and in order.

It owns the order of recordings and pauses, and the book of what was said and what was heard. It does not know daemons.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.noise import noise
from benchmarks.utterances import Int16, recordings, sound
from clients import samples
from clients.error_rate import error_rate, words_of
from pipeline import events
from pipeline.messages import SAMPLE_RATE

PAUSE_S = (2, 8)
"""Least and most seconds between two recordings."""
FEW = 0.5
"""With less than this share of the words that were said, a stretch of sound counts as not heard; with as much more, as
heard twice."""


@dataclass(frozen=True)
class Scene:
    """A recording in the stream."""

    name: str
    start: float
    """Seconds of the stream."""
    end: float


class Script:
    """All shipped recordings with speech, shuffled anew each time through, with pauses between, in a quiet room.

    Always the same.

    Attributes:
        scenes: what was played so far.
    """

    def __init__(self, hours: float) -> None:
        self._samples = round(hours * 3600 * SAMPLE_RATE)
        self.scenes: list[Scene] = []

    def blocks(self) -> Iterator[Int16]:
        """The stream, about so many hours of it, in blocks of a second: int16, mono 16 kHz; it ends with a pause."""
        room = noise("room", 2 * self._samples / SAMPLE_RATE + 600)
        for name, pause_s in self._order():
            start = self._done
            pcm = sound(name)
            said = np.pad(pcm, (0, -len(pcm) % SAMPLE_RATE + pause_s * SAMPLE_RATE))
            self._done += len(said)
            self.scenes.append(Scene(name, start / SAMPLE_RATE, (start + len(pcm)) / SAMPLE_RATE))
            for block in said.reshape(-1, SAMPLE_RATE):
                yield np.clip(block.astype(np.int32) + next(room), -32768, 32767).astype(np.int16)

    def _order(self) -> Iterator[tuple[str, int]]:
        """Name of the next recording and the seconds of pause behind it, until there is enough."""
        order, self._done = random.Random(0), 0
        names = recordings()
        while True:
            order.shuffle(names)
            for name in names:
                if self._done >= self._samples:
                    return
                yield name, order.randint(*PAUSE_S)


class Book:
    """Every utterance that was opened and every final that came."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.finals: list[events.Final] = []
        self.partials = 0
        self.notices: Counter[str] = Counter()
        """Code -> how often."""
        self.aligned = 0

    def take(self, event: events.Any) -> None:
        """Write down an event."""
        match event:
            case events.SpeechStarted():
                self.opened.append(event.utterance)
            case events.Final():
                self.finals.append(event)
            case events.Partial():
                self.partials += 1
            case events.Words():
                self.aligned += not event.error
            case events.Notice():
                self.notices[event.code] += 1
            case _:
                pass

    def faults(self, scenes: Sequence[Scene]) -> dict[str, float]:
        """How much went wrong; each but the last is 0 if all went well.

        Returns:
            `lost`: utterances without a final; `doubled`: finals beyond the first of an utterance; `disordered`: finals
            that came before one of earlier sound; `failed`: finals that say so; `unheard`, `heard_twice`: stretches of
            sound with far fewer or more words than were said; `wer`: word errors for each word said.
        """
        count = Counter(final.utterance for final in self.finals)
        starts = [final.start for final in self.finals]
        texts = stretches(scenes, self.finals)
        words = [(len(words_of(said)), len(words_of(heard))) for said, heard in texts]
        errors = sum((error_rate(said, heard) or 0.0) * len(words_of(said)) for said, heard in texts)
        return {
            "lost": sum(one not in count for one in self.opened),
            "doubled": sum(number - 1 for number in count.values()),
            "disordered": sum(b < a for a, b in pairwise(starts)),
            "failed": sum(bool(final.error) for final in self.finals),
            "unheard": sum(heard < FEW * said for said, heard in words),
            "heard_twice": sum(heard > (1 + FEW) * said for said, heard in words),
            "wer": errors / max(1, sum(said for said, _ in words)),
        }


def stretches(scenes: Sequence[Scene], finals: Sequence[events.Final]) -> list[tuple[str, str]]:
    """What was said and what was heard, in stretches of sound that no utterance and no recording goes beyond.

    An utterance may hold several recordings, where the VAD heard no pause between them, and a recording several
    utterances.
    """
    pieces = [(scene.start, scene.end, samples.shipped(scene.name).text, "") for scene in scenes]
    pieces += [(final.start, final.end, "", final.text) for final in finals]
    found: list[tuple[str, str]] = []
    until = float("-inf")
    for start, end, said, heard in sorted(pieces):
        before = found.pop() if start < until else ("", "")
        found.append((f"{before[0]} {said}".strip(), f"{before[1]} {heard}".strip()))
        until = max(until, end)
    return found
