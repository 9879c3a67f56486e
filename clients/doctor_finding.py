"""What a check of `steno doctor` found: the form that all checks share."""

from __future__ import annotations

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """What a check found."""

    name: str
    state: Literal["ok", "warning", "broken"]
    text: str
    hint: str = ""
    """What to do about it, in lines."""
    details: tuple[str, ...] = ()
    """What belongs to it without being wrong, a line each."""
