"""What is known of one X selection: whose it is, what it held before, and who gets which content.

It owns the record. `clients.desktop.x11_clipboard` keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass

from clients.desktop.x11_contents import Forms


@dataclass(slots=True)
class Selection:
    """One selection, as far as it is ours."""

    atom: int
    changes: int = 0
    """Counts its changes of owner."""
    ours: bool = False
    since: int = 0
    old: Forms | None = None
    """What it held before; None: nothing."""
    text: Forms | None = None
    """What is offered; None: the old content is."""
    client: int = 0
    """A window of the program that is to paste; 0: any."""
    armed: bool = False
    pasted: bool = False
    taker: int = 0
    """The window to which the text is on its way in pieces."""
    special: tuple[int, Forms | None, float] | None = None
    """A program that still gets another content than the others, or none, and until when (s)."""

    def unchanged(self, since: int) -> bool:
        """Whether it has had the same owner since the changes were counted so."""
        return self.changes == since
