"""Real workers, the decoder three times slower than speech for a while: what it costs, and what it must not cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import daemon.hub
from daemon.hub import Hub
from daemon.supervisor import State
from pipeline import commands, events
from pipeline.arrays import Array, pack
from pipeline.messages import SAMPLE_RATE, Audio
from pipeline.paths import make_private
from pipeline.settings import AlignSettings, DaemonSettings, Settings
from pipeline.sockets import Outbox, Wire

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Recording

BLOCK = SAMPLE_RATE // 20
PACES = ["fewer-partials", "no-live-words", "finals-only"]


class Listening:
    """A hub that turns in the test, and all that it said."""

    def __init__(self, hub: Hub, outbox: Outbox) -> None:
        self.hub = hub
        self.said: list[tuple[type[events.Event], dict[str, Any]]] = []
        self._outbox = outbox
        publish = hub.publisher.publish

        def noted(kind: type[events.Event], **fields: Any) -> None:
            self.said.append((kind, fields))
            publish(kind, **fields)

        hub.publisher.publish = noted  # type: ignore[method-assign]

    def of(self, kind: type[events.Event]) -> list[dict[str, Any]]:
        return [fields for k, fields in self.said if k is kind]

    def paces(self) -> list[str]:
        """Each pace that was announced."""
        paces = [fields["pace"] for fields in self.of(events.State)]
        return [pace for before, pace in zip(["full", *paces], paces, strict=False) if pace != before]

    def finals(self, source: str) -> list[str]:
        return [fields["text"] for fields in self.of(events.Final) if fields["source"] == source]

    def until(self, done: Callable[[], bool], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not done():
            assert time.monotonic() < deadline, self.said[-10:]
            self.hub.turn()
            time.sleep(0.005)

    def say(self, pcm: Array, speed: float = 1.0) -> str:
        """A new source says this, and ends."""
        source = self.hub.sources.open(commands.Open(kind="network")).origin.id
        began = time.monotonic()
        for at in range(0, len(pcm), BLOCK):
            due = began + (at + BLOCK) / SAMPLE_RATE / speed
            self.until(lambda due=due: time.monotonic() >= due, 5.0)  # type: ignore[misc]
            audio = Audio(source, at, time.monotonic_ns(), end=at + BLOCK >= len(pcm))
            self._outbox.send(audio, *pack(pcm[at : at + BLOCK]))
        return source

    def over(self, source: str) -> bool:
        return self.hub.sources.find(source) is None


@pytest.fixture
def listening(cache: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    monkeypatch.setattr(daemon.hub, "WORKER", "tests.end_to_end.slowed_worker")
    make_private(runtime)
    settings = Settings(daemon=DaemonSettings(source="none"), align=AlignSettings(enabled=False))
    with Wire(runtime) as wire:
        hub = Hub(settings, wire, cache, "d")
        listening = Listening(hub, wire.outbox("hub"))
        yield listening
        hub.shut_down(5.0)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_slowed_decoder_costs_partials_and_no_final_and_is_forgiven_when_it_is_fast_again(
    listening: Listening, recording: Recording, runtime: Path
) -> None:
    listening.until(lambda: set(listening.hub.worker_states.values()) == {State.READY}, 60.0)
    pause = np.zeros(SAMPLE_RATE, np.int16)
    pcm = np.concatenate([recording("02"), pause, recording("03"), pause])
    source = listening.say(pcm, speed=2.0)
    listening.until(lambda: listening.over(source), 30.0)
    expected = listening.finals(source)
    assert all(expected)
    assert listening.paces() == []

    (runtime / "slow").touch()
    source = listening.say(pcm)
    listening.until(lambda: listening.over(source), 120.0)
    assert listening.finals(source) == expected
    assert listening.paces() == PACES

    (runtime / "slow").unlink()
    deadline = time.monotonic() + 180.0
    while listening.paces()[-1] != "full":
        assert time.monotonic() < deadline, listening.paces()
        listening.say(np.concatenate([recording("02"), pause]))
    assert listening.paces() == [*PACES, *reversed(PACES[:-1]), "full"]
    notices = [fields["code"] for fields in listening.of(events.Notice)]
    assert notices == ["pace"] * 6
