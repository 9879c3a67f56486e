"""Word error rate: the one file that knows jiwer.

It owns the normalisation before words are compared, and the comparison. It does not know what is compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import jiwer


def words_of(text: str) -> list[str]:
    """The words that are compared: lower case, letters, digits and apostrophes; a hyphen separates.

    The same as in the training of the miniature, so that rates can be compared with those in its README. It is made
    for English: other letters than a-z are dropped.
    """
    return re.sub(r"[^a-z0-9' ]", " ", text.lower().replace("-", " ")).split()


def error_rate(reference: str, hypothesis: str) -> float | None:
    """Substitutions, deletions and insertions for each word of the reference; None if the reference has no words."""
    expected, heard = words_of(reference), words_of(hypothesis)
    if not expected:
        return None
    if not heard:
        return 1.0
    return float(jiwer.process_words(" ".join(expected), " ".join(heard)).wer)


def matches(expected: Sequence[str], heard: Sequence[str]) -> set[int]:
    """Indices of the expected words that stand in what was heard, both aligned with the fewest edits."""
    if not expected or not heard:
        return set()
    (chunks,) = jiwer.process_words(" ".join(expected), " ".join(heard)).alignments
    return {i for chunk in chunks if chunk.type == "equal" for i in range(chunk.ref_start_idx, chunk.ref_end_idx)}
