"""Another client of the X server, which does what a person does: holds keys, changes the focus, sets the layout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clients.desktop.window import Window
from clients.desktop.x11_library import X, open_display
from clients.desktop.x11_settling import Settling
from clients.desktop.x11_windows import Windows, name_of_window
from clients.typist.backend import Place
from clients.typist.backends.x11 import X11Backend
from tests.system.screen import Field, Screen
from tests.system.sound_server import until

ROOT = Path(__file__).parents[2]
KEYCODES = {"ctrl": 37, "shift": 50, "alt": 64, "super": 133}
"""Of a PC keyboard, as Xvfb has it."""
FOCUSER = """
    import sys, time
    from Xlib import X, display
    server = display.Display(sys.argv[1])
    for line in sys.stdin:
        delay, window = line.split()
        time.sleep(float(delay))
        server.set_input_focus(int(window), X.RevertToParent, X.CurrentTime)
        server.sync()
        print("done", flush=True)
"""


class Person:
    """A connection of its own to a screen."""

    def __init__(self, screen: Screen) -> None:
        self.display = open_display(screen.environ["DISPLAY"])
        self.windows = Windows(self.display)
        self._settling = Settling(self.display, self.windows, lambda found: None)

    def press(self, code: int) -> None:
        self.display.xtest_fake_input(X.KeyPress, code)
        self.display.sync()

    def release(self, code: int) -> None:
        self.display.xtest_fake_input(X.KeyRelease, code)
        self.display.sync()

    def tap(self, code: int) -> None:
        self.press(code)
        self.release(code)

    def keys_down(self) -> list[int]:
        """Keycodes that the server holds for pressed."""
        bits = int.from_bytes(bytes(self.display.query_keymap()), "little")
        return [code for code in range(256) if bits >> code & 1]

    def grab_keyboard(self) -> None:
        """Take the keyboard from every window, as a menu does."""
        root = self.display.screen().root
        assert root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime) == X.GrabSuccess

    def ungrab_keyboard(self) -> None:
        self.display.ungrab_keyboard(X.CurrentTime)
        self.display.sync()

    def keyboard(self) -> list[tuple[int, ...]]:
        """What each keycode gives."""
        return [tuple(row) for row in self.display.get_keyboard_mapping(8, 248)]

    def fill_keyboard(self) -> None:
        """Give every keycode without keysyms some that cannot be typed."""
        for code, row in enumerate(self.keyboard(), 8):
            if not any(row):
                self.display.change_keyboard_mapping(code, [[0xFFC9, 0xFFCA]])
        self.display.sync()

    def caps_lock(self, on: bool) -> None:
        if bool(self.display.screen().root.query_pointer().mask & X.LockMask) != on:
            self.tap(66)

    def focused(self) -> int:
        focus = self.display.get_input_focus().focus
        return self.windows.client(focus if isinstance(focus, int) else focus.id)

    def focus(self, field: Field) -> Window:
        """Give a field the focus, wait until the server has it so, and name its window."""
        field.focus()
        until(lambda: self.focused() == field.id, 10)
        return Window(name_of_window(field.id))

    def set_focus(self, field: Field) -> None:
        """Give a field the focus as a program does, at once."""
        self.display.set_input_focus(field.id, X.RevertToParent, X.CurrentTime)
        self.display.sync()

    def read(self, field: Field) -> str:
        """The text of a field, once its program has read all keys sent so far and has written them down."""
        assert self._settling.wait(field.id, 20)
        before, now = None, field.text()
        while before != now:
            time.sleep(0.03)
            before, now = now, field.text()
        return now


@contextmanager
def focuser(screen: Screen) -> Iterator[subprocess.Popen[str]]:
    """A process that moves the focus: give it a line `SECONDS WINDOW`, read `done`."""
    line = [sys.executable, "-c", textwrap.dedent(FOCUSER), screen.environ["DISPLAY"]]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield process
        process.kill()


@contextmanager
def burning(count: int) -> Iterator[None]:
    """So many processes that compute without end."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def killed_while_typing(screen: Screen, text: str, window: Window, after_s: float) -> None:
    """A process of its own types, and is killed so long after it began."""
    child = os.fork()
    if not child:
        try:
            X11Backend(screen.environ["DISPLAY"]).type(text, Place(window), lambda sent: None)
        finally:
            os._exit(0)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
