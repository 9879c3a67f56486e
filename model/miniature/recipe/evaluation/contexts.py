"""Lists of words for the evaluation of context: one whose spelling cannot be guessed, and what must not be echoed.

This file owns how a word gets its spelling and which others stand on its list. It knows nothing of sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from model.miniature.recipe.evaluation.measures import mentions
from model.miniature.recipe.sentence import Sentence
from model.words import is_kept

FEWEST, MOST = 8, 20
"""Distractors of a list."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The words that lists are made of, each with all its spellings."""

    spellings: tuple[tuple[str, ...], ...]

    @staticmethod
    def of(corpus: Path) -> Terms:
        """The English ones of a corpus directory's terms.txt: a term a line, its spellings parted by `/`.

        Raises:
            OSError: it is not there.
        """
        lines = (corpus / "terms.txt").read_text(encoding="utf-8").splitlines()
        return Terms(tuple(tuple(line.split("/")) for line in lines if line and line[0].isascii()))

    def distractors(self, text: str, spellings: Sequence[str], random: Random) -> tuple[str, ...]:
        """8 to 20 terms that are neither in the text nor another spelling of its word; fewer where there are few."""
        shut = {one.casefold() for one in spellings}
        found: list[str] = []
        wanted = random.randint(FEWEST, MOST)
        for group in random.sample(self.spellings, min(len(self.spellings), 4 * MOST)):
            term = random.choice(group)
            if not shut & {one.casefold() for one in group} and not mentions(text, term) and term not in found:
                found.append(term)
            if len(found) == wanted:
                break
        return tuple(found)


def spelt(sentence: Sentence, random: Random) -> tuple[Sentence, str, tuple[str, ...]]:
    """A sentence with one of its ambiguous words in a spelling drawn at random.

    Returns:
        The sentence, the word as a list has it, and all its spellings.

    Raises:
        ValueError: no word has several spellings.
    """
    places = [at for at, word in enumerate(sentence.words) if word.spellings]
    if not places:
        raise ValueError(f"no word with several spellings: {sentence.text!r}")
    at = random.choice(places)
    word = sentence.words[at]
    written = random.choice(word.spellings)
    words = (*sentence.words[:at], replace(word, written=written), *sentence.words[at + 1 :])
    return replace(sentence, words=words), bare(written), tuple(map(bare, word.spellings))


def bare(written: str) -> str:
    """A word without the punctuation and the genitive around it."""
    kept = [at for at, character in enumerate(written) if is_kept(character)]
    found = written[kept[0] : kept[-1] + 1] if kept else ""
    return found.removesuffix("'s").rstrip("'")


def listing(words: Sequence[str], random: Random) -> str:
    """The context that lists some words, in any order."""
    return ", ".join(random.sample(list(words), len(words)))
