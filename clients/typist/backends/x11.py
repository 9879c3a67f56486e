"""The `x11` back-end: text as key events of an X server, exact in every layout and only in the window it is meant for.

It owns the back-end's face: what it promises and how failures are told. How a text is typed stands in
`clients.typist.backends.x11_typing`, which is loaded at first use and loads Xlib.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from clients.desktop.window import Desktop
from clients.typist.backend import About, Key, Outcome, Place, Probe
from clients.typist.backends.pieces import unsafe
from pipeline.errors import StenoError

if TYPE_CHECKING:
    from clients.desktop.x11_keys import Keys
    from clients.desktop.x11_library import Display
    from clients.typist.backends.x11_typing import Typing


@runtime_checkable
class Seer(Protocol):
    """What this back-end asks of the desktop of an X server."""

    def secret(self) -> str:
        """As of any desktop."""

    def disturbances_within(self, grabbed: Display) -> int | None:
        """As `disturbances` of the desktop, asked by that connection."""


class X11Backend:
    """Types through the XTEST extension of one X server; connects at first use.

    Args:
        display_name: as in DISPLAY.
        desktop: sees password fields and counts disturbances; without one, nothing is typed that depends on those.
    """

    name = "x11"

    def __init__(self, display_name: str, desktop: Desktop | None = None) -> None:
        self._display_name = display_name
        self._desktop = desktop if isinstance(desktop, Seer) else None
        self._opened: Keys | None = None

    def probe(self) -> Probe:
        """Whether the server has what is needed."""
        if not self._display_name:
            return Probe(False, "there is no X server (DISPLAY is not set)", "on Wayland use wtype, portal or dotool")
        from clients.desktop.x11_library import GONE, server_gone

        try:
            keys = self._keys()
            xwayland = keys.display.query_extension("XWAYLAND") is not None
        except StenoError as problem:
            return Probe(False, problem.message, problem.hint)
        except GONE:
            self._opened = None
            gone = server_gone(self._display_name)
            return Probe(False, gone.message, gone.hint)
        if xwayland:
            text = "this X server is part of a Wayland desktop, whose own windows would not get its keys"
            return Probe(False, text, "Use a back-end for Wayland.")
        if not keys.spares:
            text = f"XTEST on {self._display_name}, but only for characters that stand on a key: no keycode is free"
            return Probe(True, text, "Free some keycodes with xmodmap, or use the back-end paste.")
        return Probe(True, f"XTEST on {self._display_name}, {len(keys.spares)} keycodes free for other characters")

    def type(self, text: str, place: Place, about: About) -> Outcome:
        """Type a text, all of it or up to where it had to stop."""
        if unsafe(text):
            return Outcome(0, "failed", "the text holds a control character or a line break, which is never typed")
        return self._run(lambda typing: typing.type(text, about), place)

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        """Press a key so many times."""
        return self._run(lambda typing: typing.press(key, count), place)

    def chord(self, keys: str, place: Place) -> Outcome:
        """Press keys together, such as `ctrl+shift+v`: all go down and up again in one act.

        The last is a character or one of `enter`, `backspace`, `insert`, `tab`, `delete`; those before it are `ctrl`,
        `shift`, `alt`, `super`. `done` is 1 if they were pressed.
        """
        return self._run(lambda typing: typing.press(keys, 1), place)

    def close(self) -> None:
        """Give borrowed keycodes back."""
        opened, self._opened = self._opened, None
        if opened is not None:
            from clients.desktop.x11_library import GONE

            try:
                opened.close()
            except GONE:
                return

    def _keys(self) -> Keys:
        from clients.desktop.x11_keys import Keys

        if self._opened is None:
            self._opened = Keys(self._display_name)
        return self._opened

    def _run(self, work: Callable[[Typing], None], place: Place) -> Outcome:
        """Do something at a place, and say how far it came."""
        from clients.desktop.x11_library import GONE, server_gone
        from clients.typist.backends.x11_typing import Stop, Typing

        done = 0
        try:
            seen = () if self._desktop is None else (self._desktop.secret, self._desktop.disturbances_within)
            typing = Typing(self._keys(), place, *seen)
            try:
                work(typing)
            finally:
                done = typing.done
            return Outcome(done)
        except Stop as stop:
            return Outcome(done, stop.stopped, stop.detail)
        except StenoError as problem:
            return Outcome(done, "failed", problem.message)
        except GONE:
            self._opened = None
            return Outcome(done, "failed", server_gone(self._display_name).message)
