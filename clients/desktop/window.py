"""A window as those see it who type into it, and what a desktop tells of windows and keys.

It owns the vocabulary. How an X server or a Wayland compositor is asked stands in a file for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Window:
    """A window that has, or had, the focus."""

    id: str
    """The same as long as the window lives: `x11:0x1e00007`, `sway:12`. An X server gives ids of windows that are
    gone to other programs: whether two are the same window is told by `same`.
    """
    program: str = ""
    """Its class (X11) or application id (Wayland)."""
    title: str = ""
    process: str = ""
    """Name of the process whose window it is; empty if the desktop does not tell."""
    pid: int = 0
    """Of that process; 0 if the desktop does not tell."""


def same(one: Window | None, other: Window | None) -> bool:
    """Whether both are one window, or neither is any: one id, and one process as far as both tell theirs."""
    if one is None or other is None:
        return one is other
    return one.id == other.id and (one.pid == other.pid or 0 in (one.pid, other.pid))


Change = tuple[int, Window | None]
"""A move of the focus: when (CLOCK_MONOTONIC, ns), and the window that has it from then on; None for none, or one that
cannot be named any more."""


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


@runtime_checkable
class FocusNews(Protocol):
    """What a desktop offers beside that, if it tells by itself when the focus moves."""

    def fileno(self) -> int:
        """Readable when the focus may have moved, and when the desktop has gone: then `focus_log` is to be called."""

    def focus_log(self) -> list[Change]:
        """How the focus has moved since this was last asked.

        Raises:
            StenoError: the desktop has gone.
        """
