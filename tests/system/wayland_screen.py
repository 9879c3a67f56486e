"""A Wayland screen of its own for a test: sway without a display, and terminals that write down what is typed."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.field import RAW_CAT, FieldOfText
from tests.system.sound_server import until

PACKAGES = "sway foot wtype wl-clipboard"
PROGRAMS = ("sway", "swaymsg", "foot", "wtype", "wl-copy", "wl-paste", "setpriv")
CONFIG = "output HEADLESS-1 resolution 1280x800\nxwayland disable\n"
NOBODY = 65534


class WaylandField(FieldOfText):
    """A terminal's window; `text` is what has arrived in it."""

    def __init__(self, screen: WaylandScreen, title: str, file: Path, process: subprocess.Popen[Any]) -> None:
        super().__init__(title, file, process)
        self._screen = screen
        until(lambda: screen.window(title) is not None, 10)
        self.id = int((screen.window(title) or {})["id"])
        """The number of its container in sway's tree."""

    def focus(self) -> None:
        """Give it the focus, and wait until it has it."""
        self._screen.run("swaymsg", f"[con_id={self.id}] focus")
        until(lambda: bool((self._screen.window(self.title) or {}).get("focused")), 5)


class WaylandScreen:
    """A running sway; `environ` is what a child process needs to use it."""

    def __init__(self) -> None:
        require_packages()
        # Short, for the names of sockets; and of its own, for sway may belong to another user than the test.
        self.runtime = Path(tempfile.mkdtemp(prefix="steno-w"))
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("WAYLAND_", "DBUS_", "GTK_", "QT_", "SWAY"))}
        kept.pop("DISPLAY", None)
        self.environ = kept | {
            "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_SESSION_TYPE": "wayland",
            "XDG_CURRENT_DESKTOP": "sway",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
        }
        self._count = itertools.count(1)
        self._processes: list[subprocess.Popen[Any]] = []
        self._files = self.runtime / "files"
        self._files.mkdir()
        (self.runtime / "config").write_text(CONFIG)
        headless = {"WLR_BACKENDS": "headless", "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1"}
        line = ["sway", "-c", str(self.runtime / "config")]
        if os.getuid() == 0:
            # sway refuses to run as root, as which tests run in a container.
            os.chown(self.runtime, NOBODY, NOBODY)
            line = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *line]
        self.server = self._start(line, self.environ | headless | {"HOME": str(self.runtime)})
        until(lambda: self._socket("sway-ipc.*.sock") is not None and self._socket("wayland-?") is not None, 20)
        self.environ["SWAYSOCK"] = str(self._socket("sway-ipc.*.sock"))
        self.environ["WAYLAND_DISPLAY"] = (self._socket("wayland-?") or Path()).name
        until(lambda: bool(self.run("swaymsg", "-t", "get_outputs", check=False)), 10)
        # A desktop has a keyboard that stays. Without one, each that comes and goes is news to every program.
        self._start(["wtype", "-s", "3600000"], self.environ)
        until(lambda: '"type": "keyboard"' in self.run("swaymsg", "-t", "get_inputs"), 10)

    def _socket(self, pattern: str) -> Path | None:
        return next(self.runtime.glob(pattern), None)

    def _start(self, line: list[str], environ: dict[str, str]) -> subprocess.Popen[Any]:
        with (self.runtime / "screen.log").open("ab") as log:
            process = subprocess.Popen(line, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._processes.append(process)
        return process

    def run(self, *line: str, check: bool = True) -> str:
        """Run a program on this screen; its output."""
        done = subprocess.run(line, env=self.environ, capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode == 0 or not check, (line, done.stderr)
        return done.stdout

    def window(self, title: str) -> dict[str, Any] | None:
        """What sway's tree says of the window with this title."""
        return next((w for w in _nodes(json.loads(self.run("swaymsg", "-t", "get_tree"))) if w["name"] == title), None)

    def foot(self, command: str = RAW_CAT) -> WaylandField:
        """A terminal; `command` is run by sh in it, `{file}` is where it writes what is typed, `{file}.ready` when it
        can be typed into. A new one has the focus.
        """
        title = f"foot{next(self._count)}"
        file = self._files / f"{title}.txt"
        program = command.format(file=file)
        line = ["foot", "--config=/dev/null", "-o", "locked-title=yes", "-T", title, "sh", "-c", program]
        return WaylandField(self, title, file, self._start(line, self.environ))

    def close(self) -> None:
        """End everything on it, and it."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        shutil.rmtree(self.runtime, ignore_errors=True)


def _nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for child in (*tree["nodes"], *tree["floating_nodes"]):
        yield from _nodes(child)


def require_packages() -> None:
    """Fail, naming what to install: a system test never passes by not running."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if sys.platform != "linux" or missing:
        pytest.fail(f"missing: {', '.join(missing)}. Run `make test-system`, or: apt-get install {PACKAGES}")
