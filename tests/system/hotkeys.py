"""A user's keyboard on a screen, and `steno hotkey` beside a daemon that writes down what it is asked."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import Xlib.display
from Xlib import XK, X

from pipeline import commands
from tests.clients.fake_daemon import FakeDaemon
from tests.system.screen import Screen
from tests.system.sound_server import until

ROOT = Path(__file__).parents[2]
TAP_S, HOLD_S = 0.05, 0.35
LOCK = 2


class Keyboard:
    """A user's keyboard, mouse and lamps, by XTEST."""

    def __init__(self, screen: Screen) -> None:
        self._display = Xlib.display.Display(screen.environ["DISPLAY"])
        self.root = self._display.screen().root

    def code(self, name: str) -> int:
        return self._display.keysym_to_keycode(XK.string_to_keysym(name))

    def set(self, name: str, down: bool) -> None:
        self._display.xtest_fake_input(X.KeyPress if down else X.KeyRelease, self.code(name))
        self._display.sync()

    def press(self, name: str, seconds: float) -> None:
        self.set(name, True)
        time.sleep(seconds)
        self.set(name, False)

    def click(self, button: int, seconds: float) -> None:
        self._display.xtest_fake_input(X.ButtonPress, button)
        self._display.sync()
        time.sleep(seconds)
        self._display.xtest_fake_input(X.ButtonRelease, button)
        self._display.sync()

    def locked(self) -> bool:
        return bool(self.root.query_pointer().mask & LOCK)

    def repeats(self, name: str) -> bool:
        code = self.code(name)
        return bool(self._display.get_keyboard_control().auto_repeats[code // 8] >> code % 8 & 1)

    def grab(self, name: str) -> None:
        self.root.grab_key(self.code(name), X.AnyModifier, False, X.GrabModeAsync, X.GrabModeAsync)
        self._display.sync()


class Hotkeys:
    """Starts `steno hotkey` beside a fake daemon; `asked` is what came of it."""

    def __init__(self, screen: Screen, runtime: Path, directory: Path, daemon: FakeDaemon) -> None:
        self.screen, self.runtime, self.directory, self.daemon = screen, runtime, directory, daemon
        self.environ = {k: v for k, v in screen.environ.items() if not k.startswith("STENO_")} | {
            "STENO_RUNTIME_DIR": str(runtime),
            "STENO_FEEDBACK_SOUNDS": "false",
            "STENO_FEEDBACK_NOTIFICATIONS": "false",
            "XDG_CONFIG_HOME": str(directory / "config"),
            "PYTHONPATH": str(ROOT),
        }
        self.log = directory / "hotkey.log"
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str, config: str = "") -> subprocess.Popen[bytes]:
        folder = self.directory / "config" / "steno"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(config)
        line = [sys.executable, "-P", "-m", "clients.cli", "hotkey", *arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(line, env=self.environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        return self.process

    def ready(self, *arguments: str, config: str = "") -> None:
        """Start it, and wait until it hears and has found the daemon."""
        process = self.run(*arguments, config=config)
        until(lambda: process.poll() is not None or "daemon" in self.said().split("keys heard")[-1], 20)
        assert process.poll() is None, self.said()
        self.daemon.requests.clear()

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def asked(self) -> list[commands.AnyRequest]:
        return [request for request in self.daemon.requests if not isinstance(request, commands.Status)]

    def wait_for(self, count: int) -> list[commands.AnyRequest]:
        until(lambda: len(self.asked()) >= count, 10)
        time.sleep(0.05)
        assert len(self.asked()) == count, self.asked()
        return self.asked()

    def close(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(10)


def kinds(requests: list[commands.AnyRequest]) -> list[type]:
    return [type(request) for request in requests]


@pytest.fixture
def keyboard(screen: Screen) -> Keyboard:
    """The keyboard of the screen."""
    return Keyboard(screen)


@pytest.fixture
def hotkeys(screen: Screen, runtime: Path, tmp_path: Path) -> Iterator[Hotkeys]:
    """No `steno hotkey` yet, beside a fake daemon."""
    with FakeDaemon(runtime) as daemon:
        started = Hotkeys(screen, runtime, tmp_path, daemon)
        yield started
        if started.process is not None and started.process.poll() is None:
            started.process.kill()
            started.process.wait()
