"""A window as those see it who type into it, and what a desktop tells of windows and keys.

It owns the vocabulary. How an X server or a Wayland compositor is asked stands in a file for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Window:
    """A window that has, or had, the focus."""

    id: str
    """The same as long as the window lives, and no other's: `x11:0x1e00007`, `sway:12`."""
    program: str = ""
    """Its class (X11) or application id (Wayland)."""
    title: str = ""
    process: str = ""
    """Name of the process whose window it is; empty if the desktop does not tell."""
    pid: int = 0
    """Of that process; 0 if the desktop does not tell."""


class Desktop(Protocol):
    """What a desktop tells."""

    name: str
    """For people: `X11`, `sway`, `GNOME (Wayland)`."""

    @property
    def sees_focus(self) -> bool:
        """Whether it tells which window has the focus."""

    def focused(self) -> Window | None:
        """The window with the focus; None if none has it, or the desktop does not tell."""

    def secret(self) -> str:
        """Why what is typed now must stay secret: `a password field`, `a password prompt`; empty if it need not, or the
        desktop does not tell.
        """

    def disturbances(self) -> int | None:
        """Counts the keys pressed and mouse buttons clicked by anybody but our own back-end, since this was made; None
        if the desktop does not tell.
        """

    def close(self) -> None:
        """Let the desktop go."""
