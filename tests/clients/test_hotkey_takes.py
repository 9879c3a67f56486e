"""What gestures have the daemon do, and the loop in which keys, daemon and time meet; without a display."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from clients.desktop.feedback import Feedback
from clients.hotkey.command import Loop
from clients.hotkey.gestures import Cancel, KeyEvent, Press, Release, Tapped
from clients.hotkey.keys import Keys, parse
from clients.hotkey.listener import Callback, Death, Hearing
from clients.hotkey.takes import Takes
from pipeline import commands, events
from pipeline.commands import CancelSpeech, Start, Status, Stop
from pipeline.desktop_settings import Binding
from pipeline.errors import StenoError
from pipeline.sockets import Wire
from tests.clients.fake_daemon import FakeDaemon

MS = 1_000_000
BINDING = Binding(key="f9", action="hold", language="German", context="Ada", output="live")
KEYS = Keys((BINDING,), (parse("f9", "key"),), parse("esc", "cancel"), 250 * MS)


class Heard:
    """Feedback that writes down what it is asked."""

    def __init__(self) -> None:
        self.sounds: list[str] = []
        self.notes: list[str] = []

    def play(self, sound: str) -> None:
        self.sounds.append(sound)

    def notify(self, summary: str, body: str = "") -> None:
        self.notes.append(f"{summary}: {body}")


class FakeListener:
    """Passes on what the test presses."""

    name = "fake"
    swallows = True
    heard = 0

    def __init__(self) -> None:
        self.callback: Callback | None = None
        self.down: frozenset[str] | None = None
        self.cancellable: list[bool] = []
        self.closed = False

    def probe(self) -> Hearing:
        return Hearing(True, "fake")

    def run(self, keys: Keys, callback: Callback) -> None:
        self.callback = callback

    def key(self, name: str, down: bool) -> None:
        assert self.callback is not None
        self.callback(KeyEvent(name, down, time.monotonic_ns()))

    def listening(self, on: bool) -> None:
        self.cancellable.append(on)

    def replay(self, key: str) -> None:
        raise AssertionError("nothing is to be replayed")

    def held(self) -> frozenset[str] | None:
        return self.down

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def feedback() -> Heard:
    return Heard()


@pytest.fixture
def takes(runtime: Path, feedback: Heard) -> Iterator[Takes]:
    with Wire(runtime) as wire:
        yield Takes(wire, KEYS, cast(Feedback, feedback))


def until_asked(daemon: FakeDaemon, count: int) -> list[commands.AnyRequest]:
    deadline = time.monotonic() + 10
    asked: list[commands.AnyRequest] = []
    while len(asked) < count and time.monotonic() < deadline:
        time.sleep(0.01)
        asked = [request for request in daemon.requests if not isinstance(request, commands.Status)]
    return asked


def until_heard(feedback: Heard, sound: str) -> None:
    deadline = time.monotonic() + 10
    while sound not in feedback.sounds and time.monotonic() < deadline:
        time.sleep(0.01)


@contextlib.contextmanager
def running(runtime: Path, takes: Takes) -> Iterator[FakeListener]:
    """The loop at work on a thread, looking more often than it would, and what presses its keys."""
    listener = FakeListener()
    loop = Loop(listener, KEYS, takes)

    def run() -> None:
        with pytest.raises(StenoError, match="end"):
            loop.run()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clients.hotkey.command.LOOK_S", 0.1)
        loop.listen(runtime)
        thread = threading.Thread(target=run)
        thread.start()
        yield listener
        assert listener.callback is not None
        listener.callback(Death(StenoError("end")))
        thread.join(10)


def test_a_press_says_all_that_its_binding_does_and_a_release_when_it_was(
    runtime: Path, takes: Takes, feedback: Heard
) -> None:
    with FakeDaemon(runtime) as daemon:
        assert takes.do(Press(0, 5, True))
        assert takes.do(Tapped(0, 6))
        assert takes.do(Release(0, 7, 0))
        tapped = Start(at_ns=6, held=False, language="German", context="Ada", output="live", owner=os.getpid())
        start = replace(tapped, at_ns=5, held=True, key_press=True)
        # What is not held is ended by a press.
        assert daemon.requests == [start, tapped, Stop(at_ns=7, key_press=True)]
    assert feedback.sounds == ["start", "stop"]
    assert feedback.notes == []


@pytest.mark.parametrize(
    ("key", "counted"), [("f9", True), ("ctrl_r", False), ("caps_lock", False), ("num_lock", False)]
)
def test_a_key_that_programs_see_is_said_to_be_the_press(runtime: Path, key: str, counted: bool) -> None:
    keys = Keys((Binding(key=key),), (parse(key, "key"),), parse("esc", "cancel"), 250 * MS)
    with FakeDaemon(runtime) as daemon, Wire(runtime) as wire:
        for swallows in (False, True):
            takes = Takes(wire, keys, cast(Feedback, Heard()), swallows)
            takes.do(Press(0, 5, True))
            takes.do(Release(0, 7))
            takes.do(Press(0, 8, True))
            takes.do(Cancel(0, 9, "key"))
        said = [getattr(request, "key_press", None) for request in daemon.requests if not isinstance(request, Status)]
    held = [counted, False, counted]
    assert said == [*held, False, False, *held, True, True]


def test_the_press_that_ends_is_that_of_its_own_key_not_of_the_one_that_began(runtime: Path) -> None:
    chords = (parse("f9", "key"), parse("ctrl_r", "key"))
    keys = Keys((Binding(key="f9"), Binding(key="ctrl_r")), chords, None, 250 * MS)
    with FakeDaemon(runtime) as daemon, Wire(runtime) as wire:
        takes = Takes(wire, keys, cast(Feedback, Heard()))
        for began, ended in ((0, 1), (1, 0)):
            takes.do(Press(began, 5, False))
            takes.do(Release(began, 7, ended))
        stops = [request for request in daemon.requests if isinstance(request, Stop)]
    assert stops == [Stop(at_ns=7, key_press=False), Stop(at_ns=7, key_press=True)]


def test_a_cancel_ends_listening_also_where_the_daemon_goes_on_by_itself(
    runtime: Path, takes: Takes, feedback: Heard
) -> None:
    with FakeDaemon(runtime) as daemon:
        takes.do(Press(0, 5, True))
        takes.do(Cancel(0, 7, "key"))
        assert daemon.requests[1:] == [CancelSpeech(), Stop()]
    assert feedback.sounds == ["start", "cancel"]


def test_each_failure_sounds_and_is_shown_once(
    runtime: Path, takes: Takes, feedback: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        assert not takes.do(Press(0, 5, False))
    assert feedback.sounds == ["error"] * 3
    assert len(feedback.notes) == 1
    assert "no daemon is running" in feedback.notes[0]
    with FakeDaemon(runtime):
        assert takes.do(Press(0, 5, True))
    assert not takes.do(Release(0, 6))
    assert len(feedback.notes) == 2
    assert capsys.readouterr().out.count("no daemon is running") == 2


def test_a_daemon_that_may_have_begun_after_all_is_told_to_stop_at_the_release(
    runtime: Path, takes: Takes, feedback: Heard
) -> None:
    assert takes.do(Press(0, 5, True))  # goes on until its release
    with FakeDaemon(runtime) as daemon:
        assert not takes.do(Release(0, 6))
        assert daemon.requests == [Stop()]
    takes.do(Press(0, 7, True))
    assert not takes.do(Tapped(0, 8))
    assert feedback.sounds == ["error", "error"]


def test_a_press_of_which_nothing_can_come_does_not_sound_like_one(
    runtime: Path, takes: Takes, feedback: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeDaemon(runtime) as daemon:
        daemon.trouble = "the microphone is lost"
        for _ in range(2):
            assert takes.do(Press(0, 5, True))
            assert takes.do(Release(0, 6))
    assert feedback.sounds == ["error", "stop"] * 2
    assert capsys.readouterr().out.count("the microphone is lost") == 2
    assert [type(request) for request in daemon.requests] == [Start, Stop] * 2


def test_a_microphone_that_is_lost_while_the_key_is_held_is_told(
    runtime: Path, takes: Takes, feedback: Heard, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeDaemon(runtime) as daemon, running(runtime, takes) as listener:
        until_asked(daemon, 1)  # it listens always: stopped once
        daemon.requests.clear()
        lost: dict[str, Any] = {
            "level": "warning",
            "code": "microphone-lost",
            "text": "the microphone is lost",
            "hint": "Plug it in.",
        }
        daemon.do(lambda publisher: publisher.publish(events.Notice, **lost))
        listener.key("f9", True)
        until_asked(daemon, 1)
        daemon.do(lambda publisher: publisher.publish(events.Notice, **lost))
        until_heard(feedback, "error")
    assert feedback.sounds[:2] == ["start", "error"]
    assert capsys.readouterr().out.count("Plug it in.") == 1


def test_what_is_open_is_ended_with_the_program(runtime: Path, takes: Takes) -> None:
    with FakeDaemon(runtime) as daemon:
        takes.close()
        assert daemon.requests == []
        takes.do(Press(0, 5, True))
        takes.close()
        assert isinstance(daemon.requests[-1], Stop)


def test_a_listener_that_dies_ends_the_loop_with_its_error(runtime: Path, takes: Takes) -> None:
    listener = FakeListener()
    loop = Loop(listener, KEYS, takes)
    loop.listen(runtime)
    assert listener.callback is not None
    listener.callback(Death(StenoError("gone")))
    with pytest.raises(StenoError, match="gone"):
        loop.run()
    loop.close()
    assert listener.closed


def test_a_release_that_was_lost_is_found_and_the_cancel_key_given_back(runtime: Path, takes: Takes) -> None:
    with FakeDaemon(runtime) as daemon, running(runtime, takes) as listener:
        until_asked(daemon, 1)  # it listens always: stopped once
        daemon.requests.clear()
        listener.down = frozenset({"f9"})
        listener.key("f9", True)
        assert [type(request) for request in until_asked(daemon, 1)] == [Start]
        time.sleep(0.3)
        assert [type(request) for request in until_asked(daemon, 1)] == [Start]
        listener.down = frozenset()
        assert [type(request) for request in until_asked(daemon, 2)] == [Start, Stop]
    assert listener.cancellable == [True, False]


@pytest.mark.parametrize("again", [False, True], ids=["gone", "restarted"])
def test_a_daemon_that_ends_while_it_listens_is_not_talked_to_in_silence(
    runtime: Path, takes: Takes, feedback: Heard, capsys: pytest.CaptureFixture[str], again: bool
) -> None:
    with running(runtime, takes) as listener:
        with FakeDaemon(runtime) as daemon:
            until_asked(daemon, 1)  # it listens always: stopped once
            daemon.requests.clear()
            listener.down = frozenset({"f9"})
            listener.key("f9", True)
            until_asked(daemon, 1)
        with FakeDaemon(runtime, "two") if again else contextlib.nullcontext():
            until_heard(feedback, "error")
    assert feedback.sounds == ["start", "error"]
    assert ("started anew" if again else "no daemon is running") in capsys.readouterr().out
    assert listener.cancellable == [True, False]
