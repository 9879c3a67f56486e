"""Words of one text found in another: what stands right, what is wrong, what was added, what was taken back.

It owns the comparisons of texts that the figures of `benchmarks.stream` are made of; words are compared as
`clients.error_rate` compares them. It does not know when a text was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import jiwer


def wrong(expected: Sequence[str], heard: Sequence[str]) -> int:
    """Substitutions, deletions and insertions, as few as explain the difference."""
    if not expected or not heard:
        return len(expected) + len(heard)
    found = jiwer.process_words(" ".join(expected), " ".join(heard))
    return found.substitutions + found.deletions + found.insertions


def added(expected: Sequence[str], heard: Sequence[str]) -> list[int]:
    """For each word too many, the index of the expected word before which it stands."""
    if not expected or not heard:
        return [0] * len(heard)
    (chunks,) = jiwer.process_words(" ".join(expected), " ".join(heard)).alignments
    return [
        chunk.ref_start_idx
        for chunk in chunks
        if chunk.type == "insert"
        for _ in range(chunk.hyp_start_idx, chunk.hyp_end_idx)
    ]


def erased(outputs: Sequence[Sequence[str]]) -> int:
    """Words that are deleted to get from each output to the next: all behind their common beginning."""
    return sum(len(a) - common(a, b) for a, b in pairwise(outputs))


def changed(outputs: Sequence[Sequence[str]]) -> int:
    """Words of each output that do not stand in the next, wherever."""
    count = 0
    for a, b in pairwise(outputs):
        if a and b:
            found = jiwer.process_words(" ".join(a), " ".join(b))
            count += found.substitutions + found.deletions
        else:
            count += len(a)
    return count


def common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the common beginning."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))
