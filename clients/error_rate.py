"""Word and character error rate: the one file that knows jiwer.

It owns the normalisation before texts are compared, what one word of them is, and the comparison. It does not know what
is compared.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import jiwer

from pipeline import patterns

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\u30fc]"
_WORD = patterns.compile(rf"(?V1){_UNSPACED}|[[\p{{L}}\p{{M}}\p{{N}}']--{_UNSPACED}]+")
_IS_CHARACTER = patterns.compile(_UNSPACED)


def words_of(text: str) -> list[str]:
    """The words that are compared: lower case, letters, digits and apostrophes; all else separates.

    Chinese and Japanese have no spaces: there each character is a word, and the rate is one of characters, as is usual
    for them (CER). Words of other scripts within stay whole, as in the mixed error rate of WeNet's compute-wer.
    """
    plain = unicodedata.normalize("NFKC", text.replace("\u2019", "'")).lower()
    return _WORD.findall(plain)


def unit_of(text: str) -> str:
    """What an error rate of this reference counts: "word", or "character" if most of its words are characters."""
    words = words_of(text)
    return "character" if 2 * sum(bool(_IS_CHARACTER.match(word)) for word in words) > len(words) else "word"


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
