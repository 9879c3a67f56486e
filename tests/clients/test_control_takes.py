"""`steno start`, `stop` and `toggle`: what they ask of the daemon, and as of when."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from clients import control
from clients.arguments import parse
from pipeline import commands
from tests.clients.conftest import ROOT
from tests.clients.fake_daemon import FakeDaemon

TICK_NS = 20_000_000
"""Linux counts a process's start in hundredths of a second."""
SAY_WHEN = """
import time; begun = time.monotonic_ns()
from clients.control import began_ns
print(began_ns(), begun)
"""


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ("start", commands.Start()),
        (
            "start --language German --context names --output live",
            commands.Start(language="German", context="names", output="live"),
        ),
        ("toggle --output final", commands.Toggle(output="final")),
        ("stop", commands.Stop()),
        ("cancel", commands.CancelSpeech()),
    ],
)
def test_a_command_says_what_is_wanted_and_when_it_was_given(
    runtime: Path, words: str, request_: commands.AnyRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "began_ns", lambda: 0)
    with FakeDaemon(runtime) as daemon:
        control.run(parse([*words.split(), "--runtime-dir", str(runtime)]))
    assert daemon.requests == [request_]


def test_that_nothing_will_come_of_it_is_said_beside_the_answer(
    runtime: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeDaemon(runtime) as daemon:
        daemon.trouble = "the microphone is lost: \x1b[31mpulse"
        for command in ("start", "stop"):
            control.run(parse([command, "--runtime-dir", str(runtime)]))
    out, err = capsys.readouterr()
    assert out == "listening\nnot listening\n"
    assert err == "steno: the microphone is lost: [31mpulse\n"


def test_a_command_was_given_when_its_process_was_started_and_not_when_python_was_ready() -> None:
    before = time.monotonic_ns()
    line = [sys.executable, "-c", SAY_WHEN]
    said = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    given, begun = map(int, said.split())
    assert before - TICK_NS <= given <= begun


def test_a_process_that_is_old_gives_its_command_now() -> None:
    before = time.monotonic_ns() - control.LONGEST_START_NS
    assert before <= control.began_ns() <= time.monotonic_ns()
