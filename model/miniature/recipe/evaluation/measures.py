"""What is measured: error rates with their intervals, recall and echo of context words, errors of word times.

This file owns the comparison of what was said with what was heard. It knows nothing of sound or of models.

The normalisation of English is that of `clients/error_rate.py`, which the program compares with; the layers of the
house do not let this file import it, so a test compares the two. Of Mandarin every character is compared by itself, as
a character error rate wants it, where that one leaves numbers and words of other scripts whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.sentence import MANDARIN

Floats = npt.NDArray[np.float64]

DRAWS = 2_000
"""Resamplings of a set for an interval."""
_UNSPACED = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
"""Characters of scripts without spaces."""


def compared(text: str, language: str) -> list[str]:
    """The words of an English text, or the characters of a Mandarin one, as they are compared.

    English: lower case; letters, digits and apostrophes of any script, an ideograph a word, all else separates.
    Mandarin: letters, digits and ideographs.
    """
    plain = unicodedata.normalize("NFKC", text.replace("\u2019", "'")).lower()
    if language == MANDARIN:
        return [one for one in plain if unicodedata.category(one)[0] in "LN"]
    parted = "".join(one if one == "'" or unicodedata.category(one)[0] in "LMN" else " " for one in plain)
    return _UNSPACED.sub(r" \g<0> ", parted).split()


def edits(expected: Sequence[Hashable], heard: Sequence[Hashable]) -> int:
    """The fewest substitutions, deletions and insertions that make `heard` of `expected`.

    Bit-parallel, a column of the table at a time. Source: H. Hyyrö, "A bit-vector algorithm for computing Levenshtein
    and Damerau edit distances" (2003), after G. Myers (1999).
    """
    if not expected:
        return len(heard)
    places: defaultdict[Hashable, int] = defaultdict(int)
    for index, one in enumerate(expected):
        places[one] |= 1 << index
    full = (1 << len(expected)) - 1
    bottom = 1 << (len(expected) - 1)
    rises, falls, distance = full, 0, len(expected)
    for one in heard:
        match = places.get(one, 0)
        level = (((match & rises) + rises) ^ rises) | match | falls
        right_up = (falls | ~(level | rises)) & full
        right_down = level & rises & full
        distance += bool(right_up & bottom) - bool(right_down & bottom)
        right_up = (right_up << 1) | 1
        rises = ((right_down << 1) | ~(level | right_up)) & full
        falls = right_up & level & full
    return distance


@dataclass(frozen=True, slots=True)
class Rate:
    """An error rate: edits for each thing that was said. More than 1 is possible."""

    value: float
    low: float
    high: float
    """The ends of the bootstrapped interval of 95 %: utterances are drawn anew from the set, with replacement."""
    utterances: int
    said: int
    """Words or characters of the references."""

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def rate(counts: Sequence[tuple[int, int]]) -> Rate:
    """The rate of some utterances, each as its edits and the length of its reference."""
    table = np.array(counts, dtype=np.float64).reshape(-1, 2)
    if table[:, 1].sum() == 0:
        return Rate(0.0, 0.0, 0.0, len(table), 0)
    drawn = np.random.default_rng(0).integers(0, len(table), (DRAWS, len(table)))
    sums = table[drawn].sum(axis=1)
    low, high = np.percentile(sums[:, 0] / np.maximum(sums[:, 1], 1.0), (2.5, 97.5))
    value = table[:, 0].sum() / table[:, 1].sum()
    return Rate(float(value), float(low), float(high), len(table), int(table[:, 1].sum()))


def word_edits(reference: str, heard: str, language: str) -> tuple[int, int]:
    """Edits and length of one utterance: in words, or of Mandarin in characters."""
    said = compared(reference, language)
    return edits(said, compared(heard, language)), len(said)


def character_edits(reference: str, heard: str, language: str) -> tuple[int, int]:
    """The same in characters, one space between English words."""
    between = "" if language == MANDARIN else " "
    said = between.join(compared(reference, language))
    return edits(said, between.join(compared(heard, language))), len(said)


def mentions(text: str, term: str) -> bool:
    """Whether a term stands in a text in this spelling, as a word of its own; capitals do not count."""
    if _UNSPACED.search(term):
        return term in text
    return re.search(rf"(?<![^\W_]){re.escape(term)}(?![^\W_])", text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Listed:
    """One utterance that was heard with a list of words."""

    reference: str
    heard: str
    word: str
    """The word of the list that is said; empty in a list of distractors alone."""
    distractors: tuple[str, ...]


def context_measures(utterances: Sequence[Listed]) -> dict[str, Any]:
    """How far a list helps, and how far it harms.

    Returns:
        `recall`: share of the said words of the lists that are written in the list's spelling; None without any.
        `echo`: share of the listed distractors that are written though they were not said. `echo_utterances`: share of
        the utterances with such a one. Next to them the numbers of which they are shares.
    """
    wanted = [one for one in utterances if one.word]
    found = sum(mentions(one.heard, one.word) for one in wanted)
    listed = echoed = touched = 0
    for one in utterances:
        apart = [word for word in one.distractors if not mentions(one.reference, word)]
        written = sum(mentions(one.heard, word) for word in apart)
        listed, echoed, touched = listed + len(apart), echoed + written, touched + bool(written)
    return {
        "recall": found / len(wanted) if wanted else None,
        "words": len(wanted),
        "echo": echoed / listed if listed else 0.0,
        "distractors": listed,
        "echo_utterances": touched / len(utterances) if utterances else 0.0,
        "utterances": len(utterances),
    }


def nothing_said(answers: Sequence[tuple[str, str]], seconds: float) -> dict[str, Any]:
    """What was written where nobody speaks.

    Args:
        answers: language and text of each clip.
        seconds: of all clips together.

    Returns:
        Words (of Mandarin characters) an hour, and how many clips have a text or the name of a language.
    """
    words = sum(len(compared(text, language)) or bool(text) for language, text in answers)
    return {
        "words_per_hour": words * 3600.0 / seconds if seconds else 0.0,
        "words": words,
        "clips": len(answers),
        "clips_with_text": sum(bool(text) for _, text in answers),
        "clips_with_language": sum(bool(language) for language, _ in answers),
        "seconds": seconds,
    }


def time_errors(expected: Sequence[Floats], found: Sequence[Floats]) -> dict[str, Any]:
    """How far word times are off, in milliseconds; all starts and ends count alike.

    Args:
        expected: for each utterance float64[words, 2]: starts and ends in seconds.
        found: the same, as the aligner has them.
    """
    if not expected:
        return {"words": 0}
    errors = np.abs(np.concatenate(list(found)) - np.concatenate(list(expected))) * 1000.0
    return {
        "mean_ms": float(errors.mean()),
        "median_ms": float(np.median(errors)),
        "start_mean_ms": float(errors[:, 0].mean()),
        "end_mean_ms": float(errors[:, 1].mean()),
        "worst_tenth_ms": float(np.percentile(errors, 90)),
        "within_100_ms": float((errors <= 100.0).mean()),
        "words": len(errors),
        "utterances": len(expected),
    }
