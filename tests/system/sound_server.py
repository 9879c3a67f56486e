"""PulseAudio as a child of a test: a null sink into which sound is played, and its monitor as the microphone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PACKAGES = "pulseaudio pulseaudio-utils libportaudio2 libasound2-plugins"

# norewinds: the sink then works in 50 ms steps. Without, its first sound may come 2 s after it was asked for.
SINK = "module-null-sink sink_name=fake norewinds=1"
MICROPHONE = "module-remap-source master=fake.monitor source_name=mic"
DEFAULTS = "set-default-sink fake\nset-default-source mic\n"


class SoundServer:
    """A running PulseAudio; `environ` is what a child process needs to find it."""

    def __init__(self, directory: Path, setup: str) -> None:
        runtime = directory / "run"
        for folder in (runtime, directory / "home"):
            folder.mkdir(mode=0o700)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PULSE_", "XDG_", "DBUS_"))}
        self.environ = kept | {"XDG_RUNTIME_DIR": str(runtime), "HOME": str(directory / "home")}
        self._script = directory / "script.pa"
        self._script.write_text(f"load-module module-native-protocol-unix\n{setup}")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        # A child in the foreground rather than a daemon: a killed one is then reaped here, and can be started again.
        options = ["-n", "-F", str(self._script), "--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no"]
        self._process = subprocess.Popen(["pulseaudio", *options], env=self.environ, stderr=subprocess.DEVNULL)
        until(self._answers, 20)

    def _answers(self) -> bool:
        assert self._process.poll() is None, "pulseaudio did not start"
        return subprocess.run(["pactl", "info"], env=self.environ, capture_output=True, check=False).returncode == 0

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def kill(self) -> None:
        """End the server as a crash would, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def pactl(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pactl", *arguments], env=self.environ, check=True, capture_output=True, text=True, timeout=10
        )
        return done.stdout

    def unplug(self) -> None:
        """Take the microphone away, and the sink whose monitor would else take its place."""
        self.pactl("unload-module", "module-remap-source")
        self.pactl("unload-module", "module-null-sink")

    def plug(self, *sink_options: str) -> None:
        """Bring it back."""
        self.pactl("load-module", *SINK.split(), *sink_options)
        self.pactl("load-module", *MICROPHONE.split())
        self.pactl("set-default-source", "mic")

    def listeners(self) -> int:
        """How many programs have the microphone open; the remap's own link to its master does not count."""
        lines = self.pactl("list", "short", "source-outputs").splitlines()
        return sum("protocol-native" in line for line in lines)

    def play(self, path: Path) -> None:
        """Play a sound file into the microphone; returns when it has been played."""
        self.play_in_background(path).wait(120)

    def play_in_background(self, path: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["paplay", "-d", "fake", str(path)], env=self.environ)


def until(condition: Callable[[], bool], timeout_s: float = 15.0) -> float:
    """Wait for it; returns how many seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < timeout_s, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - began


def require_packages() -> None:
    """Fail, naming what to install: a system test never passes by not running."""
    missing = [program for program in ("pulseaudio", "pactl", "paplay") if shutil.which(program) is None]
    probe = [sys.executable, "-c", "import sounddevice"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        missing.append("PortAudio")
    if missing:
        pytest.fail(f"missing: {', '.join(missing)}. Run `make test-system`, or: apt-get install {PACKAGES}")
