"""Keyboard and mouse through pynput: the one file that knows it.

It owns loading pynput, the names of its keys, and threads that hear keys and buttons. It does not know what a key means
to Steno. pynput is loaded when it is asked for: it needs a display already when it is imported.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import StenoError

if TYPE_CHECKING:
    import pynput.keyboard

Hear = Callable[[str, bool, bool], None]
"""Called with the name of a key or button, whether it went down, and whether a program did it rather than a hand."""
LEFT = {"ctrl": "ctrl_l", "alt": "alt_l", "shift": "shift_l", "cmd": "cmd_l"}
"""pynput has one name for a left key and for either; what it hears by it is the left one."""
BUTTONS = {"x1": "x1", "button8": "x1", "x2": "x2", "button9": "x2", "middle": "middle"}
"""pynput's name of a mouse button (the numbered ones are X11's) -> ours behind `mouse:`."""
START_TIMEOUT_S = 5.0


def missing(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """Why pynput cannot work in this session, before it is loaded; empty if nothing is known against it."""
    if platform not in ("win32", "cygwin", "darwin") and not environ.get("DISPLAY"):
        return "there is no X display (DISPLAY is not set)"
    return ""


def keyboard_controller() -> pynput.keyboard.Controller:
    """What presses keys.

    Raises:
        StenoError: pynput is missing, or does not work here.
    """
    keyboard = _load("keyboard")
    try:
        controller: pynput.keyboard.Controller = keyboard.Controller()
    except Exception as error:  # pynput lets through whatever its platform raises
        raise _unusable(error) from None
    return controller


def tap(name: str) -> None:
    """Press a key and let it go; `name` as pynput has it, such as `caps_lock`.

    Raises:
        StenoError: as `keyboard_controller`.
    """
    keyboard_controller().tap(_load("keyboard").Key[name])


def accessible() -> bool:
    """Whether macOS lets this process hear and press keys; true elsewhere."""
    listener = _load("keyboard").Listener
    return bool(getattr(listener, "IS_TRUSTED", True))  # only pynput for macOS has it


class InputThreads:
    """Threads that hear keys and mouse buttons; they see them, and take them from nobody.

    Args:
        hear: called for each.
        mouse: hear mouse buttons too.
        died: called with the reason when a thread has ended that nobody closed.

    Raises:
        StenoError: pynput is missing, or does not work here.
    """

    def __init__(self, hear: Hear, mouse: bool, died: Callable[[StenoError], None]) -> None:
        self._hear = hear
        self._died = died
        self._closed = False
        self._threads: list[Any] = []
        try:
            self._start(_load("keyboard").Listener(on_press=self._pressed, on_release=self._released))
            if mouse:
                self._start(_load("mouse").Listener(on_click=self._clicked))
        except StenoError:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise _unusable(error) from None

    def _start(self, thread: Any) -> None:
        work = thread.run

        def run() -> None:
            reason = ""
            try:
                work()
            except Exception as error:
                reason = f" ({type(error).__name__})"
            if not self._closed:
                self._died(StenoError(f"pynput hears no keys any more{reason}", "Is the desktop session over?"))

        thread.run = run
        thread.start()
        self._threads.append(thread)
        # pynput's own wait has no end where its thread fails before it hears.
        ready = threading.Thread(target=thread.wait, daemon=True)
        ready.start()
        ready.join(START_TIMEOUT_S)
        if ready.is_alive():
            raise StenoError("pynput does not begin to hear", "See whether DISPLAY and XAUTHORITY are right.")

    def close(self) -> None:
        """End them."""
        self._closed = True
        for thread in self._threads:
            with contextlib.suppress(Exception):  # its connection may be gone
                thread.stop()

    def _pressed(self, key: Any, injected: bool = False) -> None:
        self._hear(name_of(key), True, injected)

    def _released(self, key: Any, injected: bool = False) -> None:
        self._hear(name_of(key), False, injected)

    def _clicked(self, _x: int, _y: int, button: Any, pressed: bool, injected: bool = False) -> None:
        self._hear(f"mouse:{BUTTONS.get(button.name, button.name)}", pressed, injected)


def name_of(key: Any) -> str:
    """Our name of one of pynput's keys: a `Key` with a name, a `KeyCode` with a character or only a number, or None."""
    name: str | None = getattr(key, "name", None)
    if name is not None:
        return LEFT.get(name, name)
    character: str | None = getattr(key, "char", None)
    number: int | None = getattr(key, "vk", None)
    if character and character.isprintable():
        return character.lower()
    if character and len(character) == 1 and ord(character) <= 26:
        return chr(ord(character) + 96)  # Ctrl is down, and the system made a control character of the letter
    return ISO_KEYS.get(number or 0, f"#{number}")


ISO_KEYS = {0xFE03: "alt_gr", 0xFF7E: "alt_gr"} if sys.platform.startswith("linux") else {}
"""Keysyms of AltGr (ISO_Level3_Shift, Mode_switch), of which pynput names only the second."""


def _load(module: str) -> types.ModuleType:
    """pynput's `keyboard` or `mouse`.

    Raises:
        StenoError: it cannot be loaded here.
    """
    if reason := missing():
        raise StenoError(f"pynput does not work here: {reason}", "Start it from a desktop session.")
    import importlib.util

    if importlib.util.find_spec("pynput") is None:
        raise StenoError("pynput is not installed", "pip install pynput")
    try:
        if module == "mouse":
            from pynput import mouse

            return mouse
        from pynput import keyboard
    except Exception as error:  # on import already it connects to the display
        raise _unusable(error) from None
    return keyboard


def _unusable(error: Exception) -> StenoError:
    lines = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return StenoError(f"pynput does not work here: {reason}", "See whether DISPLAY and XAUTHORITY are right.")
