"""Batches: utterances with their tokens and labels, as arrays of fixed meaning.

This file owns what the network is asked and what it should answer. A batch is a pure function of the seed, its number
and the clips that are there; sound is named by its place in the pool, and gathered elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.speech.voice import RATE
from model.miniature.recipe.training.compose import HOP, Composer, Manner, Segment, Timed, Utterance, silence
from model.miniature.recipe.training.contexts import Lists, listed
from model.miniature.recipe.training.pool import Clip
from model.miniature.recipe.training.vocabulary import Vocabulary
from model.words import units

Ints = npt.NDArray[np.int64]

_LENGTHS = ((0.6, 4), (3.0, 8), (6.0, 14), (12.0, 22), (20.0, 30))
"""Shortest and longest of the utterances of a batch, in seconds."""
_LENGTH_WEIGHTS = {"asr": (0.2, 0.3, 0.24, 0.14, 0.12), "aligner": (0.08, 0.22, 0.3, 0.2, 0.2)}
_SILENT = 0.06
"""Of the utterances: nobody speaks."""
_NOISY_PREFIX, _WRONG_TOKEN = 0.4, 0.05
"""Utterances whose own earlier words are partly wrong, as a streamed prefix can be, and how many of the words."""
_NO_LANGUAGE = "None"
_LEAST_UTTERANCES = 8
_PLACES_A_SECOND, _MORE_PLACES = {"asr": 17, "aligner": 26}, {"asr": 144, "aligner": 32}
"""Length of a row: for each second that an utterance may last, and for the prompt. Longer rows are not used."""
CLASSES = 512
CLASS_S = 0.08


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step of training needs. B utterances, L tokens a row, M labels."""

    seconds: int
    """Room for each utterance."""
    segments: npt.NDArray[np.float64]
    """[S, 4]: place in the flattened batch of sound, samples, source, speed."""
    samples: Ints
    """[B]"""
    spoken: npt.NDArray[np.bool_]
    """[B]: whether anybody speaks."""
    ids: Ints
    """[B, L]"""
    begin: Ints
    """[B]: the place of the first token of sound."""
    places: Ints
    """[M]: where in the flattened rows a label belongs."""
    labels: Ints
    """[M]"""
    heard: Ints
    """Token ids of what is said, one utterance after the other."""
    heard_lengths: Ints
    """[B]: tokens of each."""

    @property
    def frames(self) -> int:
        """Of sound, in all."""
        return int(self.samples.sum()) // HOP


class _Row(NamedTuple):
    ids: list[int]
    begin: int
    places: list[int]
    labels: list[int]
    heard: list[int]


class Builder:
    """Makes batches.

    Args:
        kind: "asr" or "aligner".
        vocabulary: of the run.
        lists: what contexts are made of.
        seed: of the run.
        seconds: of sound in a batch, about.
    """

    def __init__(self, kind: str, vocabulary: Vocabulary, lists: Lists, seed: int, seconds: int) -> None:
        self._kind = kind
        self._vocabulary = vocabulary
        self._lists = lists
        self._seed = seed
        self._seconds = seconds
        aligner = kind == "aligner"
        self._manner = Manner(truncated=0.15, long_pauses=0.2) if aligner else Manner()
        self._row: Callable[[Utterance, Random], _Row | None] = self._slots if aligner else self._conversation

    def batch(self, number: int, clips: Sequence[Clip]) -> Batch:
        """The batch of one step. Args: clips: all that are in the pool."""
        random = Random(f"{self._seed}/{self._kind}/{number}")
        shortest, longest = random.choices(_LENGTHS, _LENGTH_WEIGHTS[self._kind])[0]
        composer = Composer(clips, self._manner)
        utterances: list[Utterance] = []
        rows: list[_Row] = []
        while len(rows) < max(_LEAST_UTTERANCES, self._seconds // longest):
            nobody = self._kind == "asr" and random.random() < _SILENT
            utterance = (
                silence(random, longest * RATE)
                if nobody
                else composer.utterance(random, int(shortest * RATE), longest * RATE)
            )
            row = self._row(utterance, random)
            if row is not None and len(row.ids) <= self._places(longest):
                utterances.append(utterance)
                rows.append(row)
        return self._together(longest, utterances, rows)

    def _conversation(self, utterance: Utterance, random: Random) -> _Row | None:
        """A transcriber's row: the context, the sound, the answer."""
        vocabulary = self._vocabulary
        language = utterance.language
        words, context = [timed.word for timed in utterance.words], ""
        if words:
            words, context = listed(words, language, self._lists, random)
        heard = vocabulary.transcript([word.written for word in words], language)
        tag = vocabulary.tag(language or _NO_LANGUAGE)
        answer = [*tag, *heard, vocabulary.end]
        before = vocabulary.before(context)
        sound = _tokens(utterance.samples)
        prompt = [*before, *[vocabulary.sound] * sound, *vocabulary.behind]
        said = answer[:-1]
        if random.random() < _NOISY_PREFIX:
            for at in range(len(tag), len(said)):
                if random.random() < _WRONG_TOKEN:
                    said[at] = random.randrange(vocabulary.pieces)
        first = len(prompt) - 1
        places = list(range(first, first + len(answer)))
        return _Row([*prompt, *said], len(before), places, answer, heard) if len(heard) <= sound else None

    def _slots(self, utterance: Utterance, random: Random) -> _Row | None:
        """An aligner's row: the sound, each unit with its two slots."""
        if not utterance.timed:
            return None
        timed = [one for word in utterance.words for one in _units(word)]
        if not timed:
            return None
        ids, places = self._vocabulary.slots(_tokens(utterance.samples), [text for text, _, _ in timed])
        times = [time for _, start, end in timed for time in (start, end)]
        labels = [min(CLASSES - 1, round(time / CLASS_S)) for time in times]
        return _Row(ids, 1, places, labels, [])

    def _places(self, seconds: int) -> int:
        return (_PLACES_A_SECOND[self._kind] * seconds + _MORE_PLACES[self._kind] + 15) // 16 * 16

    def _together(self, seconds: int, utterances: list[Utterance], rows: list[_Row]) -> Batch:
        length = self._places(seconds)
        ids = np.full((len(rows), length), self._vocabulary.pad, dtype=np.int64)
        for at, row in enumerate(rows):
            ids[at, : len(row.ids)] = row.ids
        segments = [
            _placed(segment, at * seconds * RATE) for at, one in enumerate(utterances) for segment in one.segments
        ]
        return Batch(
            seconds=seconds,
            segments=np.array(segments, dtype=np.float64).reshape(-1, 4),
            samples=np.array([one.samples for one in utterances], dtype=np.int64),
            spoken=np.array([bool(one.words) for one in utterances]),
            ids=ids,
            begin=np.array([row.begin for row in rows], dtype=np.int64),
            places=np.array([at * length + place for at, row in enumerate(rows) for place in row.places]),
            labels=np.array([label for row in rows for label in row.labels], dtype=np.int64),
            heard=np.array([token for row in rows for token in row.heard], dtype=np.int64),
            heard_lengths=np.array([len(row.heard) for row in rows], dtype=np.int64),
        )


def _placed(segment: Segment, offset: int) -> tuple[float, float, float, float]:
    return offset + segment.place, segment.samples, segment.source, segment.speed


def _units(timed: Timed) -> list[tuple[str, float, float]]:
    """What the aligner is shown of a word, with start and end: one unit, or a Mandarin name's ideographs."""
    found = units(timed.word.written)
    length = (timed.end - timed.start) / max(1, len(found))
    return [(one.text, timed.start + at * length, timed.start + (at + 1) * length) for at, one in enumerate(found)]


def _tokens(samples: int) -> int:
    """Tokens of sound that so many samples become."""
    seconds, rest = divmod(samples // HOP, 100)
    for _ in range(3):
        rest = (rest + 1) // 2
    return seconds * 13 + rest
