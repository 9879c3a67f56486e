"""Typing through pynput: the systems' own key events on Windows and macOS.

It owns which keys are pressed. pynput itself is known by `clients.desktop.input_library`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from clients.desktop.desktops import kind
from clients.desktop.window import Desktop
from clients.typist.backend import About, Key, Outcome, Place, Probe
from clients.typist.backends.pieces import press_in_groups, type_in_pieces
from pipeline.errors import StenoError

KEYS: dict[Key, tuple[str, ...]] = {"enter": ("enter",), "shift+enter": ("shift", "enter"), "backspace": ("backspace",)}
"""Key -> names of pynput, the last of which is pressed while the others are held."""


class PynputBackend:
    """pynput's keyboard."""

    name = "pynput"

    def __init__(self, environ: Mapping[str, str], desktop: Desktop, platform: str = sys.platform) -> None:
        self._kind = kind(environ, platform)
        self._desktop = desktop
        self._keyboard: Any = None

    def probe(self) -> Probe:
        """Whether it can be loaded here."""
        if self._kind not in ("windows", "macos", "x11"):
            return Probe(False, "pynput types on Windows, macOS and X11 only", "on Wayland use wtype, portal or dotool")
        try:
            self._controller()
        except StenoError as error:
            return Probe(False, error.message, error.hint or "")
        if self._kind == "x11":
            text = "pynput works in some programs only: its keys are marked as sent by a program, which xterm ignores"
            return Probe(True, text, "the x11 back-end's are not", exact=False)
        hint = "allow it under Privacy & Security, Accessibility" if self._kind == "macos" else ""
        return Probe(True, "pynput works; windows of other users and of administrators are out of reach", hint, False)

    def type(self, text: str, place: Place, about: About) -> Outcome:
        """Type it word by word."""
        return type_in_pieces(text, place, about, self._desktop, self._send)

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        """Press a key so many times."""
        return press_in_groups(count, place, self._desktop, lambda times: self._strike(KEYS[key], times))

    def close(self) -> None:
        """Let the keyboard go."""
        self._keyboard = None

    def _controller(self) -> Any:
        if self._keyboard is None:
            from clients.desktop.input_library import keyboard_controller

            self._keyboard = keyboard_controller()
        return self._keyboard

    def _send(self, piece: str) -> str:
        try:
            # Windows takes a character beyond the first plane as two UTF-16 units; pynput refuses it as one.
            self._controller().type(_utf16(piece) if self._kind == "windows" else piece)
        except Exception as error:  # pynput's errors are its own classes, and those of three systems
            return f"pynput failed: {type(error).__name__}"
        return ""

    def _strike(self, names: tuple[str, ...], times: int) -> str:
        try:
            keyboard = self._controller()
            *held, key = (self._key(name) for name in names)
            with keyboard.pressed(*held):
                for _ in range(times):
                    keyboard.tap(key)
        except Exception as error:  # as above
            return f"pynput failed: {type(error).__name__}"
        return ""

    def _key(self, name: str) -> Any:
        """pynput's key of that name, or the character itself."""
        return name if len(name) == 1 else self._controller()._Key[name]


def _utf16(text: str) -> str:
    """The text with characters beyond U+FFFF as pairs of surrogates."""
    units = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(int.from_bytes(units[i : i + 2], "little")) for i in range(0, len(units), 2))
