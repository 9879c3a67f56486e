"""What a service manager hears of a process: a real datagram socket stands in for it."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.service_manager import notify, watchdog_s


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """What NOTIFY_SOCKET says, and the socket behind it."""
    name = f"@steno-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind("\0" + name[1:] if name.startswith("@") else name)
        end.settimeout(5)
        yield name, end


def test_the_manager_hears_each_notice_as_one_datagram(manager: tuple[str, socket.socket]) -> None:
    name, end = manager
    notify("READY=1\nSTATUS=ready", {"NOTIFY_SOCKET": name})
    notify("WATCHDOG=1", {"NOTIFY_SOCKET": name})
    assert [end.recv(1000) for _ in range(2)] == [b"READY=1\nSTATUS=ready", b"WATCHDOG=1"]


@pytest.mark.parametrize("name", ["", "/no/such/socket", "@nobody-listens", "vsock:2:1234", "relative", "/a" * 200])
def test_without_a_manager_that_listens_nothing_happens(name: str) -> None:
    notify("READY=1", {"NOTIFY_SOCKET": name} if name else {})


def test_a_manager_that_does_not_read_cannot_stop_the_work(manager: tuple[str, socket.socket]) -> None:
    name, end = manager
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        other.connect(end.getsockname())
        with contextlib.suppress(BlockingIOError):
            while other.send(b"WATCHDOG=1"):
                pass
    notify("WATCHDOG=1", {"NOTIFY_SOCKET": name})


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid() + 1)}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "me"}, None),
    ],
)
def test_the_watchdog_is_for_the_process_that_it_names(environ: dict[str, str], expected: float | None) -> None:
    assert watchdog_s(environ) == expected
