"""Utterances put together from clips: sentences in a row, pauses, other speakers, breaks in the middle of a word.

This file owns which sound an utterance is made of and which of its words can be heard. It knows nothing of tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from model.miniature.recipe.sentence import Word
from model.miniature.recipe.speech.voice import RATE
from model.miniature.recipe.training.pool import Clip

HOP = 160
"""Utterances are whole frames long."""
_LEAST = RATE // 4
"""Less than this of a clip is not worth having."""
_HEARD_S = 0.02
"""A word that ends this close before the break is heard in full."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the pool, and where it goes."""

    place: int
    """Its first sample in the utterance."""
    samples: int
    """In the utterance."""
    source: int
    """Its first sample in the pool."""
    speed: float
    """Samples of the pool for one of the utterance."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A word, and when it is said, in seconds of the utterance."""

    word: Word
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a model is given to hear, before any noise."""

    language: str
    """Of what is said; empty where nothing is."""
    segments: tuple[Segment, ...]
    words: tuple[Timed, ...]
    samples: int
    """Whole frames."""
    timed: bool
    """Whether the times of all words are known."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How utterances are put together, in shares of them."""

    truncated: float = 0.3
    """Broken off anywhere."""
    late: float = 0.1
    """Begin in the middle of a sentence."""
    long_pauses: float = 0.07
    """Of the pauses, 2 to 6 s long."""
    stranger: float = 0.12
    """Of the joins, to another speaker."""


class Composer:
    """Puts utterances together from the clips of a pool that may grow.

    Args:
        clips: in the order of their sessions; at least one, of each language that is wanted.
    """

    def __init__(self, clips: Sequence[Clip], manner: Manner) -> None:
        self._clips = clips
        self._manner = manner

    def utterance(self, random: Random, shortest: int, longest: int) -> Utterance:
        """An utterance with at least one word. Args: shortest, longest: in samples."""
        while True:
            found = _Assembly(self._clips, self._manner, random, shortest, longest).made()
            if found.words:
                return found


def silence(random: Random, longest: int) -> Utterance:
    """An utterance in which nobody speaks, from half a second to `longest` samples."""
    samples = random.randint(RATE // 2, longest) // HOP * HOP
    return Utterance("", (), (), samples, timed=True)


class _Assembly:
    """One utterance in the making."""

    def __init__(self, clips: Sequence[Clip], manner: Manner, random: Random, shortest: int, longest: int) -> None:
        self._clips, self._manner, self._random = clips, manner, random
        self._longest = longest
        self._target = random.randint(shortest, longest)
        self._truncated = random.random() < manner.truncated
        self._segments: list[Segment] = []
        self._words: list[Timed] = []
        self._timed = True
        self._broken = False
        lead = random.uniform(0.0, 0.4) if random.random() < 0.85 else random.uniform(0.4, 2.0)
        self._at = min(int(lead * RATE), longest // 4)

    def made(self) -> Utterance:
        at = self._begin()
        language = self._clips[at].sentence.language
        speed = self._speed()
        while self._add(at, speed, first=not self._segments) and len(self._segments) < 12:
            if self._broken or self._at >= self._target:
                break
            self._at += int(self._pause() * RATE)
            following = self._following(at, language)
            if following is None or self._at + RATE > self._longest:
                break
            if self._clips[following].session != self._clips[at].session:
                speed = self._speed()
            at = following
        return self._whole(language)

    def _begin(self) -> int:
        """A clip that fits; a long one where none was found soon."""
        at = self._random.randrange(len(self._clips))
        for _ in range(8):
            if self._clips[at].samples / 1.2 + self._at <= self._longest:
                break
            at = self._random.randrange(len(self._clips))
        return at

    def _speed(self) -> float:
        if self._random.random() < 0.3:
            return 1.0
        return min(1.22, max(0.82, math.exp(self._random.gauss(0.0, 0.09))))

    def _pause(self) -> float:
        kind = self._random.random()
        if kind < self._manner.long_pauses:
            return self._random.uniform(2.0, 6.0)
        if kind < self._manner.long_pauses + 0.2:
            return self._random.uniform(0.5, 1.5)
        return self._random.expovariate(4.0)

    def _following(self, at: int, language: str) -> int | None:
        """The next clip: mostly the same speaker's next sentence, sometimes another speaker of the language."""
        after = at + 1
        same = after < len(self._clips) and self._clips[after].session == self._clips[at].session
        if same and self._random.random() >= self._manner.stranger:
            return after
        for _ in range(4):
            other = self._random.randrange(len(self._clips))
            if self._clips[other].sentence.language == language:
                return other
        return None

    def _add(self, at: int, speed: float, *, first: bool) -> bool:
        """Put a clip at the end; false when it does not fit."""
        clip = self._clips[at]
        words = clip.sentence.words
        skipped = 0
        offset = 0
        if first and clip.times and len(words) > 4 and self._random.random() < self._manner.late:
            skipped = self._random.randrange(1, len(words) - 2)
            offset = max(0, int(clip.times[skipped][0] * RATE) - self._random.randint(0, 400))
        samples = int((clip.samples - offset) / speed)
        room = (self._target if self._truncated else self._longest) - self._at
        if samples > room:
            if (self._segments and not self._truncated) or room < _LEAST or clip.times is None:
                return False
            samples = room
            self._broken = True
        self._segments.append(Segment(self._at, samples, clip.start + offset, speed))
        self._hear(clip, skipped, offset, speed, samples)
        self._at += samples
        return True

    def _hear(self, clip: Clip, skipped: int, offset: int, speed: float, samples: int) -> None:
        """Take down the words of the clip that are heard in full."""
        self._timed = self._timed and clip.times is not None
        ends = (self._at + samples) / RATE
        for at in range(skipped, len(clip.sentence.words)):
            word = clip.sentence.words[at]
            if clip.times is None:
                self._words.append(Timed(word, 0.0, 0.0))
                continue
            start, end = (((time * RATE - offset) / speed + self._at) / RATE for time in clip.times[at])
            if self._broken and end > ends - _HEARD_S:
                if self._words and at > skipped:
                    self._words[-1] = _open(self._words[-1])
                return
            self._words.append(Timed(word, max(0.0, start), min(end, ends)))

    def _whole(self, language: str) -> Utterance:
        tail = 0 if self._broken else int(self._random.uniform(0.0, 0.6) * RATE)
        samples = max(RATE // 2, min(self._longest, self._at + tail)) // HOP * HOP
        return Utterance(language, tuple(self._segments), tuple(self._words), samples, self._timed)


def _open(timed: Timed) -> Timed:
    """The last word before a break, without the punctuation that only its sentence's end would give it."""
    word = timed.word
    bare = word.written.rstrip(",.;:?!，。；：？！、")
    return replace(timed, word=Word(bare or word.written, word.spoken, ())) if not word.spellings else timed
