"""Dictation: sentences of every kind that people dictate, made from a grammar.

This file owns how the grammar is read and how a sentence is made of it. The grammar lies in grammar/: in `words.txt`
lines `name = one | two | three`; in every other file one template a line, the file's name being the kind of its
sentences. In both `[one|two]` is a choice, which may be empty and may have choices inside, and `<name>` is a word list
or one of the slots below. A template has no digits: what is said otherwise than it is written comes from a slot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from model.miniature.recipe.text import letters, numbers
from model.miniature.recipe.text.names import Names

GRAMMAR = Path(__file__).parent / "grammar"
PREFIX = "dictation."
"""Before a grammar's name, in the kind of its sentences."""

_Piece = str | Callable[[Random], str]
_Choice = list["list[_Piece]"]


class GrammarError(Exception):
    """A template cannot be read; the message gives the file, the line and why."""


class Dictation:
    """Makes sentences in the notation of the corpus."""

    def __init__(self, names: Names, grammar: Path = GRAMMAR) -> None:
        self._slots = _slots(names)
        self._lists: dict[str, Callable[[Random], str]] = {}
        self._wanted: dict[str, str] = {}
        for line in _lines(grammar / "words.txt"):
            name, equals, options = line.partition(" = ")
            if not equals or name in self._slots or name in self._lists:
                raise GrammarError(f"{grammar / 'words.txt'}: no new word list: {line}")
            self._lists[name] = self._parse("[" + re.sub(r"\s*\|\s*", "|", options) + "]", line)
        self.kinds: dict[str, list[Callable[[Random], str]]] = {}
        """Templates of each grammar."""
        for path in sorted(grammar.glob("*.txt")):
            if path.stem != "words":
                self.kinds[path.stem] = [self._parse(line, f"{path}: {line}") for line in _lines(path)]
        for wanted, where in self._wanted.items():
            if wanted not in self._lists:
                raise GrammarError(f"{where}: nothing is called <{wanted}>")

    def sentence(self, rng: Random, kind: str) -> str:
        """One sentence, or now and then two that follow each other."""
        templates = self.kinds[kind]
        text = rng.choice(templates)(rng)
        if rng.random() < 0.2 and len(text.split()) < 11:
            text += " " + rng.choice(templates)(rng)
        return tidy(text)

    def _parse(self, text: str, where: str) -> Callable[[Random], str]:
        """A function that makes one of the texts that a template stands for."""
        pieces: list[_Piece] = []
        at = 0
        for found in re.finditer(r"[\[<]", text):
            if found.start() < at:
                continue
            pieces.append(text[at : found.start()])
            if found.group() == "<":
                at = text.find(">", found.start()) + 1
                pieces.append(self._named(text[found.start() + 1 : at - 1], where))
            else:
                at = _closing(text, found.start(), where) + 1
                options = [self._parse(one, where) for one in _options(text[found.start() + 1 : at - 1])]
                pieces.append(_chooser(options))
        pieces.append(text[at:])
        if re.search(r"[\d\[\]<>{}|]", "".join(piece for piece in pieces if isinstance(piece, str))):
            raise GrammarError(f"{where}: a digit or a stray mark in a template")
        return lambda rng: "".join(piece if isinstance(piece, str) else piece(rng) for piece in pieces)

    def _named(self, name: str, where: str) -> Callable[[Random], str]:
        if name in self._slots:
            return self._slots[name]
        self._wanted[name] = where
        return lambda rng: self._lists[name](rng)  # noqa: PLW0108 (the list may be defined further down)


def _chooser(options: list[Callable[[Random], str]]) -> Callable[[Random], str]:
    return lambda rng: rng.choice(options)(rng)


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def _closing(text: str, start: int, where: str) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += {"[": 1, "]": -1}.get(text[place], 0)
        if not depth:
            return place
    raise GrammarError(f"{where}: a bracket is not closed")


def _options(text: str) -> list[str]:
    options, depth = [""], 0
    for one in text:
        depth += {"[": 1, "]": -1}.get(one, 0)
        if one == "|" and not depth:
            options.append("")
        else:
            options[-1] += one
    return options


_OWNED = re.compile(r"\{([^|{}]+)\|([^|{}]+)\}'s\b")
_ARTICLE = re.compile(r"\b([Aa]) (?=((?:\{[^|{}]+\|)?)(\w+))")
_START = re.compile(r"(?:^|[.?!] )[a-z]")
_NO_VOWEL = re.compile(r"uni|use|usu|eu|you|one\b|once|ure|ute|way", re.IGNORECASE)
_MUTE_H = ("hour", "honest", "honour", "honor", "heir")


def tidy(text: str) -> str:
    """Set spaces, capitals, articles and possessives of a text that was put together from pieces."""
    text = re.sub(r"\s+(?=[,.;:?!])", "", re.sub(r"\s+", " ", text)).strip()
    text = re.sub(r"([,;:])(?=[.?!])", "", text).replace("the the ", "the ")
    text = _OWNED.sub(_own, text)
    text = _ARTICLE.sub(_article, text)
    return _START.sub(lambda found: found.group().upper(), text)


def _own(found: re.Match[str]) -> str:
    return "{" + "/".join(one + "'s" for one in found[1].split("/")) + "|" + found[2] + "'s}"


def _article(found: re.Match[str]) -> str:
    word = found[3].lower()
    vowel = (word[0] in "aeiou" and not _NO_VOWEL.match(word)) or word.startswith(_MUTE_H)
    return found[1] + ("n " if vowel else " ")


_TITLES = ("{Mr|mister}", "{Mrs|missus}", "{Ms|miz}", "{Mr.|mister}", "{Mrs.|missus}", "{Dr|doctor}", "{Dr.|doctor}")


def _slots(names: Names) -> dict[str, Callable[[Random], str]]:
    def spelled_name(rng: Random) -> str:
        """A name and its letters: the one place where they must agree."""
        name = names.first(rng) if rng.random() < 0.5 else names.last(rng)
        written = name.strip("{}").partition("|")[0].split("/")[0]
        spoken = name.strip("{}").partition("|")[2] or written.lower()
        shown = "{" + written + "|" + spoken + "}" if "|" in name else written
        joint = rng.choice((", that's", ", spelled", ", spelt", ", that is", ", I spell it"))
        return f"{shown}{joint} {letters.spelled(rng, written)}"

    def spelled_word(rng: Random) -> str:
        return letters.spelled(rng, rng.choice((names.plain_first, names.plain_last))(rng))

    return {
        "first": names.first, "last": names.last, "full": names.full, "place": names.place,
        "product": names.product, "firm": names.firm, "project": names.project,
        "medicine": names.medicine, "term": names.term, "spelled_name": spelled_name,
        "spelled": spelled_word, "acronym": letters.acronym, "word_acronym": letters.word_acronym,
        "code": letters.code, "letter": letters.letter,
        "email": lambda rng: letters.email(rng, names.plain_first(rng), names.plain_last(rng)),
        "website": lambda rng: letters.website(rng, names.plain_last(rng)),
        "identifier": letters.identifier, "file": letters.file_name, "version": letters.version,
        "number": numbers.number, "small": numbers.small, "large": numbers.large,
        "decimal": numbers.decimal, "percent": numbers.percent, "fraction": numbers.fraction,
        "nth": numbers.nth, "year": numbers.year, "decade": numbers.decade, "date": numbers.date,
        "time": numbers.time, "money": numbers.money, "measure": numbers.measure,
        "length": numbers.length, "weight": numbers.weight, "sum": numbers.calculation,
        "mr": lambda rng: rng.choice(_TITLES), "dr": lambda rng: _TITLES[-1], "phone": letters.phone,
        "digits": letters.digit_code, "room": numbers.room, "postcode": letters.postcode,
        "month": lambda rng: rng.choice(numbers.MONTHS),
    }  # fmt: skip
