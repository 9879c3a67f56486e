"""Messages and arrays over real sockets."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pipeline import commands, events
from pipeline.arrays import pack, unpack
from pipeline.commands import ListeningReply, Open, Start
from pipeline.errors import NotRunningError, StenoError, UsageError
from pipeline.lock import RuntimeLock, holder
from pipeline.messages import Audio, Beat, Cancel, Malformed, Shutdown, from_bytes, to_bytes
from pipeline.paths import make_private, runtime_dir
from pipeline.sockets import Inbox, Poll, Wire, socket_path


@pytest.fixture
def runtime() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="steno-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def wire(runtime: Path) -> Iterator[Wire]:
    with Wire(runtime) as wire:
        yield wire


def wait(inbox: Inbox) -> None:
    poll = Poll()
    poll.add(inbox)
    assert poll.wait(5.0)


def test_a_message_and_its_array_arrive_as_they_were(wire: Wire) -> None:
    inbox, outbox = wire.inbox("hub"), wire.outbox("hub")
    pcm = np.arange(-5, 5, dtype=np.int16)
    outbox.send(Audio("mic", 40, 99), *pack(pcm))
    wait(inbox)
    received = inbox.receive()
    assert received is not None
    message, frames = received
    assert message == Audio("mic", 40, 99)
    assert np.array_equal(unpack(frames, "int16", 1), pcm)
    assert inbox.receive() is None


def test_the_bus_reaches_everyone(wire: Wire) -> None:
    bus = wire.bus()
    first, second = wire.bus_listener(), wire.bus_listener()
    poll = Poll()
    poll.add(second)
    while not poll.wait(0.05):
        bus.send(Cancel(1, 2, 3))
    assert second.receive() == Cancel(1, 2, 3)
    bus.send(Shutdown())
    wait_for = Poll()
    wait_for.add(first)
    assert wait_for.wait(5.0)


def test_a_socket_is_for_its_owner_alone(wire: Wire, runtime: Path) -> None:
    wire.inbox("hub")
    assert (runtime / "hub.sock").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93abc", to_bytes(Beat("x", 1))[:-1], b"\x81\xa4type\xa3Foo"])
def test_what_is_no_message_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        from_bytes(data)


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [b"x"],
        [b"x", b"y"],
        [*pack(np.zeros((2, 2), np.float32))],
        [pack(np.zeros(4, np.int16))[0], b"abc"],
        [*pack(np.zeros(4, np.int16)), b""],
    ],
)
def test_what_is_no_such_array_is_malformed(frames: list[bytes]) -> None:
    with pytest.raises(Malformed):
        unpack(frames, "int16", 1)


def test_only_the_two_agreed_types_are_sent() -> None:
    with pytest.raises(ValueError, match="float64"):
        pack(np.zeros(3))


def test_a_path_too_long_for_a_socket_says_so_and_what_to_do() -> None:
    with pytest.raises(UsageError, match="too long") as caught:
        socket_path(Path("/tmp") / ("x" * 120), "hub")
    assert "--runtime-dir" in caught.value.hint


def test_only_one_daemon_lives_in_a_directory(runtime: Path) -> None:
    assert holder(runtime) is None
    with RuntimeLock(runtime):
        assert holder(runtime) is not None
        with pytest.raises(StenoError, match="already running"), RuntimeLock(runtime):
            pass
    assert holder(runtime) is None


def test_asking_where_no_daemon_is_says_how_to_start_one(wire: Wire, runtime: Path) -> None:
    with pytest.raises(NotRunningError) as caught:
        commands.ask(wire, Start(), ListeningReply)
    assert "steno daemon" in caught.value.hint
    assert str(runtime) in caught.value.message


def test_asking_a_daemon_that_does_not_answer_ends_in_time(wire: Wire, runtime: Path) -> None:
    wire.command_server()
    with RuntimeLock(runtime), pytest.raises(NotRunningError, match="did not answer"):
        commands.ask(wire, Start(), ListeningReply, timeout_s=0.1)


def test_a_refusal_keeps_its_words_and_its_exit_code() -> None:
    error = UsageError("no such source", "open one")
    answer = commands.write_answer(error)
    assert b"no such source" in answer
    assert b'"exit_code":2' in answer


@pytest.mark.parametrize(
    "text", [b"", b"{}", b'{"command":"dance"}', b'{"command":"open"}', b'{"command":"open","kind":1}', b"\xff"]
)
def test_what_is_no_command_is_refused(text: bytes) -> None:
    with pytest.raises(UsageError):
        commands.read_request(text)


def test_a_command_may_leave_out_what_has_a_default() -> None:
    assert commands.read_request(b'{"command":"open","kind":"network"}') == Open(kind="network")


def test_a_late_subscriber_is_seen_and_can_be_answered(wire: Wire) -> None:
    publisher, subscriber = wire.event_publisher(100), wire.event_subscriber(["event.", "snap.me"])
    topics = []
    for _ in range(500):
        topic = publisher.subscription()
        if topic is not None:
            topics.append(topic)
        if len(topics) == 2:
            break
        poll = Poll()
        poll.add(publisher)
        poll.wait(0.05)
    assert sorted(topics) == ["event.", "snap.me"]
    publisher.send("snap.me", b"{}")
    assert subscriber.receive(5.0) == ("snap.me", b"{}")


def test_an_event_survives_json() -> None:
    event = events.Notice(daemon="d", seq=1, time=2.0, level="info", code="x", text="Grüße 你好")
    assert events.from_json(events.to_json(event)) == event


def test_a_private_directory_is_made_so(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"
    directory.mkdir(parents=True, mode=0o755)
    make_private(directory)
    assert directory.stat().st_mode & 0o077 == 0


def test_a_file_in_the_place_of_the_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    with pytest.raises(StenoError, match="cannot use"):
        make_private(tmp_path / "f")


def test_the_command_line_comes_before_the_environment() -> None:
    assert runtime_dir("/a", {"STENO_RUNTIME_DIR": "/b"}) == Path("/a")
    assert runtime_dir(None, {"STENO_RUNTIME_DIR": "/b"}) == Path("/b")
