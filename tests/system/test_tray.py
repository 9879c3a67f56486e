"""The tray icon in a real tray: trayer, on an X screen of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import commands, events
from tests.clients.fake_daemon import FakeDaemon
from tests.system.screen import Screen
from tests.system.sound_server import until

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
PACKAGES = "trayer"
ICON_CLASS = "^steno$"
RED, AMBER = (215, 45, 45), (225, 150, 20)


class Tray:
    """`steno tray` on a screen."""

    def __init__(self, screen: Screen, runtime: Path, directory: Path) -> None:
        if shutil.which("trayer") is None:
            pytest.fail(f"missing: trayer. Run `make test-system`, or: apt-get install {PACKAGES}")
        if importlib.util.find_spec("pystray") is None:
            pytest.fail("missing: pystray. Run `make setup`")
        self._screen = screen
        self._log = directory / "tray.log"
        self._host: subprocess.Popen[bytes] | None = None
        environ = screen.environ | {
            "PYTHONPATH": str(ROOT),
            "STENO_RUNTIME_DIR": str(runtime),
            "XDG_CONFIG_HOME": str(directory),
            "PYSTRAY_BACKEND": "xorg",
        }
        with self._log.open("wb") as log:
            line = [sys.executable, "-m", "clients.cli", "tray"]
            self.process = subprocess.Popen(line, env=environ, cwd=ROOT, stdout=log, stderr=log)

    def start_host(self) -> None:
        """Start the tray in which icons are shown."""
        line = ["trayer", "--edge", "top", "--align", "left", "--widthtype", "request", "--height", "32"]
        self._host = subprocess.Popen(line, env=self._screen.environ, stderr=subprocess.DEVNULL)

    def said(self) -> str:
        """What it has said so far."""
        return self._log.read_text()

    def window(self) -> str:
        """Id of the icon's window, once a tray shows it."""
        until(lambda: bool(self._visible()), 20)
        return self._visible()

    def _visible(self) -> str:
        line = ("xdotool", "search", "--onlyvisible", "--class", ICON_CLASS)
        return self._screen.run(*line, check=False).strip()

    def title(self) -> str:
        return self._screen.run("xdotool", "getwindowname", self.window(), check=False).strip()

    def shows(self, colour: tuple[int, int, int]) -> bool:
        """Whether much of the icon has about this colour."""
        from Xlib.display import Display

        display = Display(self._screen.environ["DISPLAY"])
        try:
            window = display.create_resource_object("window", int(self.window()))
            size = window.get_geometry()
            image = window.get_image(0, 0, size.width, size.height, 2, 0xFFFFFFFF)
        finally:
            display.close()
        pixels = [image.data[at : at + 3][::-1] for at in range(0, len(image.data), 4)]
        near = sum(all(abs(a - b) < 40 for a, b in zip(pixel, colour, strict=True)) for pixel in pixels)
        return near > len(pixels) / 20

    def click(self) -> None:
        self._screen.run("xdotool", "mousemove", "--window", self.window(), "8", "8", "click", "1")

    def close(self) -> None:
        for process in (self.process, self._host):
            if process is not None:
                process.kill()
                process.wait()


@pytest.fixture
def tray(screen: Screen, runtime: Path, tmp_path: Path) -> Iterator[Tray]:
    opened = Tray(screen, runtime, tmp_path)
    yield opened
    opened.close()


def state(**fields: Any) -> Callable[[Any], object]:
    given: dict[str, Any] = {"ready": True, "listening": False, "mode": "on-demand", "workers": {}, "sources": {}}
    return lambda publisher: publisher.publish(events.State, **(given | fields))


def test_the_icon_shows_the_state_and_a_click_on_it_starts_and_stops(tray: Tray, runtime: Path) -> None:
    tray.start_host()
    until(lambda: "Steno: off" in tray.title(), 20)
    assert not tray.shows(RED)
    with FakeDaemon(runtime) as daemon:
        until(lambda: tray.title() == "Steno: listening" and tray.shows(RED), 20)
        daemon.do(state())
        until(lambda: tray.title() == "Steno: ready" and not tray.shows(RED), 20)
        tray.click()
        until(lambda: any(isinstance(request, commands.Toggle) for request in daemon.requests), 20)
        daemon.do(state(workers={"decoder": "failed"}))
        until(lambda: "decoder failed" in tray.title() and tray.shows(AMBER), 20)
    until(lambda: "Steno: off" in tray.title() and not tray.shows(AMBER), 20)
    tray.process.send_signal(signal.SIGTERM)
    assert tray.process.wait(20) == 0
    assert "Traceback" not in tray.said()


def test_without_a_tray_it_says_so_and_shows_the_icon_when_one_comes(tray: Tray) -> None:
    until(lambda: "there is no tray" in tray.said(), 20)
    tray.start_host()
    assert tray.window()
    assert "Traceback" not in tray.said()
    assert tray.said().count("there is no tray") == 1


def test_without_a_desktop_it_says_what_is_missing(runtime: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    line = [sys.executable, "-m", "clients.cli", "tray"]
    done = subprocess.run(line, env=environ, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "the tray icon cannot be shown" in done.stderr
    assert "DISPLAY" in done.stderr
