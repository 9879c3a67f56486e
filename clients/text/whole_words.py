"""Whole words, sought in a text of any script.

It owns where a word begins and ends when someone's words are sought. It does not know what is done with them.

A whole word, after Unicode UAX #29: letters, marks, digits and underscores; an apostrophe or full stop between letters
and a stop or comma between digits hold it together, so "can" is not found in "can't", nor 3 in 3.5. Other than there, a
word is found before an English possessive ("Steno's") and behind a French elision ("l'API"), which are written at any
name. Where a script has no spaces, what is sought may stand anywhere: Han and Hiragana, Thai, Lao, Khmer, Burmese. Runs
of Katakana are words. Behind Hangul anything may follow: particles are written at the word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby

from pipeline import patterns

_OPEN = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_KATAKANA = r"[\p{Katakana}\u30fc]"
_JOINED = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{_OPEN}]--{_KATAKANA}]"
_BEGINS = rf"(?<!{_JOINED}|\p{{L}}\.|\p{{N}}[.,]|\p{{L}}{{3}}['\u2019])"
_ENDS = rf"(?!{_JOINED}|\.\p{{L}}|[.,]\p{{N}}|['\u2019](?!s(?!{_JOINED}))\p{{L}})"
_SHORT_FORM = rf"(?!(?<=\p{{L}}['\u2019])(?:s|t|m|d|ll|re|ve)(?!{_JOINED}))"
"""What stands behind an English apostrophe is no word."""
_WORD = patterns.compile(rf"(?V1){_JOINED}")
_IS_KATAKANA = patterns.compile(_KATAKANA)
_IS_HANGUL = patterns.compile(r"\p{Hangul}")
_SPACE = patterns.compile(r"\s+")
_GAP = r"[^\S\n]+"
"""Between two words: any spaces, but no line break."""
_LEVELS = 4
"""Characters by which many words are told apart before they are compared one by one."""


def key(words: str) -> str:
    """The words as they are compared: whatever their case and the spaces between them."""
    return unicodedata.normalize("NFC", _SPACE.sub(" ", words).strip().casefold())


def any_of(several: Iterable[str]) -> patterns.Pattern:
    """An expression that finds each of these words, in any case, the longest at each place."""
    found = {_SPACE.sub(" ", unicodedata.normalize("NFC", words)).strip().lower() for words in several}
    katakana = {words for words in found if _IS_KATAKANA.match(words)}
    word = {words for words in found - katakana if _WORD.match(words)}
    kinds = ((_BEGINS + _SHORT_FORM, word), (rf"(?<!{_KATAKANA})", katakana), ("", found - katakana - word))
    ways = "|".join(f"{begins}{_ways(sorted(kind), 0)}" for begins, kind in kinds if kind)
    return patterns.compile(f"(?V1)(?-f:{ways})", ignore_case=True)


def _ways(several: list[str], at: int) -> str:
    """What may stand from the words' character `at` on, which is where they begin to differ; longer ones first.

    Like a tree of their letters, so that few of many words are compared at a place; not deep, as a tree of "a", "aa",
    "aaa" and so on would be.
    """
    if at == _LEVELS or len(several) == 1:
        ways = [_from(words, at) for words in sorted(several, key=len, reverse=True)]
    else:
        groups = {first: list(group) for first, group in groupby(several, key=lambda words: words[at : at + 1])}
        ends = [_from(words, at) for words in groups.pop("", [])]
        ways = [_letters(first) + _ways(group, at + 1) for first, group in groups.items()] + ends
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


def _from(words: str, at: int) -> str:
    ends = ""
    if _IS_KATAKANA.match(words[-1]):
        ends = rf"(?!{_KATAKANA})"
    elif _WORD.match(words[-1]) and not _IS_HANGUL.match(words[-1]):
        ends = _ENDS
    return rf"{_letters(words[at:])}{ends}(?!\p{{M}})"


def _letters(text: str) -> str:
    return _GAP.join(map(re.escape, text.split(" ")))
