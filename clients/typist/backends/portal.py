"""Typing through the desktop's portal (RemoteDesktop): GNOME and KDE on Wayland.

It owns the session and its keys. The desktop asks the user once whether Steno may type; it is asked at first use. Which
window has the focus and which keys are held cannot be seen. GNOME and KDE type only characters of the keyboard's active
layout, and leave out the others without a word: so a text is typed only where every layout has all of it.

Facts: the interface org.freedesktop.portal.RemoteDesktop, versions 1 and 2, as xdg-desktop-portal publishes it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from clients.desktop import keysyms, portal, wayland_keymap, wayland_socket
from clients.desktop.portal import Options, Portal
from clients.desktop.unknown_desktop import UnknownDesktop
from clients.desktop.window import Desktop
from clients.typist.backend import About, Key, Outcome, Place, Probe
from clients.typist.backends.pieces import press_in_groups, type_in_pieces
from pipeline import paths
from pipeline.errors import StenoError

INTERFACE = "org.freedesktop.portal.RemoteDesktop"
KEYBOARD = 1
UNTIL_REVOKED = 2
RESTORE_SINCE = 2
"""Version of the interface."""
TOKEN_FILE = "portal-restore-token"
DOWN, UP = 1, 0
STROKES: dict[Key, list[tuple[int, int]]] = {
    "enter": [(keysyms.RETURN, DOWN), (keysyms.RETURN, UP)],
    "shift+enter": [
        (keysyms.SHIFT_LEFT, DOWN),
        (keysyms.RETURN, DOWN),
        (keysyms.RETURN, UP),
        (keysyms.SHIFT_LEFT, UP),
    ],
    "backspace": [(keysyms.BACKSPACE, DOWN), (keysyms.BACKSPACE, UP)],
}
KEYS = {"enter": keysyms.RETURN, "insert": keysyms.INSERT}
CLOSED = "the desktop has ended the session in which Steno may type"


class PortalBackend:
    """The RemoteDesktop portal of one session."""

    name = "portal"

    def __init__(self, environ: Mapping[str, str], desktop: Desktop | None = None) -> None:
        self._environ = environ
        self._desktop = desktop or UnknownDesktop("Wayland")
        self._token = paths.cache_dir(environ) / TOKEN_FILE
        self._portal: Portal | None = None
        self._session = ""
        self._arrived = 0
        """Strokes of the piece that failed which were answered before."""

    def probe(self) -> Probe:
        """Whether the desktop has this portal; no dialog comes of it."""
        try:
            found = portal.properties(self._environ, INTERFACE)
        except StenoError as error:
            return Probe(False, error.message, error.hint, exact=False)
        if not found.get("version") or not int(found.get("AvailableDeviceTypes", 0)) & KEYBOARD:
            return Probe(False, "this desktop's portal does not let programs type", portal.PACKAGES, exact=False)
        text = (
            f"the desktop's portal, version {found['version']}: it asks you once; neither focus nor modifiers are seen"
        )
        return Probe(True, text, exact=False)

    def type(self, text: str, place: Place, about: About) -> Outcome:
        """Type it word by word; the first time, the desktop may ask the user first."""
        if wrong := untypeable(text, self._environ) or self._opened():
            return Outcome(0, "failed", wrong)
        outcome = type_in_pieces(text, place, about, self._desktop, self._send)
        return Outcome(outcome.done + self._arrived // 2, outcome.stopped, outcome.detail)

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        """Press a key so many times."""
        if wrong := self._opened():
            return Outcome(0, "failed", wrong)
        stroke = STROKES[key]
        outcome = press_in_groups(count, place, self._desktop, lambda times: self._strike(stroke * times))
        return Outcome(outcome.done + self._arrived // len(stroke), outcome.stopped, outcome.detail)

    def chord(self, keys: str, place: Place) -> Outcome:
        """Press keys together, such as `ctrl+shift+v`."""
        *held, last = keys.lower().split("+")
        down = [keysyms.MODIFIERS[name] for name in held if name in keysyms.MODIFIERS]
        key = KEYS.get(last) or (keysyms.of_character(last) if len(last) == 1 else 0)
        if not key or len(down) < len(held):
            return Outcome(0, "failed", f"the portal cannot press {keys}")
        if wrong := self._opened():
            return Outcome(0, "failed", wrong)
        all_keys = [*down, key]
        stroke = [*((each, DOWN) for each in all_keys), *((each, UP) for each in reversed(all_keys))]
        return press_in_groups(1, place, self._desktop, lambda times: self._strike(stroke))

    def close(self) -> None:
        """End the session."""
        if self._portal is not None:
            self._portal.close()
        self._portal = None

    def _send(self, piece: str) -> str:
        return self._strike([(keysyms.of_character(character), state) for character in piece for state in (DOWN, UP)])

    def _strike(self, strokes: list[tuple[int, int]]) -> str:
        """Send strokes one after the other; returns what went wrong.

        If it fails, or this process is killed, between a key's press and its release: the session ends with the
        connection, and the desktop lets its keys come up.
        """
        self._arrived = 0
        if self._portal is None:
            return CLOSED
        options: Options = {}
        try:
            if self._portal.is_closed(self._session):
                return self._lost(CLOSED)
            for keysym, state in strokes:
                body = (self._session, options, keysym, state)
                self._portal.call(INTERFACE, "NotifyKeyboardKeysym", "oa{sv}iu", body)
                self._arrived += 1
        except StenoError as error:
            return self._lost(error.message)
        self._arrived = 0
        return ""

    def _lost(self, why: str) -> str:
        # Whoever ended the session did not want it: the desktop is to ask again.
        with suppress(OSError):
            self._token.unlink(missing_ok=True)
        self.close()
        return why

    def _opened(self) -> str:
        """Open the session if there is none; returns what went wrong."""
        self._arrived = 0
        if self._portal is not None:
            return ""
        try:
            self._portal = Portal(self._environ)
            self._session = self._started(self._portal, portal.version(self._environ, INTERFACE))
        except StenoError as error:
            self.close()
            return str(error)
        return ""

    def _started(self, opened: Portal, version: int) -> str:
        """A session with a keyboard.

        Raises:
            StenoError: the portal or the user refuses.
        """
        session = opened.session(INTERFACE)
        options: Options = {"types": ("u", KEYBOARD)}
        if version >= RESTORE_SINCE:
            options["persist_mode"] = ("u", UNTIL_REVOKED)
            if token := _read(self._token):
                options["restore_token"] = ("s", token)
        opened.request(INTERFACE, "SelectDevices", "o", (session,), options, portal.ANSWER_S)
        granted = opened.request(INTERFACE, "Start", "os", (session, ""), {}, portal.USER_S)
        # A token is good for one session; the next comes with it.
        _write(self._token, str(granted.get("restore_token", "")))
        if not int(granted.get("devices", 0)) & KEYBOARD:
            raise StenoError("you did not allow Steno to type", "Ask again, and allow the keyboard in the dialog.")
        return session


def untypeable(text: str, environ: Mapping[str, str]) -> str:
    """Why the portal would leave characters of a text out; empty if it would not. The text itself is not told."""
    keymap = wayland_socket.keymap(environ)
    missing = wayland_keymap.missing(text, keymap) if keymap is not None else None
    if missing is None:
        return "the keyboard's layout cannot be seen (WAYLAND_DISPLAY), and the portal types only what is on it"
    if missing:
        count = sum(character in missing for character in text)
        return f"{count} of its characters are not on your keyboard's layouts, and this desktop types no others"
    return ""


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _write(file: Path, token: str) -> None:
    """Keep a token where nobody else reads it: it lets its holder type. Without one, the desktop asks every time."""
    with suppress(OSError):
        file.unlink(missing_ok=True)
        if token:
            file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                opened.write(token)
