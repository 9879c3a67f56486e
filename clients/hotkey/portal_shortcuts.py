"""Keys heard through the desktop's portal (GlobalShortcuts): GNOME from 48, KDE, Hyprland.

It owns the shortcuts' names and what the portal tells of them. The desktop shows the user a dialog once and decides
itself which keys they are: those of the bindings are a proposal. It tells of no other key, so a bare cancel key cannot
be heard: bound as a shortcut, it would be taken from every program at all times.

Facts: the interface org.freedesktop.portal.GlobalShortcuts, as xdg-desktop-portal publishes it, and the form of a
trigger in the XDG shortcuts specification 0.1.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Mapping
from typing import Any

from clients.desktop import portal
from clients.desktop.portal import Portal
from clients.hotkey.gestures import KeyEvent
from clients.hotkey.keys import MODIFIERS, MOUSE, Chord, Keys
from clients.hotkey.listener import Callback, Death, Hearing
from clients.hotkey.xkb_names import xkb_name
from pipeline.desktop_settings import Binding
from pipeline.errors import StenoError

INTERFACE = "org.freedesktop.portal.GlobalShortcuts"
CANCEL = "cancel"
TRIGGER_MODIFIERS = {"ctrl": "CTRL", "alt": "ALT", "shift": "SHIFT", "cmd": "LOGO"}


class PortalShortcuts:
    """The shortcuts of one run of `steno hotkey`."""

    name = "portal"
    swallows = True

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._heard = 0
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None
        self.triggers: dict[str, str] = {}
        """What the desktop calls the keys that it has bound: name of the shortcut -> text for people."""

    @property
    def heard(self) -> int:
        """How often a shortcut was pressed or let go."""
        return self._heard

    def probe(self) -> Hearing:
        """Whether the desktop has this portal; no dialog comes of it."""
        try:
            version = portal.version(self._environ, INTERFACE)
        except StenoError as error:
            return Hearing(False, error.message, error.hint)
        if not version:
            return Hearing(False, "this desktop's portal has no global shortcuts", portal.PACKAGES)
        return Hearing(True, f"global shortcuts of the desktop's portal, version {version}: it asks you which keys")

    def run(self, keys: Keys, callback: Callback) -> None:
        """Bind the shortcuts, which may show a dialog, and hear them on a thread of its own.

        Raises:
            StenoError: the portal or the user refuses.
        """
        chords = shortcuts(keys)
        opened = Portal(self._environ)
        try:
            opened.match(INTERFACE)
            session = opened.session(INTERFACE)
            wanted = [(name, _described(name, keys, chord)) for name, chord in chords.items()]
            body = (session, wanted, "")
            bound = opened.request(INTERFACE, "BindShortcuts", "oa(sa{sv})s", body, {}, portal.USER_S)
        except StenoError:
            opened.close()
            raise
        told = dict(bound.get("shortcuts", ()))
        self.triggers = {name: str(said.get("trigger_description", ("s", ""))[1]) for name, said in told.items()}
        self._wake = os.pipe()
        hear = (opened, session, chords, callback, self._wake[0])
        self._thread = threading.Thread(target=self._hear, args=hear, name="portal shortcuts", daemon=True)
        self._thread.start()

    def listening(self, on: bool) -> None:
        """The portal takes the same keys at all times."""

    def replay(self, key: str) -> None:
        """No key can be given back: programs never got it."""

    def held(self) -> frozenset[str] | None:
        """The portal does not tell."""
        return None

    def close(self) -> None:
        """End the session: its shortcuts work no more."""
        if self._wake is not None and self._thread is not None:
            os.write(self._wake[1], b"x")
            self._thread.join()
            for end in self._wake:
                os.close(end)
        self._wake = self._thread = None

    def _hear(self, opened: Portal, session: str, chords: dict[str, Chord], callback: Callback, wake: int) -> None:
        down: set[str] = set()
        try:
            while True:
                while (signal := opened.receive(0)) is not None:
                    if signal.interface == INTERFACE and signal.body[0] == session and signal.body[1] in chords:
                        self._told(signal.member, signal.body[1], chords, down, callback)
                    elif opened.is_closed(session):
                        raise StenoError("the desktop has ended Steno's shortcuts", "Start `steno hotkey` again.")
                if wake in select.select([opened.fileno(), wake], [], [])[0]:
                    return
        except StenoError as error:
            for name in down:
                self._send(chords[name], False, callback)
            callback(Death(error))
        finally:
            opened.close()

    def _told(self, member: str, name: str, chords: dict[str, Chord], down: set[str], callback: Callback) -> None:
        # Its time stamp counts from a moment that is not defined: when it came here is what is known.
        if member == "Activated":
            down.add(name)
            self._send(chords[name], True, callback)
        elif member == "Deactivated" and name in down:
            down.discard(name)
            self._send(chords[name], False, callback)

    def _send(self, chord: Chord, down: bool, callback: Callback) -> None:
        self._heard += 1
        at_ns = time.monotonic_ns()
        keys = [*sorted(_pressed(name) for name in chord.modifiers), _pressed(chord.key)]
        for key in keys if down else reversed(keys):
            callback(KeyEvent(key, down, at_ns))


def shortcuts(keys: Keys) -> dict[str, Chord]:
    """The shortcuts to bind. Their names stay the same from run to run, so that the desktop need not ask again."""
    found = {f"dictate-{_plain(chord)}": chord for chord in keys.chords}
    if keys.cancel is not None and keys.cancel.modifiers:
        found[CANCEL] = keys.cancel
    return found


def trigger(chord: Chord) -> str:
    """A chord as the XDG shortcuts specification writes it, such as `CTRL+ALT+d`; empty if it has no words for it."""
    if chord.key.startswith(MOUSE):
        return ""
    said = {name.partition("_")[0] for name in chord.modifiers if name != "alt_gr"}
    return "+".join([*(TRIGGER_MODIFIERS[name] for name in MODIFIERS if name in said), xkb_name(chord.key)])


def _described(name: str, keys: Keys, chord: Chord) -> dict[str, tuple[str, Any]]:
    text = "Steno: throw away what was said" if name == CANCEL else _purpose(keys.bindings[keys.chords.index(chord)])
    described = {"description": ("s", text)}
    if proposal := trigger(chord):
        described["preferred_trigger"] = ("s", proposal)
    return described


def _purpose(binding: Binding) -> str:
    how = {"hold": "while held", "toggle": "on and off", "auto": "while held, or tapped on and off"}[binding.action]
    return f"Steno: dictate {how}" + (f" ({binding.language})" if binding.language else "")


def _plain(chord: Chord) -> str:
    return str(chord).replace("+", "-").replace(":", "-")


def _pressed(name: str) -> str:
    """A key that the name means: of sided keys the left one."""
    return f"{name}_l" if name in MODIFIERS else name
