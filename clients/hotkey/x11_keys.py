"""Keys of an X server: heard as raw events, and taken from the focused program by grabs.

It owns the connection and its thread. Raw events (X Input Extension 2.2, section 4.4 of XI2proto) come once for a press
and once for a release, without repetitions, whichever program has grabbed the keyboard. The grabs are in
`clients.hotkey.x11_grabs`; what a key means is not known here.
"""

from __future__ import annotations

import os
import queue
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from clients.desktop import desktops
from clients.hotkey.gestures import KeyEvent
from clients.hotkey.keys import CAPS_LOCK, Keys
from clients.hotkey.listener import Callback, Death, Hearing
from clients.hotkey.x11_names import BUTTONS, moment_ns
from pipeline.errors import StenoError

if TYPE_CHECKING:
    from clients.hotkey.x11_grabs import Grabs

KEY_PRESS, KEY_RELEASE, BUTTON_RELEASE, MAPPING, GENERIC = 2, 3, 5, 34, 35
"""Numbers of core events."""
RAW_KEY_PRESS, RAW_KEY_RELEASE, RAW_BUTTON_PRESS, RAW_BUTTON_RELEASE = 13, 14, 15, 16
ALL_MASTERS = 1
RAW = struct.Struct("=HIIHHI")
"""Of a raw event, behind its type: device, time, keycode or button, device that it came from, values, flags."""
MAPPING_KEYBOARD = 1
ANSWER_TIMEOUT_S = 1.0


class X11Keys:
    """A listener; see `clients.hotkey.listener`."""

    name = "x11"
    swallows = True

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._display: Any = None
        self._grabs: Grabs | None = None
        self._thread: threading.Thread | None = None
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake, self._woken = socket.socketpair()
        self._closing = False
        self._heard = 0
        self._down: set[str] = set()
        self._typists: frozenset[int] = frozenset()
        """Devices by which programs press keys."""
        self._own: dict[int, int] = {}
        """Keycode -> how many events of it are our own."""

    @property
    def heard(self) -> int:
        """Key events so far, of whatever key."""
        return self._heard

    def probe(self) -> Hearing:
        """Whether it can hear here."""
        desktop = desktops.kind(self._environ)
        if desktop not in ("x11", "none"):
            return Hearing(
                False,
                f"on {desktops.NAMES[desktop]} it would hear only keys pressed in windows of X11 programs",
                "Bind the key in the desktop: steno hotkey --list shows the lines.",
            )
        if not self._environ.get("DISPLAY"):
            return Hearing(False, "there is no X display (DISPLAY is not set)", "Start it from a desktop session.")
        try:
            self._connect().close()
        except StenoError as error:
            return Hearing(False, error.message, error.hint)
        return Hearing(True, "takes the keys that are bound, so that the focused program does not get them")

    def run(self, keys: Keys, callback: Callback) -> None:
        """Hear, on a thread of its own."""
        from clients.hotkey.x11_grabs import Grabs
        from clients.hotkey.x11_requests import test_devices

        self._display = self._connect()
        try:
            self._grabs = Grabs(self._display, keys)
            self._typists = test_devices(self._display)
            masters = sum(1 << kind for kind in (RAW_KEY_PRESS, RAW_KEY_RELEASE, RAW_BUTTON_PRESS, RAW_BUTTON_RELEASE))
            self._display.screen().root.xinput_select_events([(ALL_MASTERS, masters)])
            self._display.sync()
        except StenoError:
            self._display.close()
            raise
        self._thread = threading.Thread(target=self._work, args=(callback,), daemon=True, name="x11-keys")
        self._thread.start()

    def listening(self, on: bool) -> None:
        """Take the cancel key, or leave it to others."""
        self._ask(lambda: self._held_grabs().cancel_key(on))

    def replay(self, key: str) -> None:
        """Have a key that was taken from others do what it does without Steno."""

        def work() -> None:
            for code in self._held_grabs().replay(key):
                self._own[code] = self._own.get(code, 0) + 1

        self._ask(work)

    def held(self) -> frozenset[str] | None:
        """Keys that are down now. Of mouse buttons X tells only the first five; the others are believed."""
        answer: queue.SimpleQueue[frozenset[str]] = queue.SimpleQueue()
        self._ask(lambda: answer.put(self._forget_lost()))
        try:
            return answer.get(timeout=ANSWER_TIMEOUT_S)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Hear no more, and give the keys back."""
        if self._thread is None:
            return
        self._closing = True
        self._wake.send(b"\0")
        self._thread.join(ANSWER_TIMEOUT_S)
        self._thread = None

    def _connect(self) -> Any:
        from clients.hotkey.x11_requests import open_connection

        return open_connection(self._environ.get("DISPLAY"))

    def _held_grabs(self) -> Grabs:
        assert self._grabs is not None
        return self._grabs

    def _ask(self, job: Callable[[], None]) -> None:
        """Have the thread do this: the connection is its own."""
        self._jobs.put(job)
        self._wake.send(b"\0")

    def _work(self, callback: Callback) -> None:
        try:
            while not self._closing:
                while self._display.pending_events():
                    self._event(self._display.next_event(), callback)
                if not self._jobs.empty():
                    self._jobs.get()()
                    continue
                ready, _, _ = select.select([self._display.fileno(), self._woken], [], [])
                if self._woken in ready:
                    self._woken.recv(4096)
            self._held_grabs().close()
            self._display.close()
        except StenoError as error:
            callback(Death(error))
        except Exception as error:  # python-xlib raises many things when a server goes away
            if not self._closing:
                name = self._environ.get("DISPLAY", "")
                callback(
                    Death(
                        StenoError(
                            f"the X server {name} is gone: no key is heard any more ({type(error).__name__})",
                            "Start steno hotkey again in the new session.",
                        )
                    )
                )

    def _event(self, event: Any, callback: Callback) -> None:
        """One event of the server."""
        grabs = self._held_grabs()
        if event.type == GENERIC:
            _, server_ms, detail, source, _, _ = RAW.unpack_from(event.data)
            self._raw(event.evtype, detail, server_ms, source in self._typists, callback)
        elif event.type == KEY_PRESS:
            grabs.activated(event.detail, event.state)
        elif event.type == KEY_RELEASE:
            self._change(grabs.names.name(event.detail), False, event.time, callback)
        elif event.type == BUTTON_RELEASE:
            self._button(event.detail, False, event.time, callback)
        elif event.type == MAPPING:
            self._display.refresh_keyboard_mapping(event)
            changed = range(event.first_keycode, event.first_keycode + event.count)
            if event.request != MAPPING_KEYBOARD or any(code in changed for code in grabs.keycodes):
                grabs.renew()

    def _raw(self, kind: int, detail: int, server_ms: int, typed: bool, callback: Callback) -> None:
        self._heard += 1
        if kind in (RAW_BUTTON_PRESS, RAW_BUTTON_RELEASE):
            self._button(detail, kind == RAW_BUTTON_PRESS, server_ms, callback)
            return
        if self._own.get(detail):
            self._own[detail] -= 1
            return
        grabs = self._held_grabs()
        if typed and detail not in grabs.keycodes:
            return  # most likely Steno's own typist: no hand that used a bound modifier as one
        name, down = grabs.names.name(detail), kind == RAW_KEY_PRESS
        if down and detail in grabs.keycodes:
            for lost in self._down - self._really_down() - {name}:
                self._change(lost, False, server_ms, callback)
        self._change(name, down, server_ms, callback)

    def _button(self, number: int, down: bool, server_ms: int, callback: Callback) -> None:
        for name, button in BUTTONS.items():
            if button == number:
                self._change(name, down, server_ms, callback)

    def _change(self, name: str, down: bool, server_ms: int, callback: Callback) -> None:
        if down is (name in self._down):
            return  # the grab's own event, after the raw one
        if name == CAPS_LOCK and not down:
            self._held_grabs().unlock()
        (self._down.add if down else self._down.discard)(name)
        callback(KeyEvent(name, down, moment_ns(server_ms, time.monotonic_ns())))

    def _forget_lost(self) -> frozenset[str]:
        really = self._really_down()
        self._down &= really
        return really

    def _really_down(self) -> frozenset[str]:
        bits = bytes(self._display.query_keymap())
        codes = [code for code in range(256) if bits[code // 8] >> code % 8 & 1]
        names = self._held_grabs().names
        return frozenset({names.name(code) for code in codes} | (self._down & set(BUTTONS)))
