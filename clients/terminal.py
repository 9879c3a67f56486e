"""What may reach the user's terminal, and how wide it is.

It owns the cleaning of foreign text (a transcript, a device's name) and the few escape sequences that Steno itself
writes. It does not know what is shown.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

BOLD, DIM, RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"

# Characters that change how the following text is read or shown: bidirectional controls (Unicode UAX #9), line and
# paragraph separators. All others that must not pass are of the categories below.
_UNSAFE = frozenset("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSAFE_CATEGORIES = ("Cc", "Cs")


def clean(text: str) -> str:
    """The text without control characters, on one line: a line break or tab becomes a space."""
    spaced = text.replace("\r\n", " ").translate({9: " ", 10: " ", 13: " "})
    return "".join(c for c in spaced if c not in _UNSAFE and unicodedata.category(c) not in _UNSAFE_CATEGORIES)


def clean_lines(text: str) -> str:
    """The same for a text whose line breaks are wanted."""
    return "\n".join(clean(line) for line in text.split("\n"))


def legible(path: str | Path) -> str:
    """A file's name as text that can be sent and written: bytes that are not UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def is_live(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether text on this stream can be rewritten in place."""
    return stream.isatty() and environ.get("TERM", "dumb" if os.name != "nt" else "windows") != "dumb"


def cells(character: str) -> int:
    """Columns that the character takes (Unicode UAX #11): 2 if wide, 0 if it combines, else 1."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
