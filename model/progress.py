"""What long work on a model's files tells of itself: which part it does, and how far that part has come."""

from __future__ import annotations

from collections.abc import Callable


class Progress:
    """Hears how the work goes. This one is told everything and says nothing; a screen overrides both."""

    def begin(self, what: str, total: int = 0) -> None:
        """A part begins.

        Args:
            what: the part, in a few words.
            total: its size in bytes; 0 where that is not known.
        """

    def advance(self, amount: int) -> None:
        """So many more bytes of the part are done."""


class Told(Progress):
    """Passes on the words alone."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def begin(self, what: str, total: int = 0) -> None:
        """Tell what begins."""
        self._tell(what)
