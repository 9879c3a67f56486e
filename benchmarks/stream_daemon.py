"""The player's line to a real daemon.

It owns the sockets between a player and a private daemon. It knows neither paces nor what is measured.
"""

from __future__ import annotations

import time
import uuid

from benchmarks.stream_play import Arrival
from clients.private_daemon import PrivateDaemon
from pipeline import commands, events
from pipeline.arrays import pack
from pipeline.errors import StenoError
from pipeline.messages import Audio
from pipeline.resample import Int16

POLLED_S = 0.001
"""The sockets wait in whole milliseconds; less than one is slept away."""
ANSWER_S = 10.0


class DaemonLine:
    """A `benchmarks.stream_play.Line` to a daemon that is ready."""

    def __init__(self, daemon: PrivateDaemon) -> None:
        """Connect; from then on no event is missed."""
        self._daemon = daemon
        self._hub = daemon.wire.outbox("hub")
        self._events = daemon.wire.event_subscriber(["event."])
        self._seq = 0
        self.published()

    def now_ns(self) -> int:
        """CLOCK_MONOTONIC."""
        return time.monotonic_ns()

    def open(self, name: str, commit: bool) -> str:
        """Open a network source of the daemon's settings; its id."""
        request = commands.Open(kind="network", name=name, commit=commit)
        return commands.ask(self._daemon.wire, request, commands.OpenReply).source

    def send(self, audio: Audio, pcm: Int16) -> None:
        """Give the daemon a frame."""
        self._hub.send(audio, *pack(pcm))

    def receive(self, timeout_s: float) -> list[Arrival]:
        """The next events, as soon as there are any; none after the timeout.

        Raises:
            StenoError: the daemon has ended, or events were lost.
        """
        if 0 < timeout_s < POLLED_S:
            time.sleep(timeout_s)
            return []
        found: list[Arrival] = []
        message = self._events.receive(timeout_s)
        if message is None:
            self._daemon.check()
        while message is not None:
            found += self._read(*message)
            message = self._events.receive(0.0)
        return found

    def published(self) -> list[Arrival]:
        """All that the daemon published before this call and that was not received yet.

        A snapshot is asked for on the same socket: what was published before it comes before it.

        Raises:
            StenoError: the daemon does not answer, or events were lost.
        """
        topic = f"snap.{uuid.uuid4().hex}"
        self._events.subscribe(topic)
        found: list[Arrival] = []
        deadline = time.monotonic() + ANSWER_S
        while (left := deadline - time.monotonic()) > 0:
            message = self._events.receive(left)
            if message is not None and message[0] == topic:
                self._events.unsubscribe(topic)
                snapshot = events.from_json(message[1])
                self._seq = self._seq or snapshot.seq
                return found
            if message is not None:
                found += self._read(*message)
        raise StenoError(f"the daemon sent no snapshot within {ANSWER_S:g} s")

    def _read(self, topic: str, text: bytes) -> list[Arrival]:
        now, event = time.monotonic_ns(), events.from_json(text)
        if not topic.startswith("event.") or event.seq <= self._seq:
            return []
        if self._seq and event.seq != self._seq + 1:
            raise StenoError("events were lost: this program was too slow for them")
        self._seq = event.seq
        return [(now, event)]

    def progress(self, source: str) -> commands.ProgressReply:
        """How far it has come.

        Raises:
            StenoError: the source failed.
        """
        reply = commands.ask(self._daemon.wire, commands.Progress(source=source), commands.ProgressReply)
        if reply.error:
            raise StenoError(reply.error)
        return reply

    def close(self) -> None:
        """Close what was opened here; the daemon goes on."""
        self._events.close()
        self._hub.close()
