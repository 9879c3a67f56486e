"""What has to be taken back of a text so that another stands there, and whether backspaces can do it exactly.

Pure functions on text. They do not know where it stands.
"""

from __future__ import annotations

import unicodedata

from pipeline import patterns

_GRAPHEME = patterns.compile(r"\X")


def common(standing: str, wanted: str) -> int:
    """How many characters at the beginning may stay: whole graphemes of both texts."""
    kept = 0
    for one, other in zip(_GRAPHEME.findall(standing), _GRAPHEME.findall(wanted), strict=False):
        if one != other:
            break
        kept += len(one)
    return kept


def erasable(text: str) -> bool:
    """Whether as many backspaces as it has characters take away exactly this text.

    Programs differ in what a backspace takes of a grapheme of several code points: all of it, or the last one.
    """
    return unicodedata.is_normalized("NFC", text) and all(len(one) == 1 for one in _GRAPHEME.findall(text))
