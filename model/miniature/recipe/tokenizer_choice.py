"""Which of Qwen2's pieces the miniature keeps.

This file owns the choice: from all pieces that the text needs, those are dropped one after the other that it would
miss least, until as many are left as there are rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

from model.miniature.recipe.tokenizer_qwen2 import ALPHABET, PATTERN, Pair, closed, merge_of, merges

_SLOW = 0.25
"""Of the pieces that may go, at most this part goes before the text is cut anew."""


def tokenizer(vocabulary: Mapping[str, int], pairs: Sequence[Pair]) -> Tokenizer:
    """Byte-level BPE as Qwen2 has it."""
    made = Tokenizer(models.BPE(vocab=dict(vocabulary), merges=list(pairs)))
    cut = pre_tokenizers.Split(Regex(PATTERN), "isolated")
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    made.decoder = decoders.ByteLevel()
    return made


def renumbered(pieces: set[str], ranks: Mapping[str, int]) -> dict[str, int]:
    """Piece -> id, in the order of the ranks."""
    return {piece: index for index, piece in enumerate(sorted(pieces, key=ranks.__getitem__))}


def restricted(pieces: set[str], ranks: Mapping[str, int]) -> Tokenizer:
    """The tokenizer of a closed set of pieces."""
    return tokenizer(renumbered(pieces, ranks), list(merges(pieces, ranks)))


def used(words: Mapping[str, float], ranks: Mapping[str, int]) -> set[str]:
    """All pieces into which Qwen2 cuts some words, closed."""
    whole = restricted(set(ranks), ranks)
    found: set[str] = set()
    for encoding in whole.encode_batch(list(words)):
        found.update(encoding.tokens)
    return closed(found, ranks)


def chosen(
    words: Mapping[str, float], pieces: set[str], kept: set[str], ranks: Mapping[str, int], size: int
) -> set[str]:
    """The pieces to keep: what a piece is worth is how often the text has it, for without it there are two.

    Args:
        words: stretches of text -> how often each is met.
        pieces: a closed set to choose from.
        kept: pieces that stay whatever they are worth.
        size: how many to keep.

    Raises:
        ValueError: `kept` needs more than `size`.
    """
    kept = closed(kept, ranks)
    pieces = pieces | kept
    if len(kept) > size:
        raise ValueError(f"{len(kept)} pieces are indispensable: give at least so many rows, not {size}")
    pairs = {piece: merge_of(piece, ranks) for piece in sorted(pieces, key=ranks.__getitem__) if len(piece) > 1}

    def by() -> Tokenizer:
        return tokenizer(renumbered(pieces, ranks), [pair for piece, pair in pairs.items() if piece in pieces])

    text = _Text(words)
    text.cut(by(), range(len(text.words)))
    while len(pieces) > size:
        parts = {part for piece in pieces for part in pairs.get(piece, ())}
        ends = sorted(pieces - parts - kept - set(ALPHABET), key=lambda piece: (text.worth[piece], -ranks[piece]))
        dropped = set(ends[: min(len(pieces) - size, max(1, int(len(ends) * _SLOW)))])
        pieces = pieces - dropped
        text.cut(by(), {word for piece in dropped for word in text.places[piece]})
    return pieces


class _Text:
    """Words, how they are cut, and how often each piece is met."""

    def __init__(self, words: Mapping[str, float]) -> None:
        self.words = list(words)
        self.worth: defaultdict[str, float] = defaultdict(float)
        self.places: defaultdict[str, set[int]] = defaultdict(set)
        """Piece -> the words that have it."""
        self._counts = list(words.values())
        self._cuts: list[list[str]] = [[] for _ in self.words]

    def cut(self, by: Tokenizer, numbers: Sequence[int] | set[int] | range) -> None:
        ordered = list(numbers)
        for number, encoding in zip(ordered, by.encode_batch([self.words[n] for n in ordered]), strict=True):
            for piece in self._cuts[number]:
                self.worth[piece] -= self._counts[number]
                self.places[piece].discard(number)
            self._cuts[number] = encoding.tokens
            for piece in encoding.tokens:
                self.worth[piece] += self._counts[number]
                self.places[piece].add(number)
