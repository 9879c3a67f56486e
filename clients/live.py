"""Text that grows on the screen: committed text and the changing tail, rewritten in place on a terminal.

It owns the layout of the live lines and how they are replaced. Where the output is no terminal it writes whole lines
instead. It does not know where the text comes from.
"""

from __future__ import annotations

import os
import shutil
from typing import TextIO

from clients.terminal import BOLD, DIM, RESET, cells, clean, is_live
from pipeline.word_breaks import word_breaks

SEPARATOR = "|"
"""Between committed text and tail, where the output is no terminal and there are both."""


class LiveText:
    """The live lines at the bottom of a stream. Their one writer: what else is printed goes through `line`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = is_live(stream)
        self._plain = bool(os.environ.get("NO_COLOR"))
        self._rows = 0
        self._last = ""

    def show(self, committed: str, tail: str) -> None:
        """Show this in place of what was shown."""
        committed, tail = clean(committed), clean(tail)
        if not self._live:
            text = f"{committed.rstrip()} {SEPARATOR} {tail.lstrip()}" if committed and tail else committed + tail
            if text and text != self._last:
                self._write(f"  {text}\n")
            self._last = text
            return
        size = shutil.get_terminal_size()
        rows = layout(committed, tail, max(10, size.columns - 1), self._plain)[-max(1, size.lines - 1) :]
        text = "\n".join(rows)
        if text == self._last and self._rows:
            return
        self._write(self._erase() + text)
        self._rows, self._last = len(rows), text

    def line(self, text: str = "") -> None:
        """Replace the live lines by this line for good; a terminal gets it broken between words."""
        rows = (
            layout("", clean(text), max(10, shutil.get_terminal_size().columns - 1), plain=True) if self._live else []
        )
        self._write(self._erase() + ("\n".join(row.rstrip() for row in rows) or clean(text)) + "\n")
        self._last = ""

    def clear(self) -> None:
        """Remove the live lines."""
        self._write(self._erase())

    def _erase(self) -> str:
        if not self._live or not self._rows:
            return ""
        up = f"\x1b[{self._rows - 1}A" if self._rows > 1 else ""
        self._rows = 0
        return f"\r{up}\x1b[J"

    def _write(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._stream.flush()


def layout(committed: str, tail: str, width: int, plain: bool = False) -> list[str]:
    """Rows of at most `width` columns, broken between words; committed text bold, the tail dim."""
    text = committed + tail
    rows, begin = [], 0
    for end in _breaks(text, width):
        old, new = text[begin : min(end, len(committed))], text[max(begin, len(committed)) : end]
        bold = f"{BOLD}{old}{RESET}" if old and not plain else old
        rows.append(bold + (f"{DIM}{new}{RESET}" if new and not plain else new))
        begin = end
    return rows


def _breaks(text: str, width: int) -> list[int]:
    """Where each row ends: behind a space, between two characters of a script without, else where the row is full."""
    places = set(word_breaks(text))
    ends, begin, column, last = [], 0, 0, 0
    for i, character in enumerate(text):
        if i in places and character != " ":
            last = i
        if column + cells(character) > width:
            end = last if last > begin and character != " " else i
            ends.append(end)
            begin, column = end, sum(cells(c) for c in text[end:i])
        if character == " ":
            last = i + 1
        column += cells(character)
    return [*ends, len(text)] if begin < len(text) else ends
