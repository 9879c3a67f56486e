"""The whole program as its user has it: a microphone, the daemon, and `steno log`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model import miniature
from tests import spoken
from tests.system.sound_server import SoundServer, until

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
PLAYED = ("01", "07", "08", "03", "10") * 4
"""Twenty utterances, each of one sentence or of two."""
HANGOVER_MS = round(1000 * max(spoken.longest_pause(number) for number in PLAYED)) + 400
"""Two sentences of one recording stay one utterance, though a word's quiet end may be heard as part of the pause."""
PAUSE_S = 1.5


class Dictation:
    """The daemon on the microphone, with a log beside it."""

    def __init__(self, sound_server: SoundServer, runtime: Path, cache: Path) -> None:
        self._environ = sound_server.environ | {
            "STENO_RUNTIME_DIR": str(runtime),
            "STENO_CACHE_DIR": str(cache),
            # Each program where it is looked for: the sound server's own directory stays the user's.
            "PYTHONPATH": str(ROOT),
            "STENO_VAD_HANGOVER_MS": str(HANGOVER_MS),
        }
        self.log_path = runtime.parent / "daemon.log"
        self._processes: list[subprocess.Popen[Any]] = []
        with self.log_path.open("wb") as log:
            self._start("daemon", "--source", "pulse", stderr=log, stdout=log)
        until(self._ready, 60)
        self.log = self._start("log", "--json", "--all", stdout=subprocess.PIPE, text=True)
        assert self.log.stdout is not None
        os.set_blocking(self.log.stdout.fileno(), False)
        self.events: list[dict[str, Any]] = []
        time.sleep(0.5)

    def _start(self, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
        line = [sys.executable, "-m", "clients.cli", *arguments]
        self._processes.append(subprocess.Popen(line, env=self._environ, cwd=ROOT, **options))
        return self._processes[-1]

    def steno(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "clients.cli", *arguments]
        return subprocess.run(
            line, env=self._environ, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20
        )

    def _ready(self) -> bool:
        assert self._processes[0].poll() is None, self.log_path.read_text()
        status = self.steno("status", "--json")
        if status.returncode:
            return False
        found = json.loads(status.stdout)
        return bool(found["ready"]) and "opened" in found["sources"].values()

    def finals(self) -> list[str]:
        """The texts that `steno log` has printed so far."""
        assert self.log.stdout is not None
        for line in iter(self.log.stdout.readline, ""):
            self.events.append(json.loads(line))
        return [event["text"] for event in self.events if event["type"] == "final" and event["text"]]

    def wait_for(self, count: int) -> None:
        """Wait until so many finals have come."""
        until(lambda: len(self.finals()) >= count, 15)

    def close(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait(10)


@pytest.fixture
def dictation(sound_server: SoundServer, short_directory: Path, tmp_path: Path) -> Iterator[Dictation]:
    for kind in miniature.KINDS:
        miniature.package(kind, tmp_path)
    running = Dictation(sound_server, short_directory / "steno", tmp_path)
    yield running
    running.close()


def sample(number: str) -> Path:
    (path,) = [path for path in miniature.samples() if path.name.startswith(number)]
    return path


@pytest.mark.timeout(400)
def test_twenty_spoken_utterances_are_logged_and_no_first_word_is_missing(
    dictation: Dictation, sound_server: SoundServer
) -> None:
    for count, number in enumerate(PLAYED, start=1):
        sound_server.play(sample(number))
        dictation.wait_for(count)
        time.sleep(PAUSE_S)
    finals = dictation.finals()
    assert len(finals) == len(PLAYED)
    # As the model hears them where nothing is missing: in the recordings themselves.
    expected = [spoken.answer(number).split()[0].strip(",.") for number in PLAYED]
    assert [text.split()[0].strip(",.") for text in finals] == expected
    assert "01" in [number for number, text in zip(PLAYED, finals, strict=True) if text == spoken.answer(number)]
    assert not [e for e in dictation.events if e["type"] == "notice" and e["code"] == "sound-lost"]


def test_a_microphone_that_is_lost_is_said_so_and_what_was_said_before_is_kept(
    dictation: Dictation, sound_server: SoundServer
) -> None:
    playing = sound_server.play_in_background(sample("02"))
    until(lambda: bool(dictation.finals()) or any(e["type"] == "partial" for e in dictation.events), 10)
    time.sleep(3.0)
    sound_server.unplug()
    dictation.wait_for(1)
    playing.kill()
    playing.wait()
    assert spoken.begins("02", dictation.finals()[0], 5)
    assert [e["code"] for e in dictation.events if e["type"] == "notice"] == ["microphone-lost"]
    sound_server.plug()
    until(lambda: "opened" in json.loads(dictation.steno("status", "--json").stdout)["sources"].values(), 5)
    time.sleep(1.0)
    sound_server.play(sample("01"))
    dictation.wait_for(2)
    assert spoken.is_said("01", dictation.finals()[1])


def test_the_microphone_is_let_go_when_the_daemon_ends(dictation: Dictation, sound_server: SoundServer) -> None:
    assert sound_server.listeners() == 1
    assert dictation.steno("stop", "--daemon").returncode == 0
    assert until(lambda: sound_server.listeners() == 0) <= 1.0


def test_the_processes_can_be_told_apart_in_ps(dictation: Dictation) -> None:
    listed = subprocess.run(["ps", "ax", "-o", "args"], capture_output=True, text=True, check=True).stdout
    for word in ("encoder", "decoder", "aligner", "microphone"):
        assert any(word in line and "-m" in line for line in listed.splitlines()), word
