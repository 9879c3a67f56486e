"""Typing through `wtype`: a virtual keyboard of wlroots' kind, for sway, Hyprland and their like.

It owns how wtype is spoken to. wtype (0.4) brings a keymap of its own for what it types, so any character of any
script arrives whatever the user's layout is.
"""

from __future__ import annotations

from collections.abc import Mapping

from clients.desktop.programs import found, run
from clients.desktop.window import Desktop
from clients.typist.backend import About, Key, Outcome, Place, Probe
from clients.typist.backends.pieces import obstacle, press_in_groups, type_in_pieces

KEYS: dict[Key, list[str]] = {
    "enter": ["-k", "Return"],
    "shift+enter": ["-M", "shift", "-k", "Return", "-m", "shift"],
    "backspace": ["-k", "BackSpace"],
}
NAMES = {"insert": "Insert", "enter": "Return", "space": "space"}
"""Keys of a chord that are no letter -> their XKB names."""


class WtypeBackend:
    """`wtype`."""

    name = "wtype"

    def __init__(self, environ: Mapping[str, str], desktop: Desktop) -> None:
        self._environ = environ
        self._desktop = desktop

    def probe(self) -> Probe:
        """Whether it is installed, and the compositor lets it type."""
        if found("wtype", self._environ) is None:
            return Probe(False, "wtype is not installed", "install it: apt install wtype, or your system's package")
        # It opens its virtual keyboard and presses nothing.
        if wrong := run(["wtype", "-s", "1"], self._environ):
            hint = "on GNOME and KDE it cannot work; use the portal there, or dotool"
            return Probe(False, wrong, hint)
        seen = "" if self._desktop.sees_focus else "; which window has the focus cannot be seen here"
        return Probe(True, f"wtype works; held modifier keys cannot be seen on Wayland{seen}", exact=False)

    def type(self, text: str, place: Place, about: About) -> Outcome:
        """Type it word by word."""
        return type_in_pieces(
            text, place, about, self._desktop, lambda piece: run(["wtype", "-"], self._environ, piece)
        )

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        """Press a key so many times."""
        return press_in_groups(
            count, place, self._desktop, lambda times: run(["wtype", *KEYS[key] * times], self._environ)
        )

    def chord(self, keys: str, place: Place) -> Outcome:
        """Press keys together, such as `ctrl+shift+v`."""
        stopped, why = obstacle(self._desktop, place)
        if stopped:
            return Outcome(0, stopped, why)
        try:
            line = chord_line(keys)
        except KeyError:
            return Outcome(0, "failed", f"unknown keys: {keys} (paste_keys)")
        wrong = run(line, self._environ)
        return Outcome(0, "failed", wrong) if wrong else Outcome(1)

    def close(self) -> None:
        """Nothing stays open."""


def chord_line(keys: str) -> list[str]:
    """What presses keys together, such as `ctrl+shift+v`.

    Raises:
        KeyError: the chord has a modifier or key that wtype does not know.
    """
    *modifiers, key = keys.lower().split("+")
    if not set(modifiers) <= {"ctrl", "shift", "alt"}:
        raise KeyError(keys)
    named = key if len(key) == 1 else NAMES[key]
    held = [part for name in modifiers for part in ("-M", name)]
    freed = [part for name in reversed(modifiers) for part in ("-m", name)]
    return ["wtype", *held, "-k", named, *freed]
