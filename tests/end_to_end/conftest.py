"""A real daemon with its real processes, in a runtime directory of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from model import miniature
from model.decoder import Decoder
from model.encoder import Encoder
from model.package import open_package
from pipeline import commands, events
from pipeline.arrays import Array, pack
from pipeline.audio_file import AudioFile
from pipeline.commands import OpenReply, Status, StatusReply
from pipeline.errors import NotRunningError
from pipeline.messages import SAMPLE_RATE, Audio
from pipeline.sockets import EventSubscriber, Outbox, Wire

ROOT = Path(__file__).parents[2]


class RunningDaemon:
    """The daemon, what it publishes, and a source to speak to it."""

    def __init__(self, cache: Path, runtime: Path, *settings: str, source: str = "none") -> None:
        self.runtime = runtime
        self.log = runtime.with_suffix(".log")
        arguments = [f"--set={item}" for item in (f"daemon.source={source}", *settings)]
        environ = {k: v for k, v in os.environ.items() if not k.startswith("STENO_")} | {"STENO_CACHE_DIR": str(cache)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "daemon", f"--runtime-dir={runtime}", *arguments],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env=environ,
            )
        self.wire = Wire(runtime)
        self.events: EventSubscriber = self.wire.event_subscriber(["event.", "snap.test"])
        self.seen: list[Any] = []
        self._hub: Outbox | None = None
        self._sent: dict[str, int] = {}

    def status(self) -> StatusReply:
        return commands.ask(self.wire, Status(), StatusReply)

    def wait_ready(self, timeout_s: float = 60.0) -> RunningDaemon:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if self.status().ready:
                    return self
            except NotRunningError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready after {timeout_s} s:\n{self.log.read_text()}")

    def worker(self, name: str) -> psutil.Process:
        """The process of the worker of that name."""
        for child in psutil.Process(self.process.pid).children():
            if name in child.cmdline():
                return child
        raise AssertionError(f"no {name} among the children")

    def open(self, **fields: Any) -> str:
        source = commands.ask(self.wire, commands.Open(kind="network", **fields), OpenReply).source
        self._sent[source] = 0
        return source

    def say(self, source: str, pcm: Array, speed: float = 0.0, end: bool = False) -> None:
        """Send sound, at `speed` times real speed, or at once."""
        if self._hub is None:
            self._hub = self.wire.outbox("hub")
        began = time.monotonic()
        for at in range(0, len(pcm), 800):
            block = pcm[at : at + 800]
            while speed and time.monotonic() < began + (at + len(block)) / SAMPLE_RATE / speed:
                time.sleep(0.005)
            message = Audio(source=source, first_sample=self._sent[source], captured_ns=time.monotonic_ns())
            self._hub.send(message, *pack(block))
            self._sent[source] += len(block)
        if end:
            last = Audio(source=source, first_sample=self._sent[source], captured_ns=time.monotonic_ns(), end=True)
            self._hub.send(last, *pack(np.zeros(0, np.int16)))

    def until(self, done: Callable[[Any], bool], timeout_s: float = 30.0) -> list[Any]:
        """Read events until one is `done`; all that were read by this call. Every event also joins `seen`."""
        read: list[Any] = []
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            received = self.events.receive(left)
            if received is None:
                continue
            event = events.from_json(received[1])
            self.seen.append(event)
            read.append(event)
            if done(event):
                return read
        raise AssertionError(f"it did not come within {timeout_s} s; there came {read}\n{self.log.read_text()[-3000:]}")

    def until_ended(self, source: str, timeout_s: float = 60.0) -> list[Any]:
        return self.until(
            lambda e: isinstance(e, events.Source) and e.source == source and e.state == "ended", timeout_s
        )

    def finals(self, source: str) -> list[events.Final]:
        return [e for e in self.seen if isinstance(e, events.Final) and e.source == source]

    def terminate(self) -> float:
        """SIGTERM; seconds until it was gone."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        return time.monotonic() - began

    def close(self) -> None:
        self.wire.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache directory with the converted miniature."""
    directory = tmp_path_factory.mktemp("cache")
    for kind in miniature.KINDS:
        miniature.package(kind, directory)
    return directory


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A short path: a socket's may have 107 bytes only."""
    base = Path(tempfile.mkdtemp(prefix="steno-"))
    yield base / "run"
    shutil.rmtree(base, ignore_errors=True)


StartDaemon = Callable[..., RunningDaemon]
Recording = Callable[[str], Array]
Offline = Callable[[Array], str]


@pytest.fixture
def start_daemon(cache: Path, runtime: Path) -> Iterator[StartDaemon]:
    """Starts daemons, and ends those that are still there."""
    started: list[RunningDaemon] = []

    def start(*settings: str, source: str = "none", ready: bool = True) -> RunningDaemon:
        started.append(RunningDaemon(cache, runtime, *settings, source=source))
        return started[-1].wait_ready() if ready else started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def steno_daemon(start_daemon: StartDaemon) -> RunningDaemon:
    """A daemon with default settings and no source, ready."""
    return start_daemon()


@pytest.fixture(scope="session")
def recording() -> Callable[[str], Array]:
    """The samples of a shipped recording, by the number its name begins with."""

    def load(number: str) -> Array:
        (path,) = [p for p in miniature.samples() if p.name.startswith(number)]
        return np.concatenate(list(AudioFile(path).blocks()))

    return load


@pytest.fixture(scope="session")
def offline(cache: Path) -> Iterator[Offline]:
    """The text of samples by an encoder and a decoder in this process, from scratch: the daemon's slow twin."""
    package = open_package(miniature.package("asr", cache), "asr")
    encoder, decoder = Encoder(package), Decoder(package)
    yield lambda pcm: decoder.decode(encoder.encode(pcm.astype(np.float32) / np.float32(32768))).text
    decoder.close()
