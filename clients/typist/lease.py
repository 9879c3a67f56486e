"""The typing lease: one typist at a time in a runtime directory.

It owns the file and what it says of its holder. It does not know what a typist does.
"""

from __future__ import annotations

import time
from pathlib import Path

from pipeline.errors import StenoError
from pipeline.lock import FileLock, Holder, holder_of

NAME = "typist.lock"


class Lease(FileLock):
    """Held as long as the typist lives; a context manager.

    Args:
        runtime: runtime directory of the daemon.
        name: of the holder, as its user calls it.
    """

    def __init__(self, runtime: Path, name: str = "steno type") -> None:
        super().__init__(runtime / NAME, name, time.strftime("%Y-%m-%d %H:%M:%S"))

    def refusal(self, other: Holder) -> StenoError:
        """The error of a second typist: who the first one is, and what to do."""
        return StenoError(
            f"{describe(other)} types already in {self.path.parent}",
            f"There is one typist at a time. End that one first: kill {other.process or '?'}",
        )


def typist(runtime: Path) -> Holder | None:
    """Who holds the lease there, or None."""
    return holder_of(runtime / NAME)


def describe(other: Holder) -> str:
    """A typist for people: its name, process id and since when."""
    name, since, *_ = (*other.lines, "", "")
    return f"`{name or 'a typist'}` (process {other.process or '?'}{f', since {since}' if since else ''})"
