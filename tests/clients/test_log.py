from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import events
from tests.clients.fake_daemon import FakeDaemon

Start = Callable[..., "subprocess.Popen[str]"]


class Mood(events.Event, frozen=True, tag="mood"):
    """An event of a later version."""

    mood: str


@pytest.fixture
def start(environment: dict[str, str]) -> Start:
    def run(*arguments: str) -> subprocess.Popen[str]:
        line = [sys.executable, "-m", "clients.cli", "log", *arguments]
        return subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return run


def lines(child: subprocess.Popen[str], count: int) -> list[str]:
    assert child.stdout is not None
    return [child.stdout.readline().rstrip("\n") for _ in range(count)]


def end(child: subprocess.Popen[str]) -> str:
    child.terminate()
    _, complaint = child.communicate(timeout=10)
    return complaint


def partial(committed: str, tail: str, utterance: int = 1) -> dict[str, Any]:
    return {
        "source": "mic",
        "utterance": utterance,
        "revision": 1,
        "committed": committed,
        "tail": tail,
        "language": "",
        "end": 1.0,
    }


def test_log_prints_finals_and_leaves_empty_ones_out(start: Start, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        child = start()
        daemon.wait_for_subscribers()
        daemon.do(lambda fake: (fake.final("one", 1), fake.final("", 2), fake.final("two", 3)))
        assert lines(child, 2) == ["one", "two"]
        end(child)


def test_log_lets_no_control_character_of_a_text_through(start: Start, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        child = start()
        daemon.wait_for_subscribers()
        daemon.do(lambda fake: fake.final("a\x1b[31mb\x07c\x9bd\u202ee\nf", 1))
        assert lines(child, 1) == ["a[31mbcde f"]
        end(child)


def test_log_json_prints_events_exactly_as_published(start: Start, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        child = start("--json")
        daemon.wait_for_subscribers()
        sent: list[bytes] = []
        daemon.do(lambda fake: sent.append(fake.final("Grüße", 1)))
        assert lines(child, 1) == [sent[0].decode()]
        end(child)


def test_log_json_all_prints_every_event(start: Start, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        child = start("--json", "--all")
        daemon.wait_for_subscribers()
        words = [events.TimedWord("so", 0.1, 0.2)]
        daemon.do(lambda fake: fake.publish(events.Notice, level="info", code="x", text="y"))
        daemon.do(lambda fake: fake.publish(events.LiveWords, source="mic", utterance=1, words=words))
        notice, live = lines(child, 2)
        assert '"type":"notice"' in notice
        assert '"type":"live_words"' in live
        end(child)


def test_log_partials_into_a_pipe_are_whole_lines(start: Start, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        child = start("--partials")
        daemon.wait_for_subscribers()
        daemon.do(lambda fake: fake.publish(events.Partial, **partial("so much", " is sure")))
        daemon.do(lambda fake: fake.final("so much is true", 1))
        assert lines(child, 2) == ["  so much | is sure", "so much is true"]
        end(child)


def test_log_leaves_events_out_that_it_does_not_use_or_know(start: Start, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        child = start("--partials")
        daemon.wait_for_subscribers()
        daemon.do(lambda fake: fake.publish(events.LiveWords, source="mic", utterance=1, words=[]))
        daemon.do(lambda fake: fake.publish(Mood, mood="good"))
        daemon.do(lambda fake: fake.publish(events.Partial, **partial("", "so much")))
        daemon.do(lambda fake: fake.final("so much is true", 1))
        assert lines(child, 2) == ["  so much", "so much is true"]
        assert end(child) == ""


def test_log_resumes_after_a_restart_and_says_so(start: Start, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        child = start()
        daemon.wait_for_subscribers()
        daemon.do(lambda fake: fake.final("before", 1))
        assert lines(child, 1) == ["before"]
    time.sleep(1.5)
    with FakeDaemon(runtime, "two") as daemon:
        daemon.wait_for_subscribers()
        daemon.do(lambda fake: fake.final("after", 1))
        assert lines(child, 1) == ["after"]
        complaint = end(child)
    assert "the daemon has gone" in complaint
    assert "the daemon was restarted" in complaint


def test_log_ends_quietly_when_its_reader_goes(start: Start, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        child = start()
        daemon.wait_for_subscribers()
        assert child.stdout is not None
        child.stdout.close()
        assert child.wait(5) == 0
        assert child.stderr is not None
        assert child.stderr.read() == ""
