"""A key is pressed and let go while somebody speaks: a real daemon with the miniature, and real commands."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from clients.error_rate import words_of
from pipeline import commands, events
from pipeline.arrays import Array
from pipeline.commands import ListeningReply, Progress, ProgressReply
from pipeline.messages import SAMPLE_RATE
from tests import spoken

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Offline, Recording, RunningDaemon, StartDaemon

ROOT = Path(__file__).parents[2]


class Player:
    """A daemon that listens on demand and hears a recording at real speed; positions are seconds of it."""

    def __init__(self, start_daemon: StartDaemon, path: Path, parts: list[Array]) -> None:
        self.pcm = np.concatenate(parts)
        soundfile.write(path, self.pcm, SAMPLE_RATE, subtype="PCM_16")
        self.daemon: RunningDaemon = start_daemon("daemon.mode=on-demand", source=f"file:{path}", ready=False)
        self.daemon.until(lambda e: isinstance(e, events.State) and "opened" in e.sources.values())
        (source,) = self.daemon.status().sources
        # How much has come is known when it is asked for; the latest of several answers is the closest to the truth.
        self._origin_ns = min(self._guess(source) for _ in range(20))

    def _guess(self, source: str) -> int:
        time.sleep(0.01)
        taken = commands.ask(self.daemon.wire, Progress(source=source), ProgressReply).taken
        return time.monotonic_ns() - taken * 1_000_000_000 // SAMPLE_RATE

    def ask(self, request: commands.AnyRequest) -> ListeningReply:
        return commands.ask(self.daemon.wire, request, ListeningReply)

    def ns(self, second: float) -> int:
        return self._origin_ns + round(second * 1e9)

    def sleep_until(self, second: float) -> None:
        left = (self.ns(second) - time.monotonic_ns()) / 1e9
        assert left > 0, "the test is late: the machine is too busy"
        time.sleep(left)

    def steno(self, *words: str) -> str:
        line = [sys.executable, "-m", "clients.cli", *words, f"--runtime-dir={self.daemon.runtime}"]
        return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True, timeout=20).stdout

    def final(self, take: int) -> events.Final:
        """The next one, which must be of that take."""
        final: events.Final = self.daemon.until(lambda e: isinstance(e, events.Final))[-1]
        assert (final.take, final.error) == (take, "")
        return final


def silence(seconds: float) -> Array:
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)


def of(kind: type[Any], seen: list[Any]) -> list[Any]:
    return [e for e in seen if isinstance(e, kind)]


@pytest.mark.slow
def test_what_is_said_around_press_and_release_becomes_the_final_whole_and_a_service_manager_is_told(
    start_daemon: StartDaemon, recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "20000000")  # a socket that nobody reads holds ten words
        parts = [silence(1.5), recording("01"), silence(1), recording("01"), silence(2)]
        player = Player(start_daemon, tmp_path / "said.wav", parts)
        first, *_, last = spoken.recording("01").words
        again = 1.5 + len(recording("01")) / SAMPLE_RATE + 1
        _hold(player, press=1.5 + first.start + 0.1, release=1.5 + last.end)
        _by_command(player, begin=again + 0.05, end=again + last.end + 0.1)
        player.daemon.wait_ready()
        player.daemon.terminate()
        manager.settimeout(1.0)
        told: list[str] = []
        while not told or told[-1] != "STOPPING=1":
            told.append(manager.recv(200).decode())
    assert told.count("READY=1\nSTATUS=ready") == 1
    assert "WATCHDOG=1" in told


def _hold(player: Player, press: float, release: float) -> None:
    """The key goes down a tenth of a second after the first word began, and up in the last one; the press is told half
    a second late. Then it is tapped in the silence.
    """
    player.sleep_until(press + 0.5)
    assert player.ask(commands.Start(at_ns=player.ns(press), held=True)) == ListeningReply(listening=True, take=1)
    player.sleep_until(release)
    assert player.ask(commands.Stop(at_ns=player.ns(release))) == ListeningReply(listening=False, take=1)
    assert player.daemon.status().take == 1
    player.sleep_until(release + 0.8)
    player.ask(commands.Start(at_ns=player.ns(release + 0.75), held=True))
    player.ask(commands.Stop(at_ns=player.ns(release + 0.8)))


def _by_command(player: Player, begin: float, end: float) -> None:
    """Take 3, by what a desktop runs when a key is pressed."""
    player.sleep_until(begin)
    assert player.steno("start", "--output", "live") == "listening\n"
    player.sleep_until(end - 1.0)
    assert max(player.daemon.status().levels.values()) > -60
    player.sleep_until(end)
    assert player.steno("toggle") == "not listening\n"
    # Only now: the models may take long to load, and the recording does not wait for them.
    assert all(spoken.is_said("01", player.final(take).text) for take in (1, 3))
    seen = player.daemon.seen
    assert [(e.on, e.take, e.held, e.output) for e in of(events.Listening, seen)] == [
        (on, take, held, output)
        for take, held, output in ((1, True, ""), (2, True, ""), (3, False, "live"))
        for on in (True, False)
    ]
    assert {e.take for e in seen if isinstance(e, events.SpeechStarted | events.Partial)} == {1, 3}
    assert of(events.Notice, seen) == []


@pytest.mark.slow
def test_a_held_key_makes_one_final_of_two_sentences_and_an_immediate_press_the_next(
    start_daemon: StartDaemon, recording: Recording, offline: Offline, tmp_path: Path
) -> None:
    parts = [silence(1.5), recording("01"), silence(3), recording("01"), recording("02"), silence(2)]
    player = Player(start_daemon, tmp_path / "said.wav", parts)
    second = 1.5 + len(recording("01")) / SAMPLE_RATE + 3
    third = second + len(recording("01")) / SAMPLE_RATE
    player.sleep_until(1.8)
    player.ask(commands.Start(at_ns=player.ns(1.8), held=True))
    player.sleep_until(third)
    player.ask(commands.Stop(at_ns=player.ns(third)))
    player.ask(commands.Start(at_ns=player.ns(third + 0.05), held=True))
    first = player.final(1)
    player.sleep_until(third + 3.0)
    player.ask(commands.Stop(at_ns=player.ns(third + 3.0)))
    last = player.final(2)
    assert first.start < 2.0
    assert spoken.begins("01", first.text, len(words_of(spoken.text("01"))))
    assert spoken.begins("02", last.text, 5)
    assert first.end <= last.start
    for final in (first, last):
        assert final.text == offline(player.pcm[round(final.start * SAMPLE_RATE) : round(final.end * SAMPLE_RATE)])


@pytest.mark.slow
def test_a_daemon_that_is_killed_in_a_take_leaves_it_to_the_next_one_from_its_first_word_on(
    start_daemon: StartDaemon, recording: Recording, tmp_path: Path
) -> None:
    player = Player(start_daemon, tmp_path / "said.wav", [silence(1.5), recording(spoken.unbroken()), silence(1)])
    player.sleep_until(3.0)
    player.ask(commands.Start(at_ns=player.ns(1.9), held=True))
    player.sleep_until(8.0)
    player.daemon.process.kill()
    player.daemon.process.wait(10)
    player.daemon.wire.close()
    after = start_daemon()
    (*_, final) = after.until(lambda e: isinstance(e, events.Final))
    assert spoken.begins(spoken.unbroken(), final.text, 13)
    assert final.take == 0
