"""Typing through `ydotool`: its daemon's keyboard in the kernel, for any desktop on Linux.

It owns how ydotool (1.0 and later) is spoken to. It presses the keys of a US keyboard: any other character than those
of ASCII it would lose without a word, and on another layout it types something else.
"""

from __future__ import annotations

import socket
import stat
from collections.abc import Mapping
from pathlib import Path

from clients.desktop.programs import found, run
from clients.desktop.window import Desktop
from clients.typist.backend import About, Key, Outcome, Place, Probe
from clients.typist.backends.pieces import press_in_groups, type_in_pieces

# linux/input-event-codes.h: KEY_ENTER 28, KEY_LEFTSHIFT 42, KEY_BACKSPACE 14.
KEYS: dict[Key, list[str]] = {
    "enter": ["28:1", "28:0"],
    "shift+enter": ["42:1", "28:1", "28:0", "42:0"],
    "backspace": ["14:1", "14:0"],
}
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class YdotoolBackend:
    """`ydotool type`."""

    name = "ydotool"

    def __init__(self, environ: Mapping[str, str], desktop: Desktop) -> None:
        self._environ = environ
        self._desktop = desktop

    def probe(self) -> Probe:
        """Whether it is installed, and its daemon runs and may be used."""
        if found("ydotool", self._environ) is None:
            return Probe(False, "ydotool is not installed", "install ydotool 1.0 or later, and start its daemon")
        path = daemon_socket(self._environ)
        if path is None:
            return Probe(False, "ydotool's daemon does not run", "systemctl --user start ydotool, or start ydotoold")
        if wrong := _unreachable(path):
            return Probe(False, f"ydotool's daemon cannot be used: {path}: {wrong}", "see the manual of ydotoold")
        text = "ydotool works for ASCII on a US layout; other text is kept; held modifier keys cannot be seen"
        hint = ""
        if path.stat().st_mode & OTHERS_WRITE:
            text += f"; {path} is writable by other users, who can type into your windows by it"
            hint = f"start ydotoold with --socket-perm=0600, or: chmod 600 {path}"
        return Probe(True, text, hint, exact=False)

    def type(self, text: str, place: Place, about: About) -> Outcome:
        """Type it word by word, if it is of ASCII throughout."""
        strange = next((character for character in text if not character.isascii() or character == "\\"), None)
        if strange is not None:
            # Of a backslash some versions make an escape sequence.
            return Outcome(0, "failed", f"ydotool cannot type U+{ord(strange):04X}")
        line = ["ydotool", "type", "--file", "/dev/stdin"]
        return type_in_pieces(text, place, about, self._desktop, lambda piece: run(line, self._environ, piece))

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        """Press a key so many times."""
        return press_in_groups(
            count, place, self._desktop, lambda times: run(["ydotool", "key", *KEYS[key] * times], self._environ)
        )

    def close(self) -> None:
        """Nothing stays open."""


def daemon_socket(environ: Mapping[str, str]) -> Path | None:
    """Where the daemon listens, as ydotool itself looks for it; None if there is no socket."""
    named, runtime = environ.get("YDOTOOL_SOCKET"), environ.get("XDG_RUNTIME_DIR")
    places = [Path(named)] if named else []
    places += [Path(folder) / ".ydotool_socket" for folder in (runtime, "/tmp") if folder]
    return next((place for place in places if place.is_socket()), None)


def _unreachable(path: Path) -> str:
    """Why nothing can be sent to the socket; empty if it can."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.connect(str(path))
    except OSError as error:
        # Of ydotool 0.1 it is a stream: an older one, whose keys have other names.
        return error.strerror or type(error).__name__
    return ""
