"""Prose made speakable: a text is cut into sentences, and only those stay that every voice reads in one way.

This file owns what a speakable sentence is, and the words that plain prose may have.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

SHORTEST = 2
LONGEST = 30
"""Words of a sentence of prose."""

_SPEAKABLE = re.compile(r"[A-Za-z][A-Za-z ,.'?!;:\-]*")
_END = re.compile(r"(?<=[.?!])[\"')\]]*\s+(?=[\"'(\[A-Z])")
_TITLES = {"Mr.": "Mister", "Mrs.": "Missus", "Dr.": "Doctor", "Prof.": "Professor"}
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|etc|vs|cf|fig|St|No|ca|viz|ed|esp|pl|al)\.", re.IGNORECASE)
_REPLACE = (
    (re.compile("[\u2018\u2019\u02bc`´]"), "'"),
    (re.compile("\\s*(\u2014|--+)\\s*"), ", "),
    (re.compile("[\u2010\u2011\u2013]"), "-"),
    (re.compile("[\u2060\u200b\ufeff\u00ad_*\"\u201c\u201d]|''"), ""),
    (re.compile("\u2026|\\.\\.+"), "."),
    (re.compile(r"\s+"), " "),
    (re.compile(r"(?<![A-Za-z])'(?=[A-Za-z])|(?<=[,.;:!?])'|'(?=[,.;:!?])"), ""),
    (re.compile(r"\s+(?=[,.;:?!])"), ""),
    (re.compile(r"\s+-\s+"), ", "),
    (re.compile(r"[,;:](?=[,;:.?!])"), ""),
)


def sentences(text: str) -> list[str]:
    """Cut a paragraph into sentences."""
    for short, full in _TITLES.items():
        text = text.replace(short, full)
    return _END.split(re.sub(r"\s+", " ", text).strip())


class Cleaner:
    """Makes a sentence speakable or refuses it."""

    def __init__(self, vocabulary: frozenset[str]) -> None:
        self._vocabulary = vocabulary

    @staticmethod
    def from_scowl(root: Path) -> Cleaner:
        """The words of Debian's `scowl` that an educated speaker knows: lists up to size 50 of 95, names too."""
        words = set()
        folder = root / "usr/share/dict/scowl"
        for path in sorted(folder.glob("*.*")):
            region, _, size = path.name.partition("-")[0], None, path.suffix[1:]
            if region in ("english", "american", "british") and int(size) <= 50 and "abbrev" not in path.name:
                words.update(path.read_text("latin-1").split())
        return Cleaner(frozenset(word.casefold() for word in words if len(word) > 1) | {"a", "i", "o"})

    def clean(self, text: str) -> str | None:
        """The sentence as it goes into the corpus; None for one that is unfit."""
        text = html.unescape(text)
        for pattern, replacement in _REPLACE:
            text = pattern.sub(replacement, text)
        text = text.strip(" ,;:-")
        words = text.split(" ")
        if not _SPEAKABLE.fullmatch(text) or not SHORTEST <= len(words) <= LONGEST or _ABBREVIATION.search(text):
            return None
        if not all(self._fit(word) for word in words) or _lists_names(words):
            return None
        text = text[0].upper() + text[1:]
        return text if text[-1] in ".?!" else text + "."

    def knows(self, word: str) -> bool:
        """Whether an educated speaker knows this word."""
        return word.casefold() in self._vocabulary or word.casefold().removesuffix("'s") in self._vocabulary

    def _fit(self, word: str) -> bool:
        core = word.strip(",.;:?!-'")
        if not core or re.search(r"[,.;:?!](?=.)", word.rstrip(",.;:?!'")) or re.search("[a-z][A-Z]", core):
            return False
        if len(core) > 1 and core.isupper():
            return False
        if len(core) == 1 and core not in "IaAO":
            return False
        return all(part and len(part) <= 18 and self.knows(part) for part in core.split("-"))


def _lists_names(words: list[str]) -> bool:
    capitals = sum(word[0].isupper() and word not in ("I", "I'm", "I've", "I'd", "I'll") for word in words[1:])
    return capitals > max(2, len(words) // 4)


def paragraphs(page: str, markup: bool) -> Iterator[str]:
    """The paragraphs of a page of documentation, without code and headings.

    Args:
        markup: The page is HTML, or else reStructuredText.
    """
    if markup:
        page = re.sub(r"(?s)<(script|style|pre|code|h\d|title|dt|tt)\b[^>]*>.*?</\1>", " \0 ", page)
        page = re.sub(r"</?(p|li|td|th|div|dd|tr|ul|table|br)\b[^>]*>", "\n\n", page)
        page = re.sub(r"<[^>]+>", "", page)
    else:
        page = re.sub(r"``[^`]*``|:\w+:`[^`]*`|`[^`]*`_*|\|\w+\|", "\0", page)
    for paragraph in re.split(r"\n\s*\n", page):
        if paragraph.rstrip()[-1:] in (".", "?", "!") and not paragraph.lstrip().startswith(("..", "::", ">>>")):
            yield paragraph
