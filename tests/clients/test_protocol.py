from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from pipeline import commands, events
from pipeline.messages import Audio
from tests.clients.conftest import ROOT
from tests.clients.fake_daemon import FakeDaemon

PAGE = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs/examples"
EVENTS = [
    events.State,
    events.Listening,
    events.Typist,
    events.Source,
    events.SpeechStarted,
    events.SpeechEnded,
    events.Partial,
    events.Final,
    events.Words,
    events.LiveWords,
    events.Notice,
    events.Snapshot,
]
REQUESTS = [
    commands.Status,
    commands.Start,
    commands.Stop,
    commands.Toggle,
    commands.CancelSpeech,
    commands.SetContext,
    commands.TellTypist,
    commands.Open,
    commands.Commit,
    commands.Progress,
    commands.Close,
    commands.Shutdown,
]
REPLIES = [commands.StatusReply, commands.ListeningReply, commands.OpenReply, commands.ProgressReply, commands.Done]
COMMON = set(events.Event.__struct_fields__)


def section(title: str) -> str:
    """The text under a heading, up to the next one."""
    head = f"\n### {title}\n"
    assert head in PAGE, f"{title} is not described"
    return PAGE.split(head)[1].split("\n## ")[0].split("\n### ")[0]


def described(text: str) -> set[str]:
    return {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_field_of_an_event_is_described_and_no_other(kind: type[events.Event]) -> None:
    nested: dict[str, list[type[msgspec.Struct]]] = {
        "Final": [events.Timings, events.LastStep],
        "Words": [events.TimedWord],
    }
    parts = nested.get(kind.__name__, [])
    fields = (set(kind.__struct_fields__) - COMMON).union(*(part.__struct_fields__ for part in parts))
    assert described(section(str(kind.__struct_config__.tag))) == fields


def test_the_lists_of_this_test_are_complete() -> None:
    assert set(EVENTS) == set(events.Any.__args__)
    assert set(REQUESTS) == set(commands.AnyRequest.__args__)


def test_the_fields_that_all_events_have_are_described() -> None:
    assert described(PAGE.split("\n## Events\n")[1].split("\n### ")[0]) >= COMMON


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
def test_every_field_of_a_command_is_described(kind: type[commands.Request]) -> None:
    assert described(section(str(kind.__struct_config__.tag))) == set(kind.__struct_fields__)


@pytest.mark.parametrize("kind", REPLIES, ids=lambda kind: kind.__name__)
def test_every_field_of_a_reply_is_described(kind: type[msgspec.Struct]) -> None:
    assert described(section(kind.__name__)) == set(kind.__struct_fields__)


def test_every_field_of_the_sound_message_is_described() -> None:
    for field in Audio.__struct_fields__:
        assert f'"{field}"' in PAGE


def test_the_version_is_named() -> None:
    assert f"`protocol` is {events.PROTOCOL}." in PAGE


@pytest.mark.parametrize("name", ["subscribe.py", "subscribe.c"])
def test_the_examples_stand_in_the_page_as_they_are(name: str) -> None:
    assert (EXAMPLES / name).read_text(encoding="utf-8") in PAGE


def first_line(line: list[str], daemon: FakeDaemon) -> str:
    """What a subscriber prints first, once its subscription is in force."""
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            for i in range(100):  # it has no snapshot to wait for, so finals are said until one is heard
                daemon.do(lambda fake, i=i: fake.final("spoken", i))  # type: ignore[misc]
                time.sleep(0.05)
                if i == 40:
                    break
            return child.stdout.readline()
        finally:
            child.terminate()


def test_the_python_subscriber_prints_the_text_of_finals(runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        line = [sys.executable, str(EXAMPLES / "subscribe.py"), str(runtime)]
        assert first_line(line, daemon) == "spoken\n"


@pytest.mark.system
def test_the_c_subscriber_prints_finals(runtime: Path, tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None or not Path("/usr/include/zmq.h").exists():
        pytest.fail("needs cc and libzmq3-dev: run `make test-system`, or: apt-get install libzmq3-dev")
    program = tmp_path / "subscribe"
    subprocess.run([compiler, "-Wall", "-Werror", "-o", program, EXAMPLES / "subscribe.c", "-lzmq"], check=True)
    with FakeDaemon(runtime) as daemon:
        event = json.loads(first_line([str(program), str(runtime)], daemon))
    assert (event["type"], event["text"]) == ("final", "spoken")
