"""Who pressed a key: our own program, or somebody else. A state machine on what the server records, without a server.

The server records each request to fake a press, then the press that comes of it, and presses of real devices alone.
"""

from __future__ import annotations

from collections.abc import Collection

KEY_PRESS, BUTTON_PRESS = 2, 4
"""Events (X11 protocol, appendix B)."""
WHEEL = range(4, 8)
"""Buttons that stand for turns of a wheel: no clicks."""


class Presses:
    """Counts the presses that somebody else made; those of modifier keys alone change nothing and are left out."""

    def __init__(self, modifiers: Collection[int] = ()) -> None:
        self.foreign = 0
        self.modifiers = frozenset(modifiers)
        self._asked: tuple[int, int] | None = None

    def asked(self, own: bool, kind: int, detail: int) -> None:
        """A client has asked for a faked event.

        Args:
            own: whether the client is ours.
            kind: of the event.
            detail: its keycode or button.
        """
        self._asked = (kind, detail) if own else None

    def pressed(self, kind: int, detail: int) -> None:
        """A key or a button has gone down."""
        asked, self._asked = self._asked, None
        if asked == (kind, detail):
            return
        if (kind == KEY_PRESS and detail not in self.modifiers) or (kind == BUTTON_PRESS and detail not in WHEEL):
            self.foreign += 1
