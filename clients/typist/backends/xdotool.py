"""Typing through `xdotool`, on X11: for those who ask for it by name.

It owns how xdotool is spoken to. It changes the keyboard's map while programs still read the keys before, so that
characters may come out wrong; the `x11` back-end does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from clients.desktop.programs import found, run
from clients.desktop.window import Desktop
from clients.typist.backend import About, Key, Outcome, Place, Probe
from clients.typist.backends.pieces import press_in_groups, type_in_pieces

KEYS: dict[Key, str] = {"enter": "Return", "shift+enter": "shift+Return", "backspace": "BackSpace"}


class XdotoolBackend:
    """`xdotool type`."""

    name = "xdotool"

    def __init__(self, environ: Mapping[str, str], desktop: Desktop) -> None:
        self._environ = environ
        self._desktop = desktop

    def probe(self) -> Probe:
        """Whether it is installed, and there is an X server."""
        if not self._environ.get("DISPLAY"):
            return Probe(False, "there is no X server (DISPLAY is not set)", "on Wayland use wtype, portal or dotool")
        if found("xdotool", self._environ) is None:
            return Probe(False, "xdotool is not installed", "install it: apt install xdotool, or your system's package")
        if wrong := run(["xdotool", "getmouselocation"], self._environ):
            return Probe(False, wrong, "check DISPLAY and XAUTHORITY")
        text = "xdotool works; it may mistype what your layout lacks, and does not wait for held modifier keys"
        return Probe(True, text, "the x11 back-end does neither", exact=False)

    def type(self, text: str, place: Place, about: About) -> Outcome:
        """Type it word by word."""
        line = ["xdotool", "type", "--delay", "5", "--file", "-"]
        return type_in_pieces(text, place, about, self._desktop, lambda piece: run(line, self._environ, piece))

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        """Press a key so many times."""
        return press_in_groups(
            count, place, self._desktop, lambda times: run(["xdotool", "key", *[KEYS[key]] * times], self._environ)
        )

    def close(self) -> None:
        """Nothing stays open."""
