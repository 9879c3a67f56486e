"""Feedback on a real sound server and on a real message bus."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clients.desktop.feedback import Feedback
from clients.desktop.sounds import RATE, SOUNDS, peak, samples
from pipeline.desktop_settings import FeedbackSettings
from tests.system.session_bus import SessionBusDaemon
from tests.system.sound_server import SoundServer, until

pytestmark = pytest.mark.system

SERVER = Path(__file__).with_name("notification_server.py")
LOUD = 0.02
"""Share of the sound's peak above which it counts as heard."""


class Monitor:
    """What the sink `fake` plays, recorded."""

    def __init__(self, server: SoundServer) -> None:
        options = ["--raw", "--format=s16le", f"--rate={RATE}", "--channels=1", "--latency-msec=20"]
        self._process = subprocess.Popen(
            ["parec", "-d", "fake.monitor", *options], env=server.environ, stdout=subprocess.PIPE
        )
        self._data = bytearray()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        until(lambda: len(self._data) > RATE, 20)

    def _read(self) -> None:
        assert self._process.stdout is not None
        while block := self._process.stdout.read1(65536):  # type: ignore[attr-defined]
            self._data += block

    def heard(self, loud: float) -> list[np.ndarray[Any, np.dtype[np.int16]]]:
        """The stretches of sound so far that lie at least 0.05 s apart."""
        values = np.frombuffer(bytes(self._data[: len(self._data) // 2 * 2]), np.int16)
        at = np.flatnonzero(np.abs(values.astype(int)) > loud)
        if not len(at):
            return []
        parts = np.split(at, np.flatnonzero(np.diff(at) > RATE // 20) + 1)
        return [values[part[0] : part[-1] + 1] for part in parts]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.join()


@pytest.fixture
def monitor(sound_server: SoundServer) -> Iterator[Monitor]:
    opened = Monitor(sound_server)
    yield opened
    opened.close()


def children() -> set[str]:
    """Of all threads of this process, the dead ones that nobody has buried included."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has ended meanwhile
            found.update((task / "children").read_text().split())
    return found


def pipes() -> int:
    return sum(
        str(link.readlink()).startswith("pipe:") for link in Path("/proc/self/fd").iterdir() if link.is_symlink()
    )


def test_each_sound_is_heard_as_long_and_as_loud_as_it_is_made(
    sound_server: SoundServer, monitor: Monitor, tmp_path: Path
) -> None:
    environ = sound_server.environ | {"STENO_CACHE_DIR": str(tmp_path)}
    loud = LOUD * peak(0.5) * 32767
    with Feedback(FeedbackSettings(volume=0.5, notifications=False), environ) as feedback:
        for count, sound in enumerate(SOUNDS, start=1):
            feedback.play(sound)
            until(lambda count=count: len(monitor.heard(loud)) >= count, 10)  # type: ignore[misc]
            time.sleep(0.3)  # until it has been heard to its end, and silence behind it
    for sound, heard in zip(SOUNDS, monitor.heard(loud), strict=True):
        made = np.abs(np.array(samples(sound, 0.5)))
        expected = np.flatnonzero(made > loud)
        assert len(heard) == pytest.approx(expected[-1] - expected[0], abs=RATE // 200)
        assert np.abs(heard.astype(int)).max() == pytest.approx(made.max(), rel=0.05)


def test_twenty_plays_in_a_row_leave_nothing_behind(
    sound_server: SoundServer, monitor: Monitor, tmp_path: Path
) -> None:
    environ = sound_server.environ | {"STENO_CACHE_DIR": str(tmp_path)}
    loud = LOUD * peak(0.25) * 32767
    children_before, pipes_before = children(), pipes()
    with Feedback(FeedbackSettings(notifications=False), environ) as feedback:
        for count in range(1, 21):
            feedback.play("start")
            until(lambda count=count: len(monitor.heard(loud)) >= count, 10)  # type: ignore[misc]
            time.sleep(0.2)
        until(lambda: children() == children_before, 5)
        assert pipes() == pipes_before
    assert children() == children_before


def test_a_sound_server_that_is_gone_costs_nothing_but_one_line(
    sound_server: SoundServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    environ = sound_server.environ | {"STENO_CACHE_DIR": str(tmp_path), "PATH": str(tmp_path / "programs")}
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "paplay").symlink_to("/usr/bin/paplay")
    sound_server.kill()
    said = ""
    with Feedback(FeedbackSettings(notifications=False), environ) as feedback:
        feedback.play("start")
        until(lambda: bool(capfd.readouterr().err), 10)
        feedback.play("stop")
        time.sleep(0.5)
        said = capfd.readouterr().err
        assert said == ""
        sound_server.start()
        with_monitor = Monitor(sound_server)
        try:
            feedback.play("start")
            until(lambda: len(with_monitor.heard(100)) == 1, 10)
        finally:
            with_monitor.close()


class Bus:
    """A message bus with a notification server on it that writes down what it is asked to show."""

    def __init__(self, directory: Path) -> None:
        self._lines = directory / "shown.txt"
        self._daemon = SessionBusDaemon(directory / "bus")
        self.environ = self._daemon.environ | {"PATH": str(directory)}
        self.serve()

    def serve(self) -> None:
        self._lines.write_text("")
        line = [sys.executable, str(SERVER), str(self._lines), "body,body-markup"]
        self._server = subprocess.Popen(line, env=self.environ)
        until(lambda: "ready" in self._lines.read_text(), 10)

    def stop_serving(self) -> None:
        self._server.kill()
        self._server.wait()

    def shown(self) -> list[list[str]]:
        """Id of each notification, its summary and its body, in the order they came."""
        return [line.split("\t") for line in self._lines.read_text().splitlines() if line != "ready"]

    def close(self) -> None:
        self.stop_serving()
        self._daemon.close()


@pytest.fixture
def bus(short_directory: Path) -> Iterator[Bus]:
    opened = Bus(short_directory)
    yield opened
    opened.close()


def test_a_message_replaces_the_one_before_it_with_the_same_summary(bus: Bus) -> None:
    with Feedback(FeedbackSettings(sounds=False), bus.environ) as feedback:
        feedback.notify("Text kept", "of Firefox & <Mail>")
        feedback.notify("Not typed", "no window has the focus")
        feedback.notify("Text kept", "of the terminal")
        until(lambda: len(bus.shown()) == 3, 10)
    assert bus.shown() == [
        ["1", "Text kept", "of Firefox &amp; &lt;Mail&gt;"],
        ["2", "Not typed", "no window has the focus"],
        ["1", "Text kept", "of the terminal"],
    ]


def test_a_notification_server_that_was_started_anew_shows_the_next_one(bus: Bus) -> None:
    with Feedback(FeedbackSettings(sounds=False), bus.environ) as feedback:
        feedback.notify("One")
        until(lambda: len(bus.shown()) == 1, 10)
        bus.stop_serving()
        bus.serve()
        feedback.notify("Two")
        until(lambda: [shown[1] for shown in bus.shown()] == ["Two"], 10)


def test_a_bus_without_a_notification_server_is_an_error_that_is_said_once(
    bus: Bus, capfd: pytest.CaptureFixture[str]
) -> None:
    bus.stop_serving()
    with Feedback(FeedbackSettings(sounds=False), bus.environ) as feedback:
        feedback.notify("One")
        feedback.notify("Two")
    assert capfd.readouterr().err.count("notifications cannot be shown") == 1


def test_a_hundred_messages_are_not_a_hundred_notifications(bus: Bus) -> None:
    with Feedback(FeedbackSettings(sounds=False), bus.environ) as feedback:
        for number in range(100):
            feedback.notify(f"Number {number}")
    assert 1 <= len(bus.shown()) <= 5
