"""Keys read from the keyboards themselves, in /dev/input: the one file that knows evdev.

It owns the kernel's numbers of keys, and which devices are read. Whoever may read them sees every key of every program,
passwords too, so it is used only where somebody asked for it by name. It sees keys and takes them from nobody, on X11
and on Wayland alike. Letters are those of a US keyboard: the kernel knows places, not layouts.

Facts: linux/input-event-codes.h; Documentation/input/event-codes.rst.
"""

from __future__ import annotations

import os
import re
import select
import struct
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clients.hotkey.gestures import KeyEvent
from clients.hotkey.keys import Keys
from clients.hotkey.listener import Callback, Death, Hearing
from pipeline.errors import StenoError

INPUT = Path("/dev/input")
EV_KEY = 1
UP, DOWN = 0, 1
EVIOCSCLOCKID = 0x400445A0
"""_IOW('E', 0xa0, int), linux/input.h: by which clock the moments of events are."""
KEY_A = 30
LOOK_S = 5.0
"""So often new keyboards are looked for."""
TYPISTS = ("dotool", "ydotool")
"""Names of devices by which programs type; what begins so is no keyboard."""
RISK = "every program that you run may then read all that is typed on this machine, passwords too"
_ROWS = {2: "1234567890-=", 16: "qwertyuiop[]", 30: "asdfghjkl;'`", 43: "\\zxcvbnm,./"}
_NAMED = """
1 esc  14 backspace  15 tab  28 enter  29 ctrl_l  42 shift_l  54 shift_r  56 alt_l  57 space  58 caps_lock
69 num_lock  70 scroll_lock  87 f11  88 f12  97 ctrl_r  99 print_screen  100 alt_r  102 home  103 up  104 page_up
105 left  106 right  107 end  108 down  109 page_down  110 insert  111 delete  113 media_volume_mute
114 media_volume_down  115 media_volume_up  119 pause  125 cmd_l  126 cmd_r  127 menu  139 menu  163 media_next
164 media_play_pause  165 media_previous  166 media_stop  274 mouse:middle  275 mouse:x1  276 mouse:x2
"""
CODES: dict[int, str] = {
    **{first + place: character for first, row in _ROWS.items() for place, character in enumerate(row)},
    **{59 + number: f"f{number + 1}" for number in range(10)},
    **{183 + number: f"f{number + 13}" for number in range(12)},
    **{int(number): name for number, name in re.findall(r"(\d+) (\S+)", _NAMED)},
}
"""The kernel's number of a key or button -> our name."""


def decode(kind: int, code: int, value: int, names: Iterable[str] = ()) -> tuple[str, bool] | None:
    """What an input event says: the key, and whether it went down; None if it is no press and no release.

    Args:
        kind: type of the event; only EV_KEY is of keys.
        code: number of the key.
        value: 0 for up, 1 for down, 2 for a repetition.
        names: those that are bound: right Alt is called `alt_gr` if that is among them.
    """
    if kind != EV_KEY or value not in (UP, DOWN):
        return None
    name = CODES.get(code, f"#{code}")
    return "alt_gr" if name == "alt_r" and "alt_gr" in names else name, value == DOWN


class EvdevKeys:
    """A listener; see `clients.hotkey.listener`."""

    name = "evdev"
    swallows = False

    def __init__(self, folder: Path = INPUT) -> None:
        self._folder = folder
        self._devices: dict[str, Any] = {}
        self._names: frozenset[str] = frozenset()
        self._wake = (-1, -1)
        self._thread: threading.Thread | None = None
        self._heard = 0

    @property
    def heard(self) -> int:
        """Key events so far, of whatever key."""
        return self._heard

    def probe(self) -> Hearing:
        """Whether it can hear here."""
        import importlib.util

        if importlib.util.find_spec("evdev") is None:
            return Hearing(False, "evdev is not installed (it is for Linux alone)", "pip install evdev")
        found = sorted(self._folder.glob("event*")) if self._folder.is_dir() else []
        if not found:
            hint = "In a container the machine's devices are missing; elsewhere see whether a keyboard is connected."
            return Hearing(False, f"there are no input devices in {self._folder}", hint)
        readable = [path for path in found if os.access(path, os.R_OK)]
        if not readable:
            text = f"none of the {len(found)} devices in {self._folder} may be read"
            return Hearing(False, text, f"sudo usermod -aG input $USER, then log in again. Beware: {RISK}.")
        keyboards = self._open(readable)
        names = ", ".join(sorted(device.name for device in keyboards.values()))
        for device in keyboards.values():
            device.close()
        if not keyboards:
            return Hearing(False, f"no keyboard among the devices in {self._folder}", "Is one connected?")
        return Hearing(True, f"reads {names}, and leaves the keys to the focused program too")

    def run(self, keys: Keys, callback: Callback) -> None:
        """Hear, on a thread of its own."""
        self._names = frozenset(name for chord in keys.chords for name in (chord.key, *chord.modifiers))
        self._look()
        if not self._devices:
            found = self.probe()
            raise StenoError(f"evdev: {found.text}", found.hint)
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._work, args=(callback,), daemon=True, name="evdev-keys")
        self._thread.start()

    def listening(self, on: bool) -> None:
        """Nothing: no key is taken from others."""

    def replay(self, key: str) -> None:
        """Nothing: no key was taken from others."""

    def held(self) -> frozenset[str] | None:
        """Keys that are down now."""
        codes: list[int] = []
        for device in list(self._devices.values()):
            try:
                codes += device.active_keys()
            except OSError:
                continue  # unplugged: none of its keys is down
        found = (decode(EV_KEY, code, DOWN, self._names) for code in codes)
        return frozenset(key[0] for key in found if key is not None)

    def close(self) -> None:
        """Hear no more."""
        if self._thread is not None:
            os.write(self._wake[1], b"\0")
            self._thread.join()
            for end in self._wake:
                os.close(end)
            self._thread = None

    def _open(self, paths: Iterable[Path]) -> dict[str, Any]:
        """Those of the devices that have keys to bind."""
        import evdev

        found: dict[str, Any] = {}
        for path in paths:
            try:
                device = evdev.InputDevice(str(path))
                keys = set(device.capabilities().get(EV_KEY, ()))
            except OSError:
                continue
            if keys & {KEY_A, 0x112, 0x113} and not device.name.lower().startswith(TYPISTS):
                found[str(path)] = device
            else:
                device.close()
        return found

    def _look(self) -> None:
        """Open what is new."""
        import fcntl

        new = [path for path in self._folder.glob("event*") if str(path) not in self._devices]
        for path, device in self._open(path for path in new if os.access(path, os.R_OK)).items():
            fcntl.ioctl(device.fd, EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))
            self._devices[path] = device

    def _work(self, callback: Callback) -> None:
        try:
            while True:
                ready, _, _ = select.select([self._wake[0], *self._devices.values()], [], [], LOOK_S)
                if self._wake[0] in ready:
                    break
                for device in ready:
                    self._read(device, callback)
                if not ready:
                    self._look()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            callback(
                Death(StenoError(f"the keyboards cannot be read any more ({reason})", "Start steno hotkey again."))
            )
        for device in self._devices.values():
            device.close()
        self._devices = {}

    def _read(self, device: Any, callback: Callback) -> None:
        try:
            events = list(device.read())
        except OSError:  # unplugged; `held` tells that its keys are up
            del self._devices[device.path]
            device.close()
            return
        for event in events:
            if (key := decode(event.type, event.code, event.value, self._names)) is not None:
                self._heard += 1
                callback(KeyEvent(*key, event.sec * 1_000_000_000 + event.usec * 1_000))
