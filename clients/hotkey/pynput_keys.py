"""Keys heard through pynput: on X11, Windows and macOS.

It owns which of them are handed on. It sees keys and takes them from nobody: the focused program gets them too.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping

from clients.desktop import desktops, input_library
from clients.hotkey.gestures import KeyEvent
from clients.hotkey.keys import CAPS_LOCK, MOUSE, Keys, covers, is_modifier
from clients.hotkey.listener import Callback, Death, Hearing
from pipeline.errors import StenoError


class PynputKeys:
    """A listener; see `clients.hotkey.listener`."""

    name = "pynput"
    swallows = False

    def __init__(self, environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> None:
        self._environ = environ
        self._platform = platform
        self._threads: input_library.InputThreads | None = None
        self._heard = 0
        self._own = 0
        """Events of CapsLock to come that are our own."""

    @property
    def heard(self) -> int:
        """Key events so far, of whatever key."""
        return self._heard

    def probe(self) -> Hearing:
        """Whether it can hear here."""
        desktop = desktops.kind(self._environ, self._platform)
        if desktop not in ("x11", "windows", "macos", "none"):
            return Hearing(
                False,
                f"on {desktops.NAMES[desktop]} it would hear only keys pressed in windows of X11 programs",
                "Bind the key in the desktop: steno hotkey --list shows the lines.",
            )
        if reason := input_library.missing(self._environ, self._platform):
            return Hearing(False, reason, "Start it from a desktop session.")
        try:
            if not input_library.accessible():
                return Hearing(
                    False,
                    "macOS does not let this program hear keys",
                    "Allow it under System Settings > Privacy & Security > Accessibility and > Input Monitoring, "
                    "then start it again.",
                )
        except StenoError as error:
            return Hearing(False, error.message, error.hint)
        return Hearing(True, "hears every key, and leaves it to the focused program too")

    def run(self, keys: Keys, callback: Callback) -> None:
        """Hear, on a thread of its own."""
        chords = [*keys.chords, *([keys.cancel] if keys.cancel else [])]
        wanted = {chord.key for chord in chords}
        if CAPS_LOCK in wanted:
            self._require_plain_caps_lock(keys)
        others = self._platform in ("win32", "darwin")  # elsewhere what Steno types looks like a key pressed by hand

        def hear(name: str, down: bool, injected: bool) -> None:
            at_ns = time.monotonic_ns()
            self._heard += 1
            if injected and not others:
                return  # told by pynput of a key that this process presses; the server tells of it too
            if name == CAPS_LOCK and self._own:
                self._own -= 1
                return
            if name == CAPS_LOCK and CAPS_LOCK in wanted and not down:
                self._tap_caps_lock()  # it has locked, or unlocked, when it went down
            known = is_modifier(name) or any(covers(key, name) for key in wanted)
            if known or (others and not injected and not name.startswith(MOUSE)):
                callback(KeyEvent(name, down, at_ns))

        mouse = any(key.startswith(MOUSE) for key in wanted)
        self._threads = input_library.InputThreads(hear, mouse, lambda error: callback(Death(error)))

    def _require_plain_caps_lock(self, keys: Keys) -> None:
        if self._platform == "darwin":
            raise StenoError(
                "macOS does not tell when CapsLock is let go", "Choose another key in hotkey.bindings, such as cmd_r."
            )
        if any(chord.key == CAPS_LOCK and chord.modifiers for chord in keys.chords):
            raise StenoError("pynput can have CapsLock only alone", "Bind caps_lock without other keys.")

    def listening(self, on: bool) -> None:
        """Nothing: no key is taken from others."""

    def replay(self, key: str) -> None:
        """Press it again: what it did was undone when it was let go."""
        if key == CAPS_LOCK:
            self._tap_caps_lock()

    def _tap_caps_lock(self) -> None:
        self._own += 2
        input_library.tap(CAPS_LOCK)

    def held(self) -> frozenset[str] | None:
        """It cannot be asked."""
        return None

    def close(self) -> None:
        """Hear no more."""
        if self._threads is not None:
            self._threads.close()
            self._threads = None
