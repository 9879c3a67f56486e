"""How the focus has moved on an X server: which window got it, and when.

It owns the news of the window manager and their times. It does not know what the focus is needed for.
"""

from __future__ import annotations

import time

from clients.desktop.window import Change
from clients.desktop.x11_library import Display, X
from clients.desktop.x11_windows import Windows

ACTIVE = "_NET_ACTIVE_WINDOW"
"""Property of the root window (Extended Window Manager Hints)."""
NS_PER_MS = 1_000_000
TRUSTED_MS = 10_000
"""A server's time further from this machine's clock than this is another machine's."""


class FocusLog:
    """Keeps what the window manager has told since it was last asked.

    Args:
        display: a connection for the news alone.
        windows: asks another one about the windows.
    """

    def __init__(self, display: Display, windows: Windows) -> None:
        self._display = display
        self._windows = windows
        self._root = display.screen().root
        self._atom = display.intern_atom(ACTIVE)
        self._root.change_attributes(event_mask=X.PropertyChangeMask)
        self._moments: list[int] = []
        display.sync()

    def close(self) -> None:
        """End the connection."""
        self._display.close()

    def fileno(self) -> int:
        """Readable when news have come that were not taken yet: nothing else is asked on this connection."""
        return int(self._display.fileno())

    def _listen(self) -> None:
        """Take the news that have come."""
        while self._display.pending_events():
            found = self._display.next_event()
            if found.type == X.PropertyNotify and found.atom == self._atom:
                self._moments.append(moment(found.time, time.monotonic_ns()))

    def take(self) -> list[Change]:
        """The changes since this was last called: monotonic nanoseconds, and the window from then on.

        The manager names the window only where it is asked: of several changes at once the last has its window, and
        those before it None.
        """
        self._listen()
        moments, self._moments = self._moments, []
        if not moments:
            return []
        active = next(iter(self._windows.numbers(self._root.id, ACTIVE)), 0)
        window = self._windows.describe(active) if active else None
        return [(at, None) for at in moments[:-1]] + [(moments[-1], window)]


def moment(server_ms: int, now_ns: int) -> int:
    """When something happened, in monotonic nanoseconds: the time of a server on this machine is the same clock.

    Args:
        server_ms: milliseconds, modulo 2**32.
        now_ns: monotonic, not before it happened.
    """
    ago = (now_ns // NS_PER_MS - server_ms) % 2**32
    return now_ns - ago * NS_PER_MS if ago < TRUSTED_MS else now_ns
