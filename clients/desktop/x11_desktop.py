"""An X server as the desktop: which window has the focus, whether a password is asked for, who else presses keys.

It owns the answers of the `Desktop` protocol. How each is found stands in a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from clients.desktop.terminal_prompt import asks_for_password
from clients.desktop.window import Change, Window
from clients.desktop.x11_focus import FocusLog
from clients.desktop.x11_library import GONE, Display, open_display, server_gone
from clients.desktop.x11_recorder import Recorder
from clients.desktop.x11_windows import Windows

Answer = TypeVar("Answer")


class PasswordFields(Protocol):
    """What knows of a toolkit's password fields."""

    def focused_is_password(self) -> bool:
        """Whether the focus is in one."""

    def follow(self) -> None:
        """Take in what was told meanwhile."""


class X11Desktop:
    """Asks one X server.

    Args:
        display_name: as in DISPLAY.
        accessibility: what knows of password fields; None: only a terminal's prompt is noticed.

    Raises:
        StenoError: here, if the server cannot be reached; in every method, if it has gone away.
    """

    name = "X11"
    sees_focus = True

    def __init__(self, display_name: str, accessibility: PasswordFields | None = None) -> None:
        self._display_name = display_name
        self._accessibility = accessibility
        self._display = open_display(display_name)
        self._windows = Windows(self._display)
        self._focus = FocusLog(open_display(display_name), self._windows)
        self._recorder = Recorder(self._display, display_name) if self._display.has_extension("RECORD") else None

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        try:
            return question()
        except GONE as problem:
            raise server_gone(self._display_name) from problem

    def focused(self) -> Window | None:
        """The window with the focus; None while none has it."""
        return self._ask(self._focused)

    def _focused(self) -> Window | None:
        client = self._client()
        return self._windows.describe(client) if client else None

    def _client(self) -> int:
        focus = self._display.get_input_focus().focus
        return self._windows.client(focus if isinstance(focus, int) else focus.id)

    def secret(self) -> str:
        """Why what is typed now must stay secret; empty if it need not."""
        if self._accessibility is not None and self._accessibility.focused_is_password():
            return "a password field"
        return self._ask(self._prompt)

    def _prompt(self) -> str:
        client = self._client()
        pid = self._windows.pid(client) if client else 0
        return "a password prompt" if pid and asks_for_password(pid) else ""

    def disturbances(self) -> int | None:
        """Keys and clicks of anybody else so far; keys that are modifiers, and turns of the wheel, are left out."""
        return None if self._recorder is None else self._ask(self._recorder.count)

    def disturbances_within(self, grabbed: Display) -> int | None:
        """The same, while this connection of this process has grabbed the server, which then hears no other."""
        return None if self._recorder is None else self._recorder.count(grabbed)

    def fileno(self) -> int:
        """A descriptor that becomes readable when the focus may have moved; `focus_log` reads it."""
        return self._ask(self._focus.fileno)

    def focus_log(self) -> list[Change]:
        """How the focus has moved since this was last asked.

        Of changes that came together only the last is known by its window; those before it say None.
        """
        if self._accessibility is not None:
            self._accessibility.follow()
        return self._ask(self._focus.take)

    def close(self) -> None:
        """End the connections."""
        if self._recorder is not None:
            self._recorder.close()
        try:
            self._focus.close()
            self._display.close()
        except GONE:
            return
