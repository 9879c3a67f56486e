"""A sentence: what is written, and what the synthesiser is told to say for it.

This file owns the line format of the corpus. A line is a kind, a tab and the text. In the text a word stands as it is
written, and is spoken as it stands; a word that is spoken otherwise is `{written|spoken}`; a name that one could spell
in several ways is `{Filkar/Phylkar/Filqar|filkar}`, its own spelling first. English words are parted by spaces. In
Mandarin each ideograph is a word, and what stands in braces is one: `{2024|二零二四}年。`
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

ENGLISH = "English"
MANDARIN = "Chinese"
"""Names of the languages as the model writes them."""

_ENGLISH_PART = re.compile(
    r"(?P<before>[^\s{]*)\{(?P<written>[^|{}]+)\|(?P<spoken>[^|{}]+)\}(?P<after>\S*)|(?P<plain>\S+)"
)
_MANDARIN_PART = re.compile(r"\{(?P<written>[^|{}]+)\|(?P<spoken>[^|{}]+)\}|(?P<plain>.)")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the transcript, or one ideograph."""

    written: str
    """As in the transcript, with its punctuation."""
    spoken: str
    """What is said: English small letters, apostrophes and spaces; Mandarin ideographs. No punctuation."""
    spellings: tuple[str, ...] = ()
    """All ways in which it may be written, with the punctuation; empty for a word that has one."""

    @property
    def pause(self) -> str:
        """The punctuation behind it that a voice makes heard: one of `,.;:?!`, or nothing."""
        marks = [_HEARD.get(mark, mark) for mark in self.written[len(self.written.rstrip(_MARKS)) :]]
        return next((mark for mark in reversed(marks) if mark in ",.;:?!"), "")


_HEARD = {"，": ",", "。": ".", "；": ";", "：": ":", "？": "?", "！": "!", "、": ","}
_MARKS = ",.;:?!\"')]…，。；：？！、”’）》"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What one voice says in one breath."""

    language: str
    kind: str
    """The source that it came from."""
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The transcript."""
        return joined([word.written for word in self.words], self.language)

    @staticmethod
    def from_line(line: str, language: str) -> Sentence:
        """Read a line of the corpus.

        Raises:
            ValueError: no tab, no word, or a word that nobody could say; gives the line.
        """
        kind, tab, text = line.rstrip("\n").partition("\t")
        words = tuple(_mandarin(text) if language == MANDARIN else _english(text))
        if not tab or not words or not all(word.spoken for word in words):
            raise ValueError(f"no sentence: {line!r}")
        return Sentence(language, kind, words)


def joined(words: list[str], language: str) -> str:
    """The transcript of some words: Mandarin has no spaces."""
    return ("" if language == MANDARIN else " ").join(words)


def _english(text: str) -> list[Word]:
    words = []
    for part in _ENGLISH_PART.finditer(text):
        if part["plain"]:
            words.append(Word(part["plain"], spoken_form(part["plain"])))
            continue
        spellings = tuple(part["before"] + one + part["after"] for one in part["written"].split("/"))
        words.append(Word(spellings[0], part["spoken"], spellings if len(spellings) > 1 else ()))
    return words


def _mandarin(text: str) -> list[Word]:
    words: list[Word] = []
    for part in _MANDARIN_PART.finditer(text):
        plain = part["plain"]
        if plain and unicodedata.category(plain)[0] not in "LN":
            if words:
                last = words[-1]
                words[-1] = Word(last.written + plain, last.spoken, tuple(one + plain for one in last.spellings))
            continue
        spellings = tuple(part["written"].split("/")) if part["written"] else (plain,)
        words.append(Word(spellings[0], part["spoken"] or plain, spellings if len(spellings) > 1 else ()))
    return words


def spoken_form(word: str) -> str:
    """What is said for a plain English word: small letters and apostrophes, parts of a compound apart."""
    parts = (re.sub(r"[^a-z']", "", part).strip("'") for part in re.split(r"[-–—]", word.lower()))
    return " ".join(part for part in parts if part)
