"""Markdown as the model card needs it: tables and numbers.

This file owns their form and nothing of what they say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage."""
    return f"{share * 100:.{digits}f} %"


def interval(rate: dict[str, Any]) -> str:
    """A rate with its interval."""
    return f"{percent(rate['value'])} [{rate['low'] * 100:.1f}, {rate['high'] * 100:.1f}]"


def grid(head: Sequence[str], table: Sequence[Sequence[str]]) -> Iterator[str]:
    """A Markdown table and the empty line behind it."""
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from (_row(cells) for cells in table)
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
