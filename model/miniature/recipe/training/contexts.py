"""Context lists for training: words that help, words that must not be echoed.

This file owns which words of an utterance are listed, in which spelling, and among which others. The spelling of a
listed word cannot be guessed from its sound: a name has several, and an ordinary word is sometimes respelt. So what the
list says is the only way to be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from model.miniature.recipe.sentence import ENGLISH, MANDARIN, Word
from model.miniature.recipe.text.spelling import respell
from model.words import is_kept

SHARE = 0.5
"""Of the utterances that come with a list."""
_MISLEADING = 0.22
"""Of the lists that hold nothing that is said."""
_RESPELT = 0.45
"""Of the lists with an ordinary word in another spelling."""
_RARE = 40
"""A word that the training text has less often is worth listing."""
_SHORTEST = 4
_SEPARATORS = (", ", ", ", ", ", "\n", " ", "; ", " / ")
_OPENINGS = ("", "", "", "", "", "Names: ", "Terms: ", "Context: ", "Vocabulary: ", "Hotwords: ", "People: ")


@dataclass(frozen=True, slots=True)
class Lists:
    """What lists are made of."""

    terms: dict[str, Sequence[tuple[str, ...]]]
    """Context terms of each language, each with all its spellings."""
    counts: dict[str, int]
    """How often the training text has a word; few for the rare ones."""

    @staticmethod
    def of(corpus: Path, counts: dict[str, int]) -> Lists:
        """The terms.txt of a corpus directory, a term a line, its spellings parted by `/`.

        Raises:
            OSError: it is not there.
        """
        terms: dict[str, list[tuple[str, ...]]] = {ENGLISH: [], MANDARIN: []}
        for line in (corpus / "terms.txt").read_text(encoding="utf-8").splitlines():
            terms[ENGLISH if line[:1].isascii() else MANDARIN].append(tuple(line.split("/")))
        return Lists({language: tuple(found) for language, found in terms.items()}, counts)


def listed(words: list[Word], language: str, lists: Lists, random: Random) -> tuple[list[Word], str]:
    """An utterance's words as they shall be written, and the context that says so; no context for about half.

    Args:
        words: in their own spelling.
        language: of all of them.
    """
    if random.random() >= SHARE:
        return words, ""
    words = list(words)
    targets = _targets(words, language, lists, random) if random.random() >= _MISLEADING else []
    length = int(random.triangular(0, 24, 3)) if targets else random.randint(1, 20)
    spoken = {_bare(word.written).casefold() for word in words}
    others = (random.choice(random.choice(lists.terms[language])) for _ in range(length))
    terms = targets + [term for term in others if not spoken & {part.casefold() for part in term.split()}]
    random.shuffle(terms)
    return words, random.choice(_OPENINGS) + random.choice(_SEPARATORS).join(terms)


def _targets(words: list[Word], language: str, lists: Lists, random: Random) -> list[str]:
    """The words to list, put into `words` in the spelling that is listed."""
    found: list[str] = []
    for at, word in enumerate(words):
        bare = _bare(word.written)
        if word.spellings and random.random() < 0.85:
            words[at] = replace(word, written=random.choice(word.spellings))
            found.append(_bare(words[at].written))
        elif language == ENGLISH and _worth(bare, lists) and random.random() < 0.5:
            found.append(bare)
    ordinary = [at for at, word in enumerate(words) if _respellable(word)] if language == ENGLISH else []
    if ordinary and random.random() < _RESPELT:
        for at in random.sample(ordinary, min(len(ordinary), random.choice((1, 1, 2)))):
            word = words[at]
            bare = _bare(word.written)
            other = respell(bare, random)
            # A name, as the listed words mostly are: with a capital.
            other = other.capitalize() if random.random() < 0.7 else other
            words[at] = replace(word, written=word.written.replace(bare, other))
            found.append(other)
            if bare in found:
                found.remove(bare)
    return list(dict.fromkeys(found))


def _worth(bare: str, lists: Lists) -> bool:
    return len(bare) >= _SHORTEST and lists.counts.get(bare, 0) < _RARE


def _respellable(word: Word) -> bool:
    bare = _bare(word.written)
    return not word.spellings and len(bare) > _SHORTEST and bare.isascii() and bare.isalpha() and bare in word.written


def _bare(written: str) -> str:
    """A word without the punctuation around it."""
    kept = [at for at, character in enumerate(written) if is_kept(character)]
    bare = written[kept[0] : kept[-1] + 1] if kept else ""
    return bare.removesuffix("'s").rstrip("'")
