"""`steno status --watch` as a process: through the daemon's restarts, on a terminal and elsewhere."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clients.typist.lease import Lease
from pipeline import commands, events
from tests.clients.desktop_programs import until
from tests.clients.fake_daemon import FakeDaemon

Steno = Callable[..., "subprocess.CompletedProcess[str]"]


class LoudDaemon(FakeDaemon):
    """A daemon with a level."""

    def _status(self) -> commands.StatusReply:
        return msgspec.structs.replace(super()._status(), take=4, levels={"mic": -30.0})


@pytest.fixture
def watch(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `steno status ...`, and ends it."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", "clients.cli", "status", *arguments]
        given: dict[str, Any] = {"stdout": subprocess.PIPE, "env": environment | {"TERM": "xterm", "LC_ALL": "C.UTF-8"}}
        started.append(subprocess.Popen(line, cwd=tmp_path, **(given | options)))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def lines(process: subprocess.Popen[bytes]) -> Callable[[], str]:
    assert process.stdout is not None
    stdout = process.stdout
    return lambda: stdout.readline().decode().rstrip("\n")


def publish_state(daemon: FakeDaemon, listening: bool) -> None:
    daemon.do(
        lambda publisher: publisher.publish(
            events.State, ready=True, listening=listening, mode="on-demand", workers={}, sources={}
        )
    )


def test_waybar_gets_an_object_at_each_change_whatever_becomes_of_the_daemon(
    watch: Callable[..., subprocess.Popen[bytes]], runtime: Path
) -> None:
    next_line = lines(watch("--watch", "--format", "waybar"))
    assert json.loads(next_line())["class"] == "off"
    with FakeDaemon(runtime, "one") as daemon:
        assert json.loads(next_line())["class"] == "listening"
        daemon.wait_for_subscribers()
        publish_state(daemon, listening=False)
        assert json.loads(next_line())["class"] == "ready"
    assert json.loads(next_line())["class"] == "off"
    with FakeDaemon(runtime, "two"):
        assert json.loads(next_line())["class"] == "listening"


def test_waybar_without_watching_gets_one_object(steno: Steno, runtime: Path) -> None:
    done = steno("status", "--format", "waybar")
    assert done.returncode == 0
    assert [json.loads(line)["alt"] for line in done.stdout.splitlines()] == ["off"]
    with FakeDaemon(runtime):
        done = steno("status", "--format", "waybar")
    assert [json.loads(line)["alt"] for line in done.stdout.splitlines()] == ["listening"]


def test_where_there_is_no_terminal_each_change_is_a_line(
    watch: Callable[..., subprocess.Popen[bytes]], runtime: Path
) -> None:
    with LoudDaemon(runtime) as daemon:
        next_line = lines(watch("--watch"))
        assert next_line() == "listening, take 4"
        daemon.wait_for_subscribers()
        daemon.do(lambda publisher: publisher.publish(events.Listening, on=True, take=5, at_ns=1, held=True, output=""))
        assert next_line() == "listening, take 5, key held"
        with Lease(runtime):
            assert next_line().startswith("listening, take 5, key held; typist `steno type` (process")
        assert next_line() == "listening, take 5, key held"
        publish_state(daemon, listening=False)
        assert next_line() == "ready"


def test_it_ends_when_its_reader_has_gone(watch: Callable[..., subprocess.Popen[bytes]], runtime: Path) -> None:
    with FakeDaemon(runtime):
        process = watch("--watch", "--format", "waybar")
        lines(process)()
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(10) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_terminal_gets_rows_in_place_and_its_cursor_back(
    number: signal.Signals, code: int, watch: Callable[..., subprocess.Popen[bytes]], runtime: Path
) -> None:
    own, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.set_blocking(own, False)
    shown = bytearray()

    def read() -> str:
        with contextlib.suppress(BlockingIOError, OSError):
            while block := os.read(own, 65536):
                shown.extend(block)
        return shown.decode(errors="replace")

    with LoudDaemon(runtime) as daemon:
        process = watch("--watch", stdout=theirs, stdin=theirs)
        os.close(theirs)
        until(lambda: "-30 dB" in read() and "take 4" in read())
        assert re.search(r"mic +\[█+·+\] +-30 dB", read())
        daemon.wait_for_subscribers()
        daemon.do(lambda publisher: publisher.final("my secret", 1))
        until(lambda: re.search(r"last text +\d\d:\d\d:\d\d", read()) is not None)
        assert "\x1b[?25l" in read()
        assert "\x1b[?25h" not in read()
        process.send_signal(number)
        assert process.wait(10) == code
    assert read().endswith("\x1b[?25h")
    assert "secret" not in read()
    os.close(own)


def test_json_is_another_way(steno: Steno) -> None:
    for other in (("--watch",), ("--format", "waybar")):
        done = steno("status", "--json", *other)
        assert done.returncode == 2
        assert "steno log --json --all" in done.stderr
