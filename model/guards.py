"""The guards over an answer: whether it repeats itself without end, or says its context instead of the sound.

This file owns what is suspicious in an answer, and which of two answers is believed. It works on tokens and words alone
and knows nothing of how they came about.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

LOOP = "loop"
BUDGET = "budget"
ECHO = "echo"

LONGEST_PERIOD = 8
MOST_REPEATS = 20
"""An answer that says the same 1 to 8 tokens this many times in a row is stuck, and is cut to one of them.

20 is the threshold of the original's repair of repetitions, which works on characters."""
LEAST_RUN = 4
"""So many words of the context in a row, in its order, may be an echo of it; fewer of them anybody may say.

A character of a script without spaces is half a word: a name of four characters may well be said."""
ALIKE = 0.6
"""Two pieces of text of which so much is equal, the rest being edits, are the same words in different spellings: one
heard with the context's help and one without it."""

_UNSPACED = ("CJK ", "HIRAGANA ", "KATAKANA ")
"""Beginnings of the Unicode names of the characters of Chinese and Japanese, which have no spaces between words."""
_APOSTROPHES = "'\u2019"
"""Of all punctuation these alone stand within a word."""


@dataclass(frozen=True)
class Said:
    """An answer, as the guards look at it."""

    text: str
    stuck: str = ""
    """LOOP or BUDGET, if it was cut for that."""


def repeated(tokens: Sequence[int]) -> int:
    """How many tokens at the end only repeat the ones before them, if that happens too often; else 0.

    One of the repeated groups is left standing.
    """
    for period in range(1, LONGEST_PERIOD + 1):
        span = period * MOST_REPEATS
        if len(tokens) >= span and all(tokens[-i] == tokens[-i - period] for i in range(1, span - period + 1)):
            return span - period
    return 0


def suspicious(said: Said, context: str) -> bool:
    """Whether the answer has to be compared with one that is written without the context."""
    return bool(said.stuck or echoes(said.text, context))


def verdict(said: Said, clean: Said, context: str) -> tuple[bool, str]:
    """Which of two answers is believed: one that is suspicious, or one that was written without the context.

    An answer that is stuck yields to one that is not. An echo yields to an answer that says nothing at all, and to one
    in which a run of LEAST_RUN words is missing that the context and the echo share. Otherwise somebody really said it.

    Returns:
        Whether it is the clean one, and the guard that acted: LOOP or BUDGET where an answer was cut, ECHO where one
        was replaced, empty where the suspicion was wrong.
    """
    if said.stuck and not clean.stuck:
        return True, said.stuck
    for run in echoes(said.text, context):
        if not words(clean.text) or (_is_long(run) and not _heard(run, words(clean.text))):
            return True, said.stuck or ECHO
    return False, said.stuck


def echoes(text: str, context: str) -> list[list[str]]:
    """Runs of words that a text may have from its context: those of LEAST_RUN and more, or the whole of both."""
    given = words(context)
    if not given:
        return []
    heard = words(text)
    if heard == given:
        return [heard]
    among = f" {' '.join(given)} "
    runs = []
    begin = 0
    while begin < len(heard):
        end = begin
        while end < len(heard) and f" {' '.join(heard[begin : end + 1])} " in among:
            end += 1
        if _is_long(heard[begin:end]):
            runs.append(heard[begin:end])
            begin = end
        else:
            begin += 1
    return runs


def _is_long(run: Sequence[str]) -> bool:
    single = sum(unicodedata.name(word[0], "").startswith(_UNSPACED) for word in run)
    return len(run) - single / 2 >= LEAST_RUN


def words(text: str) -> list[str]:
    """The words of a text, case-folded and without punctuation; a character of a script without spaces is a word."""
    spaced = []
    for character in text.casefold():
        if unicodedata.name(character, "").startswith(_UNSPACED) and character.isalnum():
            spaced.append(f" {character} ")
        elif character.isalnum() or unicodedata.category(character).startswith("M"):
            spaced.append(character)
        elif character not in _APOSTROPHES:
            spaced.append(" ")
    return "".join(spaced).split()


def _heard(run: list[str], clean: list[str]) -> bool:
    """Whether a clean answer has a run somewhere, be it in another spelling."""
    sought = " ".join(run)
    return edits(sought, " ".join(clean)) <= (1 - ALIKE) * len(sought)


def edits(sought: str, text: str) -> int:
    """How many characters must be put in, left out or exchanged, to make `sought` of some piece of a text.

    The bits of one integer are the steps between a column's neighbouring cells of the table of distances, so that two
    whole paragraphs are compared in milliseconds. Source: Myers, A Fast Bit-Vector Algorithm for Approximate String
    Matching (1999).
    """
    places: dict[str, int] = {}
    for place, character in enumerate(sought):
        places[character] = places.get(character, 0) | 1 << place
    every = (1 << len(sought)) - 1
    last = (every + 1) >> 1
    rises, falls = every, 0  # from each cell to the one below it
    fewest = now = len(sought)
    for character in text:
        same = places.get(character, 0)
        stays = (((same & rises) + rises) ^ rises) | same
        right_rises, right_falls = (falls | ~(stays | rises)) & every, rises & stays
        now += bool(right_rises & last) - bool(right_falls & last)
        fewest = min(fewest, now)
        right_rises, right_falls = right_rises << 1 & every, right_falls << 1 & every
        rises, falls = right_falls | ~(same | falls | right_rises) & every, right_rises & (same | falls)
    return fewest
