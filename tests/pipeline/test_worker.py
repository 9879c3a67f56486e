"""The process around a stage, with a scripted stage, in a thread of the test."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from model.beat import Beat, check
from model.errors import StenoError
from pipeline import loading, messages
from pipeline.arrays import pack
from pipeline.messages import Align, Cancel, Failed, Forget, Ready, Refused, Shutdown, Speech, Words
from pipeline.process import Parent
from pipeline.settings import ModelSettings
from pipeline.sockets import HUB, Poll, Wire
from pipeline.stages import Output
from pipeline.worker import Worker, main

PCM = np.zeros(320, np.int16)


def steadily(beat: Beat) -> None:
    """A step that just works."""


class ScriptedStage:
    """Answers each step with empty words, after doing what the script says for that utterance."""

    detail = "scripted"

    def __init__(self) -> None:
        self.script: dict[int, Callable[[Beat], None]] = {}
        self.forgotten: list[int] = []
        self.at_work = False
        self.disturbed = False

    def step(self, message: messages.Any, frames: list[bytes], beat: Beat) -> list[Output]:
        assert isinstance(message, Speech | Align)
        self.at_work = True
        try:
            self.script.get(message.utterance, steadily)(beat)
        finally:
            self.at_work = False
        return [Output(HUB, Words(message.utterance, message.epoch, (), 1))]

    def warm_up(self) -> int:
        return 0

    def forget(self, utterance: int) -> None:
        self.forgotten.append(utterance)
        self.disturbed = self.disturbed or self.at_work


class World:
    """A hub's sockets, and a worker in a thread."""

    def __init__(self, runtime: Path) -> None:
        self.wire = Wire(runtime)
        self.inbox, self.bus = self.wire.inbox(HUB), self.wire.bus()
        self.stage = ScriptedStage()
        self.wire_of_worker = Wire(runtime)
        worker = Worker("encoder", self.wire_of_worker, self.stage, Parent())
        self.thread = threading.Thread(target=worker.run)
        self.thread.start()
        self.work = self.wire.outbox("encoder")
        self.heard: list[Any] = []
        self.until(Ready)

    def until(self, kind: type[Any], count: int = 1) -> list[Any]:
        """Read until so many messages of that kind have come in all."""
        poll, deadline = Poll(), time.monotonic() + 10
        poll.add(self.inbox)
        while len(found := [m for m in self.heard if isinstance(m, kind)]) < count:
            assert time.monotonic() < deadline, self.heard
            poll.wait(0.1)
            while (received := self.inbox.receive()) is not None:
                self.heard.append(received[0])
        return found

    def say(self, utterance: int, epoch: int = 0, seq: int = 0) -> None:
        self.work.send(Speech(utterance, epoch, seq, 0, True), *pack(PCM))

    def close(self) -> None:
        self.bus.send(Shutdown())
        self.thread.join(5)
        assert not self.thread.is_alive()
        self.wire_of_worker.close()
        self.wire.close()


@pytest.fixture
def world() -> Iterator[World]:
    runtime = Path(tempfile.mkdtemp(prefix="steno-"))
    world = World(runtime)
    yield world
    world.close()
    shutil.rmtree(runtime)


def wait_for_cancel(beat: Beat) -> None:
    """A step that takes as long as nobody stops it."""
    while True:
        check(beat)
        time.sleep(0.01)


def refuse(beat: Beat) -> None:
    raise StenoError("cannot", "do this")


def stumble(beat: Beat) -> None:
    raise ZeroDivisionError("by zero")


def test_work_is_answered_and_life_is_signalled_meanwhile(world: World) -> None:
    world.say(1)
    assert world.until(Words)[0].utterance == 1
    world.until(messages.Beat, 2)


def test_a_cancel_reaches_a_step_at_work_and_spares_the_next_one(world: World) -> None:
    world.stage.script[1] = wait_for_cancel
    world.say(1, seq=0)
    world.say(2)
    time.sleep(0.1)
    world.bus.send(Cancel(1, 0, 1))
    assert [m.utterance for m in world.until(Words)] == [2]
    del world.stage.script[1]
    world.say(1, seq=1)
    assert [m.utterance for m in world.until(Words, 2)] == [2, 1]


def test_a_cancel_of_steps_does_not_mean_the_alignment(world: World) -> None:
    world.bus.send(Cancel(1, 5, 0))
    time.sleep(0.1)
    world.work.send(Align(1, 0, "text", ""), *pack(PCM))
    assert world.until(Words)[0].utterance == 1


def test_what_is_over_is_forgotten_and_late_work_for_it_is_left_undone(world: World) -> None:
    world.say(1)
    world.until(Words)
    world.bus.send(Forget(1))
    time.sleep(0.5)
    world.say(1, seq=1)
    world.say(2)
    assert [m.utterance for m in world.until(Words, 2)] == [1, 2]
    assert world.stage.forgotten == [1]


def test_a_step_is_given_up_when_its_utterance_is_over_and_nothing_is_forgotten_before(world: World) -> None:
    world.stage.script[1] = wait_for_cancel
    world.say(1)
    time.sleep(0.1)
    world.bus.send(Cancel(1, 0, 0))
    world.bus.send(Forget(3))
    world.bus.send(Forget(1))
    world.say(2)
    assert [m.utterance for m in world.until(Words)] == [2]
    assert sorted(world.stage.forgotten) == [1, 3]
    assert not world.stage.disturbed


def test_an_alignment_is_given_up_when_its_utterance_is_over(world: World) -> None:
    world.stage.script[1] = wait_for_cancel
    world.work.send(Align(1, 0, "text", "", live=True), *pack(PCM))
    time.sleep(0.1)
    world.bus.send(Forget(1))
    world.say(2)
    assert [m.utterance for m in world.until(Words)] == [2]


def test_a_step_that_fails_is_reported_and_the_worker_goes_on(world: World) -> None:
    world.stage.script = {1: refuse, 2: stumble}
    for utterance in (1, 2, 3):
        world.say(utterance)
    assert world.until(Words)[0].utterance == 3
    failed = world.until(Failed, 2)
    assert [(f.process, f.utterance, f.error, f.hint) for f in failed] == [
        ("encoder", 1, "cannot", "do this"),
        ("encoder", 2, "ZeroDivisionError: by zero", ""),
    ]


def test_what_is_no_work_is_passed_over(world: World) -> None:
    world.work.send(Shutdown())
    world.say(1)
    assert world.until(Words)[0].utterance == 1


@pytest.mark.parametrize(
    ("error", "told", "hint"),
    [
        (StenoError("cannot", "do this"), "cannot", "do this"),
        (MemoryError("too much"), "MemoryError: too much", "verify"),
    ],
)
def test_whatever_keeps_a_model_from_loading_is_told_to_the_hub(
    monkeypatch: pytest.MonkeyPatch, error: Exception, told: str, hint: str
) -> None:
    def plan(*_: object) -> loading.Plan:
        raise error

    monkeypatch.setattr(loading, "plan", plan)
    monkeypatch.setattr(Parent, "follow", lambda self: None)
    settings = io.TextIOWrapper(io.BytesIO(msgspec.json.encode(ModelSettings())))
    monkeypatch.setattr(sys, "stdin", settings)
    runtime = Path(tempfile.mkdtemp(prefix="steno-"))
    with Wire(runtime) as wire:
        inbox, poll = wire.inbox(HUB), Poll()
        poll.add(inbox)
        assert main(["decoder", f"--runtime-dir={runtime}", f"--cache-dir={runtime}"]) == 1
        poll.wait(5.0)
        received = inbox.receive()
    assert received is not None
    assert isinstance(received[0], Refused)
    assert received[0].error == told
    assert hint in received[0].hint
    shutil.rmtree(runtime)
