"""Typing by the clipboard: the text stands there for one paste, then again what stood there before.

It owns the order of one paste: offer, press the keys that paste, wait for the receipt, put the old content back. The
receipt is that the window's own program takes the text after the keys; nothing is concluded from time that passes.
What a clipboard is made of is known by the process at the other end of `clients.desktop.clipboard_link`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from clients.desktop.clipboard_link import ClipboardLink
from clients.desktop.desktops import kind
from clients.desktop.programs import found
from clients.desktop.window import Desktop, Window
from clients.typist.backend import About, Key, Outcome, Place, Probe
from clients.typist.backends.pieces import obstacle, unsafe
from pipeline.errors import StenoError

RECEIPT_S = 3.0
"""So long a program may take to fetch what was pasted into it."""

USUAL = "ctrl+v"
# fmt: off
TERMINALS = frozenset(
    (
        "alacritty", "com.mitchellh.ghostty", "cool-retro-term", "deepin-terminal", "foot", "footclient",
        "gnome-terminal", "gnome-terminal-server", "guake", "io.elementary.terminal", "kgx", "kitty",
        "konsole", "lxterminal", "mate-terminal", "org.gnome.console", "org.gnome.ptyxis",
        "org.gnome.terminal", "org.kde.konsole", "org.wezfurlong.wezterm", "ptyxis", "qterminal", "roxterm",
        "sakura", "st", "st-256color", "terminator", "termite", "terminology", "tilda", "tilix", "wezterm",
        "xfce4-terminal", "yakuake",
    )
)
# fmt: on
"""Programs, by class or application id in lower case, that paste with Ctrl+Shift+V."""
PRIMARY_ONLY = frozenset(("xterm", "uxterm", "urxvt", "rxvt", "urxvt-unicode"))
"""Programs that paste with Shift+Insert, from the primary selection, unless they were configured otherwise."""


class Keys(Protocol):
    """Who presses the keys that paste."""

    def probe(self) -> Probe:
        """As of a back-end."""

    def chord(self, keys: str, place: Place) -> Outcome:
        """Press keys together, such as `ctrl+shift+v`."""

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        """As of a back-end."""

    def close(self) -> None:
        """As of a back-end."""


class PasteBackend:
    """The clipboard of X11 or Wayland."""

    name = "paste"

    def __init__(self, environ: Mapping[str, str], desktop: Desktop, receipt_s: float = RECEIPT_S) -> None:
        self._environ = environ
        self._desktop = desktop
        self._receipt_s = receipt_s
        self._kind = "x11" if kind(environ) == "x11" else "wayland"
        self._keys_kept: Keys | None = None
        self._link: ClipboardLink | None = None

    def probe(self) -> Probe:
        """Whether there is a clipboard, and somebody to press the keys."""
        here = kind(self._environ)
        if here in ("windows", "macos", "none"):
            text = "no desktop" if here == "none" else "no program there tells that it has taken what was pasted"
            return Probe(False, text, "" if here == "none" else "use pynput")
        if here in ("gnome", "kde"):
            # wl-paste needs the focus on GNOME, and wtype cannot press keys on either.
            return Probe(False, "pasting needs a compositor on which wtype works", "use the portal, or dotool")
        if self._kind == "wayland" and (found("wl-copy", self._environ) is None):
            return Probe(False, "wl-copy is not installed", "install it: apt install wl-clipboard")
        keys = self._keys().probe()
        if not keys.usable:
            return keys
        if self._kind == "wayland":
            text = "pasting works; where a clipboard manager fetches all that is copied, the text is kept instead"
            return Probe(True, text, exact=False)
        return Probe(True, "pasting works; what was on the clipboard is put back", exact=keys.exact)

    def type(self, text: str, place: Place, about: About) -> Outcome:
        """Paste it, all at once; nothing is done where the clipboard holds what could not be put back."""
        if unsafe(text):
            return Outcome(0, "failed", "the text holds a control character or a line break, which is never typed")
        if not text:
            return Outcome(0)
        stopped, why = obstacle(self._desktop, place)
        if stopped:
            return Outcome(0, stopped, why)
        try:
            return self._paste(text, place, about)
        except StenoError as error:
            self._drop_link()
            return Outcome(0, "failed", error.message)

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        """Press a key so many times."""
        return self._keys().press(key, count, place)

    def close(self) -> None:
        """The old content stays on the clipboard, held by a process of its own until something else is copied."""
        self._drop_link()
        if self._keys_kept is not None:
            self._keys_kept.close()
            self._keys_kept = None

    def _paste(self, text: str, place: Place, about: About) -> Outcome:
        window = place.window or self._desktop.focused()
        selection, keys = way(window, place.paste_keys, self._kind)
        if self._link is None:
            self._link = ClipboardLink(self._kind, self._environ)
        link = self._link
        if refused := link.offer(text, selection, client_of(window)):
            return Outcome(0, "failed", refused)
        if not link.arm():
            link.restore()
            return Outcome(0, "failed", "another program took the clipboard before the text could be pasted")
        about(len(text))
        pressed = self._keys().chord(keys, place)
        if pressed.stopped:
            link.restore()
            return Outcome(0, pressed.stopped, pressed.detail)
        became = link.receipt(self._receipt_s)
        link.restore()
        if became == "pasted":
            return Outcome(len(text))
        if became == "lost":
            return Outcome(0, "failed", "another program took the clipboard while the text was being pasted")
        return Outcome(0, "failed", f"the window did not take the text: it may not paste with {keys} (paste_keys)")

    def _keys(self) -> Keys:
        if self._keys_kept is None:
            if self._kind == "x11":
                from clients.typist.backends.x11 import X11Backend

                self._keys_kept = X11Backend(self._environ.get("DISPLAY", ""), self._desktop)
            else:
                from clients.typist.backends.wtype import WtypeBackend

                self._keys_kept = WtypeBackend(self._environ, self._desktop)
        return self._keys_kept

    def _drop_link(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()


def way(window: Window | None, asked: str, clipboard: str) -> tuple[str, str]:
    """From which selection a window pastes, and by which keys.

    Args:
        window: the window; None if it is not known.
        asked: keys that a rule names for it; empty for the usual ones.
        clipboard: `x11`, or `wayland`, where there is but one selection.
    """
    program = window.program.lower() if window is not None else ""
    if clipboard == "x11" and program in PRIMARY_ONLY and asked.lower() in ("", "shift+insert"):
        return "PRIMARY", "shift+insert"
    return "CLIPBOARD", asked or ("ctrl+shift+v" if program in TERMINALS else USUAL)


def client_of(window: Window | None) -> int:
    """The X window whose program is to take the text; 0 if there is none."""
    if window is None or not window.id.startswith("x11:"):
        return 0
    return int(window.id.removeprefix("x11:"), 16)
