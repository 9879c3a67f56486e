"""A user's desk: a sound server, a screen, the daemon on its microphone, `steno type`, `steno hotkey`, and a log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from model import miniature
from tests.system.screen import Screen
from tests.system.sound_server import SoundServer, until

ROOT = Path(__file__).parents[2]


class Desk:
    """Sound server, screen, daemon, `steno type`, `steno hotkey`, and a log of all events."""

    def __init__(self, sound_server: SoundServer, directory: Path, cache: Path) -> None:
        self.sound = sound_server
        for kind in miniature.KINDS:
            miniature.package(kind, cache)
        (directory / "screen").mkdir()
        self.screen = Screen(directory / "screen", sound_server.environ)
        self.environ = self.screen.environ | {
            "STENO_RUNTIME_DIR": str(directory / "steno"),
            "STENO_CACHE_DIR": str(cache),
            "PYTHONPATH": str(ROOT),
            "STENO_FEEDBACK_SOUNDS": "false",  # the null sink is the microphone: it would hear them
        }
        self.directory = directory
        self._processes: list[subprocess.Popen[Any]] = []
        self.start("daemon", "--source", "pulse", "--mode", "on-demand")
        until(self._ready, 60)
        self.log = self.start("log", "--json", "--all", stdout=subprocess.PIPE, text=True)
        assert self.log.stdout is not None
        os.set_blocking(self.log.stdout.fileno(), False)
        self._events: list[dict[str, Any]] = []
        time.sleep(0.5)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a client that goes on running; what it prints is kept for `said`."""
        line = [sys.executable, "-m", "clients.cli", *arguments]
        with (self.directory / f"{arguments[0]}.log").open("ab") as log:
            streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log} | options
            self._processes.append(subprocess.Popen(line, env=self.environ, cwd=ROOT, **streams))
        return self._processes[-1]

    def process(self, command: str) -> subprocess.Popen[Any]:
        """The client of that name that was started last."""
        return next(process for process in reversed(self._processes) if command in process.args)

    def said(self, command: str) -> str:
        """What a client has printed."""
        return (self.directory / f"{command}.log").read_text(encoding="utf-8")

    def steno(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a client to its end."""
        line = [sys.executable, "-m", "clients.cli", *arguments]
        return subprocess.run(line, env=self.environ, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)

    def _ready(self) -> bool:
        assert self._processes[0].poll() is None, self.said("daemon")
        status = self.steno("status", "--json")
        if status.returncode:
            return False
        found = json.loads(status.stdout)
        return bool(found["ready"]) and "opened" in found["sources"].values()

    def events(self) -> list[dict[str, Any]]:
        """All events so far."""
        assert self.log.stdout is not None
        for line in iter(self.log.stdout.readline, ""):
            self._events.append(json.loads(line))
        return self._events

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Those of one type."""
        return [event for event in self.events() if event["type"] == kind]

    def key(self, key: str, down: bool) -> None:
        """Press or let go, as a keyboard would."""
        self.screen.run("xdotool", "keydown" if down else "keyup", key)

    def say(self, key: str, number: str, before_s: float, after_s: float) -> None:
        """Hold the key, play a recording, let go."""
        self.key(key, True)
        time.sleep(before_s)
        self.sound.play(sample(number))
        time.sleep(after_s)
        self.key(key, False)

    def close(self) -> None:
        """End everything."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait(10)
        self.screen.close()


def sample(number: str) -> Path:
    """The shipped recording of that number."""
    (path,) = [path for path in miniature.samples() if path.name.startswith(number)]
    return path
