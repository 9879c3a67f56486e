"""The English half of the corpus: prose and dictation, parted into training and held-out sentences.

This file owns the counts, the parting, and the files; it knows neither the packages nor the grammar.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections import Counter
from pathlib import Path
from random import Random

from model.miniature.recipe.sentence import ENGLISH, Sentence
from model.miniature.recipe.text.dictation import GRAMMAR, PREFIX, Dictation
from model.miniature.recipe.text.names import FAKER, WORDS, Names
from model.miniature.recipe.text.prose import SCOWL, prose
from model.miniature.recipe.text.sources import Package, Source, fetch

SENTENCES = 570_000
"""Of English in the whole corpus."""
HELD_SHARE = 50
"""One sentence in so many is held out."""

_LISTS: tuple[tuple[str, str, Package, str], ...] = (
    ("list-names", "Names of people of many countries (word list)", FAKER, "MIT"),
    ("list-words", "Words by how common they are (word list)", SCOWL, "SCOWL (permissive) and public domain"),
)
"""What has no sentences of its own: name of its row, title, package, licence."""
_MARKED = re.compile(r"\{([^|{}]+)\|([^|{}]+)\}")
_SPEAKABLE = re.compile(r"[a-z']+(?: [a-z']+)*")
_TALK = 2
"""Everyday talk is so many times as frequent as another kind of dictation."""


def write(out: Path, cache: Path, seed: int, sentences: int) -> dict[str, Source]:
    """Write `english.train.txt`, `english.held.txt` and `terms.txt`.

    Args:
        cache: Where packages are kept.
        sentences: In all; prose is cut in proportion when they are fewer than the whole corpus has.

    Returns:
        The rows of the table of sources by kind.

    Raises:
        SourceError: a package cannot be had.
        GrammarError: the grammar has a mistake.
    """
    share = min(1.0, sentences / SENTENCES)
    faker = fetch(FAKER, cache)
    names = Names.make(faker, seed, scale=max(share, 0.02))
    parting = _Parting(names.held())
    rows: dict[str, Source] = {}
    for row, texts in prose(cache, seed):
        for text in texts[: round(len(texts) * share)]:
            parting.add(row.kind, text)
        rows[row.kind] = row
    dictation = Dictation(names)
    _dictate(dictation, parting, Random(f"{seed} dictation"), sentences)
    for kind in dictation.kinds:
        version, digest = f"faker {faker.version}", _digest(GRAMMAR / f"{kind}.txt")
        rows[PREFIX + kind] = Source(PREFIX + kind, f"Dictation: {kind}", "here", version, "MIT", sha256=digest)
    for kind, title, package, licence in _LISTS:
        unpacked = fetch(package, cache)
        rows[kind] = Source(kind, title, unpacked.label, unpacked.version, licence, sha256=unpacked.sha256)
    parting.write(out)
    (out / "terms.txt").write_text("\n".join(names.context_terms(Random(f"{seed} terms"))) + "\n", "utf-8")
    return {kind: parting.counted(row) for kind, row in rows.items()}


def key(text: str) -> str:
    """What makes two sentences the same: the written words, but for a name of several spellings its sound."""
    return _MARKED.sub(lambda found: found[2] if "/" in found[1] else found[1], text).casefold()


def _dictate(dictation: Dictation, parting: _Parting, rng: Random, sentences: int) -> None:
    """Fill the corpus up to the count. A kind whose templates are exhausted gives way to the others."""
    kinds = {kind: _TALK if kind == "talk" else 1 for kind in dictation.kinds}
    misses: Counter[str] = Counter()
    while len(parting) < sentences and kinds:
        kind = rng.choices(tuple(kinds), tuple(kinds.values()))[0]
        if parting.add(PREFIX + kind, dictation.sentence(rng, kind)):
            misses[kind] = 0
            continue
        misses[kind] += 1
        if misses[kind] > 200:
            del kinds[kind]


class _Parting:
    """Sentences by kind, each once, on the side that its hash decides."""

    def __init__(self, held_names: frozenset[str]) -> None:
        self._held_names = held_names
        self._keys: set[str] = set()
        self._sides: tuple[list[str], list[str]] = ([], [])
        self._counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, kind: str, text: str) -> bool:
        """Take a sentence; False if it is there already or nobody could say it."""
        same = key(text)
        line = f"{kind}\t{text}"
        if same in self._keys or not speakable(line):
            return False
        self._keys.add(same)
        digest = hashlib.md5(same.encode(), usedforsecurity=False).digest()
        held = int.from_bytes(digest[:4], "big") % HELD_SHARE == 0 or self._has_held_name(text)
        self._sides[held].append(line)
        self._counts[held][kind] += 1
        return True

    def write(self, out: Path) -> None:
        """Write both files, in the order of the alphabet: like stands with like, and the files pack well."""
        for side, lines in zip(("train", "held"), self._sides, strict=True):
            (out / f"english.{side}.txt").write_text("\n".join(sorted(lines)) + "\n", "utf-8")

    def counted(self, row: Source) -> Source:
        """A row of the table with the counts."""
        train, held = self._counts
        return dataclasses.replace(row, train=train[row.kind], held=held[row.kind])

    def _has_held_name(self, text: str) -> bool:
        marked = _MARKED.findall(text)
        sounds = (part for written, spoken in marked if "/" in written for part in re.split("[ ']", spoken))
        return any(sound in self._held_names for sound in sounds)


def speakable(line: str) -> bool:
    """Whether the line is of the corpus's form, and all that is spoken is small letters, apostrophes and spaces."""
    try:
        sentence = Sentence.from_line(line, ENGLISH)
    except ValueError:
        return False
    return all(_SPEAKABLE.fullmatch(word.spoken) for word in sentence.words)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for one in (path, GRAMMAR / "words.txt", *sorted(WORDS.glob("*.txt"))):
        digest.update(one.read_bytes())
    return digest.hexdigest()
