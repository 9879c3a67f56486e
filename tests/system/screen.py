"""An X screen of its own for a test: Xvfb, a window manager, and windows that write down what is typed into them."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.system.field import RAW_CAT, FieldOfText
from tests.system.sound_server import until

PACKAGES = "xvfb openbox xterm xdotool x11-xkb-utils python3-gi gir1.2-gtk-3.0"
PROGRAMS = ("Xvfb", "openbox", "xterm", "xdotool", "setxkbmap")
GTK_PYTHON = "/usr/bin/python3"
"""Debian's own Python, for which Debian packages GTK."""
GTK_FIELD = Path(__file__).with_name("gtk_field.py")


class Field(FieldOfText):
    """A window with one field for text; `text` is what has arrived in it."""

    def __init__(self, screen: Screen, title: str, file: Path, process: subprocess.Popen[Any]) -> None:
        super().__init__(title, file, process)
        self._screen = screen
        until(lambda: bool(screen.search(title)), 10)
        self.id = int(screen.search(title)[0])
        """The X window that a window manager knows."""

    def focus(self) -> None:
        """Give it the focus, and wait until it has it."""
        self._screen.run("xdotool", "windowactivate", "--sync", str(self.id))
        until(lambda: self._screen.run("xdotool", "getactivewindow", check=False).strip() == str(self.id), 5)


class Screen:
    """A running X server with a window manager; `environ` is what a child process needs to use it."""

    def __init__(self, directory: Path, environ: dict[str, str] | None = None) -> None:
        require_packages()
        kept = os.environ if environ is None else environ
        self.environ = {k: v for k, v in kept.items() if not k.startswith(("WAYLAND_", "DBUS_", "GTK_", "QT_"))} | {
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "XMODIFIERS": "@im=none",
            "XDG_SESSION_TYPE": "x11",
            "NO_AT_BRIDGE": "1",
        }
        self._directory = directory
        self._count = itertools.count(1)
        self._processes: list[subprocess.Popen[Any]] = []
        reader, writer = os.pipe()
        line = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]
        self.server = self._start(line, pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as numbers:
            self.environ["DISPLAY"] = f":{numbers.readline().strip()}"
        self.layout("us")
        self._start(["openbox"])
        until(
            lambda: "openbox" in self.run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK", check=False) or self._wm(), 10
        )

    def _wm(self) -> bool:
        return "window id" in self.run("xprop", "-root", "_NET_SUPPORTING_WM_CHECK", check=False)

    def _start(self, line: list[str], **options: Any) -> subprocess.Popen[Any]:
        log = (self._directory / "screen.log").open("ab")
        with log:
            process = subprocess.Popen(
                line, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options
            )
        self._processes.append(process)
        return process

    def run(self, *line: str, check: bool = True) -> str:
        """Run a program on this screen; its output."""
        done = subprocess.run(line, env=self.environ, capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode == 0 or not check, (line, done.stderr)
        return done.stdout

    def search(self, title: str) -> list[str]:
        """Ids of the windows with this title."""
        return self.run("xdotool", "search", "--name", f"^{title}$", check=False).split()

    def layout(self, *names: str) -> None:
        """Set the keyboard's layouts: `us`, `de`, or `us` and `ru`; Dvorak is `us(dvorak)`."""
        layouts, variants = [], []
        for name in names:
            layout, _, variant = name.partition("(")
            layouts.append(layout)
            variants.append(variant.rstrip(")"))
        self.run("setxkbmap", "-layout", ",".join(layouts), "-variant", ",".join(variants))

    def xterm(self, command: str = RAW_CAT, *options: str, title: str = "") -> Field:
        """A terminal; `command` is run by sh in it, `{file}` is where it writes what is typed, `{file}.ready` when it
        can be typed into. Options are xterm's.
        """
        title, file = self._name("xterm", title)
        program = command.format(file=file)
        line = ["xterm", "-u8", "-T", title, "-xrm", "XTerm*allowTitleOps: false", *options, "-e", "sh", "-c", program]
        return Field(self, title, file, self._start(line))

    def gtk(self, *options: str, title: str = "") -> Field:
        """A GTK 3 entry; options are those of gtk_field.py."""
        title, file = self._name("gtk", title)
        return Field(self, title, file, self._start([GTK_PYTHON, str(GTK_FIELD), title, str(file), *options]))

    def _name(self, kind: str, title: str) -> tuple[str, Path]:
        name = f"{kind}{next(self._count)}"
        return title or name, self._directory / f"{name}.txt"

    def close(self) -> None:
        """End everything on it, and it."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()


def require_packages() -> None:
    """Fail, naming what to install: a system test never passes by not running."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    probe = [GTK_PYTHON, "-c", "import gi; gi.require_version('Gtk', '3.0')"]
    if sys.platform != "linux" or subprocess.run(probe, capture_output=True, check=False).returncode:
        missing.append("GTK 3 for Python")
    if missing:
        pytest.fail(f"missing: {', '.join(missing)}. Run `make test-system`, or: apt-get install {PACKAGES}")
