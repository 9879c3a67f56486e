"""The client's end of the event stream: one place where it is subscribed to and read.

It owns the topics and the asking for snapshots; `clients.follower` owns what is new in what comes. It does not know
what an event is good for.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from clients.follower import Follower, Item
from pipeline import events, paths
from pipeline.commands import require_daemon
from pipeline.errors import NotRunningError
from pipeline.sockets import Poll, Wire

PUBLIC = "event."
ASK_AGAIN_S = 2.0
"""A snapshot can be lost like an event, when this client was too slow: then it is asked for again."""


def subscribe(runtime_dir: str | Path | None = None, private: str | None = None) -> Iterator[events.Any]:
    """The events of the running daemon, for ever: a Snapshot first, then what comes, each once.

    A restart of the daemon is survived: another Snapshot comes, with another `daemon`. So it is after events were lost
    because this reader was too slow; the finals among them are then yielded behind the Snapshot that held them.

    Args:
        runtime_dir: of the daemon; None takes STENO_RUNTIME_DIR or the user's own.
        private: id of a source that was opened as private, to read its events instead of the public ones.

    Raises:
        NotRunningError: there is no daemon.
        StenoError: the daemon speaks another protocol; events of a private source were lost.
    """
    with Wire(paths.runtime_dir(None if runtime_dir is None else str(runtime_dir))) as wire:
        require_daemon(wire.runtime)
        subscription = Subscription(wire, private)
        yield subscription.first()
        while True:
            for item in subscription.receive(None):
                if item.event is not None:
                    yield item.event


class Subscription:
    """A subscription within a wire that somebody else closes."""

    def __init__(self, wire: Wire, private: str | None = None) -> None:
        self._end = wire.event_subscriber()
        self._runtime = wire.runtime
        self._follower = Follower(private is not None)
        self._prefix = PUBLIC if private is None else f"private.{private}."
        self._snapshots = "snap." if private is None else f"snap.{self._prefix}"
        self._end.subscribe(self._prefix)
        self._topic = ""
        self._asked = 0.0
        self._behind: list[Item] = []
        """Read together with the first snapshot, and not yet handed on."""
        self._ask()

    def _ask(self) -> None:
        """Ask for a snapshot. Its topic stays subscribed, so that a restarted daemon sends one unasked."""
        previous, self._topic = self._topic, self._snapshots + uuid.uuid4().hex
        self._end.subscribe(self._topic)
        if previous:
            self._end.unsubscribe(previous)
        self._asked = time.monotonic()
        self._follower.expect_snapshot()

    def first(self, timeout_s: float = 5.0) -> events.Snapshot:
        """Wait for the first snapshot. From then on the subscription is in force: nothing later is missed.

        Raises:
            NotRunningError: none came in time.
        """
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            items = self.receive(left)
            if items and isinstance(items[0].event, events.Snapshot):
                self._behind += items[1:]
                return items[0].event
        raise NotRunningError(
            f"the daemon in {self._runtime} sent no snapshot within {timeout_s:g} s",
            "See whether it is alive: steno status",
        )

    def receive(self, timeout_s: float | None) -> list[Item]:
        """What is new, as soon as something is; empty after the timeout. None waits for ever.

        Raises:
            StenoError: see `Follower`.
        """
        if self._behind:
            behind, self._behind = self._behind, []
            return behind
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left = ASK_AGAIN_S if deadline is None else max(0.0, deadline - time.monotonic())
            message = self._end.receive(min(left, ASK_AGAIN_S))
            items = [] if message is None else self._step(*message)
            if items:
                return items
            if self._follower.waiting and time.monotonic() - self._asked > ASK_AGAIN_S:
                self._ask()
            if deadline is not None and time.monotonic() >= deadline:
                return []

    def wait(self, timeout_s: float, also: int | None = None) -> None:
        """Wait until `receive` has something, or the descriptor `also` is readable; not longer than the timeout."""
        if self._behind:
            return
        poll = Poll()
        poll.add(self._end)
        if also is not None:
            poll.add(also)
        poll.wait(timeout_s)

    def close(self) -> None:
        """End the subscription."""
        self._end.close()

    def drain(self, timeout_s: float = 2.0) -> list[Item]:
        """Everything that was published before this call: a snapshot is asked for and comes behind it."""
        self._ask()
        deadline = time.monotonic() + timeout_s
        items: list[Item] = []
        while self._follower.waiting and (left := deadline - time.monotonic()) > 0:
            items += self.receive(left)
        return items

    def _step(self, topic: str, text: bytes) -> list[Item]:
        if topic == self._topic:
            step = self._follower.snapshot(text)
        elif topic.startswith(self._prefix):
            step = self._follower.event(text)
        else:
            return []  # an older snapshot that was asked for twice
        if step.ask:
            self._ask()
        return step.items
