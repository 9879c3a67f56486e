"""Prose of permissive and public-domain packages, a list of speakable sentences for each.

This file owns the choice of packages, how each is read, and how many of its sentences are used at most.
"""

from __future__ import annotations

import gzip
import random
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from model.miniature.recipe.text.clean import Cleaner, paragraphs, sentences
from model.miniature.recipe.text.sources import Package, Source, Unpacked, fetch

SCOWL = Package("scowl", debian=True)
"""Word lists by frequency; permissive."""


@dataclass(frozen=True, slots=True)
class _Work:
    kind: str
    title: str
    package: Package
    licence: str
    read: Callable[[Path], Iterator[str]]
    """Gives raw sentences of the unpacked package."""
    most: int
    """Sentences of it in the corpus, so that no work gives the corpus its tone."""


def _wordnet(root: Path, examples: bool) -> Iterator[str]:
    for path in sorted((root / "usr/share/wordnet").glob("data.*")):
        for line in path.read_text("utf-8").splitlines():
            gloss = line.partition("|")[2]
            if examples:
                yield from (found for found in re.findall(r'"([^"]+)"', gloss) if len(found.split()) >= 3)
            else:
                definition = re.sub(r"\([^)]*\)", "", gloss.partition('"')[0]).partition(";")[0]
                if len(definition.split()) >= 4:
                    yield definition


def _examples(root: Path) -> Iterator[str]:
    return _wordnet(root, examples=True)


def _glosses(root: Path) -> Iterator[str]:
    return _wordnet(root, examples=False)


def _novels(root: Path) -> Iterator[str]:
    """R keeps data as a chain of a length (4 bytes) and a zlib stream; a string in it is the type 9 and a length."""
    rest = (root / "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb").read_bytes()
    while len(rest) > 4:
        stream = zlib.decompressobj()
        data = stream.decompress(rest[4:])
        rest = stream.unused_data
        lines = []
        for found in re.finditer(rb"\x00[\x00\x04][\x00\x80]\x09(?=\x00\x00)", data):
            length = int.from_bytes(data[found.end() : found.end() + 4], "big")
            lines.append(data[found.end() + 4 : found.end() + 4 + length].decode("utf-8", "replace"))
        for paragraph in re.split(r"\n\s*\n", "\n".join(lines)):
            yield from sentences(paragraph)


def _dictionary(root: Path) -> Iterator[str]:
    for path in sorted((root / "usr/share/dictd").glob("*.dict.dz")):
        text = gzip.decompress(path.read_bytes()).decode("utf-8")
        text = re.sub(r"\[[^\]]*\]|\([^)]*\)", "", text)
        text = re.sub(r"\{\s*([^}]*)\}", r"\1", text)
        for paragraph in re.split(r"\n\s*\n", text):
            yield from (found for found in sentences(paragraph) if len(found.split()) >= 4)


def _conversations(root: Path) -> Iterator[str]:
    """A list of lists in YAML, one utterance a line."""
    for path in sorted((root / "chatterbot_corpus/data/english").glob("*.yml")):
        if path.stem in ("ai", "botprofile", "coding"):
            continue
        for line in path.read_text("utf-8").splitlines():
            if line.startswith(("- - ", "  - ")):
                yield from sentences(line[4:].strip().strip("'\"").replace("''", "'"))


def _pages(pattern: str) -> Callable[[Path], Iterator[str]]:
    def read(root: Path) -> Iterator[str]:
        for path in sorted(root.glob(pattern)):
            for paragraph in paragraphs(path.read_text("utf-8", "replace"), path.suffix == ".html"):
                yield from (found for found in sentences(paragraph) if len(found.split()) >= 4)

    return read


WORKS = (
    _Work("examples", "WordNet's examples", Package("wordnet-base", True),
    "WordNet-3.0", _examples, 50_000), _Work("glosses",
    "WordNet's glosses", Package("wordnet-base", True),
    "WordNet-3.0", _glosses, 30_000), _Work("novels",
    "Six novels of Jane Austen", Package("r-cran-janeaustenr", True),
    "LicenseRef-public-domain", _novels, 16_000), _Work("devil",
    "The Devil's Dictionary", Package("dict-devil", True),
    "LicenseRef-public-domain", _dictionary, 2_000), _Work("jargon",
    "The Jargon File", Package("dict-jargon", True),
    "LicenseRef-public-domain", _dictionary, 8_000), _Work("conversations",
    "ChatterBot's conversations", Package("chatterbot-corpus", False, "1.3.3"),
    "BSD-3-Clause", _conversations, 20_000), _Work("python",
    "Documentation of Python", Package("python3.11-doc", True),
    "PSF-2.0", _pages("usr/share/doc/python3.11/html/_sources/**/*.txt"), 12_000), _Work("postgres",
    "Documentation of PostgreSQL", Package("postgresql-doc-15", True),
    "PostgreSQL", _pages("usr/share/doc/postgresql-doc-15/html/*.html"), 8_000), _Work("django",
    "Documentation of Django", Package("python-django-doc", True),
    "BSD-3-Clause", _pages("usr/share/doc/python-django-doc/html/**/*.html"), 8_000), _Work("sqlite",
    "Documentation of SQLite", Package("sqlite3-doc", True),
    "LicenseRef-public-domain", _pages("usr/share/doc/sqlite3/*.html"), 8_000),
)  # fmt: skip
"""In the order in which a sentence that several have is taken."""


def prose(cache: Path, seed: int) -> Iterator[tuple[Source, list[str]]]:
    """Read every work.

    Returns:
        For each work its row of the table, without counts, and its distinct sentences in a random order.

    Raises:
        SourceError: a package cannot be had.
    """
    cleaner = Cleaner.from_scowl(fetch(SCOWL, cache).root)
    seen: set[str] = set()
    for work in WORKS:
        unpacked = fetch(work.package, cache)
        found = []
        for raw in work.read(unpacked.root):
            text = cleaner.clean(raw)
            if text and text.casefold() not in seen:
                seen.add(text.casefold())
                found.append(text)
        random.Random(f"{seed} {work.kind}").shuffle(found)
        yield _row(work, unpacked), found[: work.most]


def _row(work: _Work, unpacked: Unpacked) -> Source:
    return Source(work.kind, work.title, unpacked.label, unpacked.version, work.licence, sha256=unpacked.sha256)
