"""What of a changing hypothesis is shown, so that a reader is not shown words only for them to be taken back.

Sans-IO: one `Display` for each utterance is told every hypothesis and answers with the text to show. It owns nothing
but that: what is committed is told to it, the final does not come its way, and nothing of it reaches the decoder. It
does not know tokens or sound.

A model that has heard half a word guesses, and with each step it may guess anew, at any place of the sentence: "Inum
class", "In some class", "Inum class". What is shown follows the hypotheses only where consecutive ones agree. A model
that is sure of what it has written so far goes on from it: then its new words are shown at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from pipeline.word_breaks import word_breaks

AGREEING = 3
"""Consecutive hypotheses that must have a word before it is shown in the place of another. With two, most of what is
taken back is taken back still; with four, what is wrong stays twice as long and little is gained."""
AGREEING_AT_FIRST = 2
"""The same while nothing is shown, and thus nothing can be taken back."""
BEGINNING = ""
"""Stands before the first word, so that every word has one before it."""


class Display:
    """The text of one utterance as it is shown."""

    def __init__(self) -> None:
        self._shown = ""
        self._before: deque[str] = deque(maxlen=AGREEING - 1)
        """The hypotheses before, oldest first."""

    def step(self, text: str, committed: str = "") -> str:
        """Take the next hypothesis; what to show, which begins with `committed`.

        Args:
            text: the hypothesis.
            committed: what will not change any more; whole words. It only ever grows.
        """
        if not text.startswith(committed):
            # It overrules what cannot be taken back, so it says nothing of what follows that.
            if not self._shown.startswith(committed):
                self._shown = committed
            return self._shown
        if self._shown.startswith(committed):
            at = len(committed)
            before = [words for other in self._before if (words := _behind(committed, other)) is not None]
            self._shown = committed + "".join(_merged(_words(self._shown[at:]), _words(text[at:]), before))
        else:
            self._shown = text
        self._before.append(text)
        return self._shown


def _words(text: str) -> list[str]:
    """The words of a text, each with what stands between it and the word before."""
    ends = [0, *word_breaks(text), len(text)]
    return [text[start:end] for start, end in pairwise(ends) if start < end]


def _key(word: str) -> str:
    """What tells one word from another: case and punctuation do not."""
    return "".join(character for character in word if character.isalnum()).casefold() or word.strip()


def _keys(words: Sequence[str]) -> list[str]:
    return [BEGINNING, *(_key(word) for word in words)]


def _behind(committed: str, text: str) -> list[str] | None:
    """The words of a text that follow what is committed, none if it ends before; None if it is another text."""
    words = _words(text)
    settled, said = _keys(_words(committed)), _keys(words)
    if said[: len(settled)] != settled[: len(said)]:
        return None
    return words[len(settled) - 1 :]


def _merged(shown: list[str], newest: list[str], before: Sequence[list[str]]) -> list[str]:
    """What is shown next: the newest hypothesis where the ones before agree with it, else what is shown now."""
    asked = (AGREEING if shown else AGREEING_AT_FIRST) - 1
    if len(before) < asked:
        return shown
    keys, witnesses = _keys(newest), [_keys(words) for words in before[-asked:]]
    if all(keys[: len(witness)] == witness for witness in witnesses):
        return newest
    merged: list[str] = []
    kept = False
    changes = SequenceMatcher(None, _keys(shown)[1:], keys[1:], autojunk=False).get_opcodes()
    for kind, start, end, first, last in changes:
        if kind == "equal":
            # Spelled as in the newest one; the space before is that of what stands before.
            same = newest[first:last]
            if kept:
                same[0] = _spaced_as(shown[start], same[0])
            merged += same
            kept = False
            continue
        agreed = first
        if end == len(shown):
            # Nothing shown follows: as many words as are agreed on.
            while agreed < last and _all_have(keys[first : agreed + 2], witnesses):
                agreed += 1
            kept = agreed == first
        else:
            kept = not _all_have(keys[first : last + 2], witnesses)
            agreed = last
        merged += shown[start:end] if kept else newest[first:agreed]
    return merged


def _all_have(part: list[str], witnesses: Sequence[list[str]]) -> bool:
    """Whether these words stand next to each other in all of the witnesses."""
    return all(
        any(words[at : at + len(part)] == part for at in range(len(words) - len(part) + 1)) for words in witnesses
    )


def _spaced_as(one: str, other: str) -> str:
    """The other word, with what stands before the one."""
    return one[: len(one) - len(one.lstrip())] + other.lstrip()
