"""What the daemon says to the world: events get their number here, and leave.

It owns the streams (the public one, and one for each private source), their counters, and what a late joiner needs to
catch up. It does not know why an event is published.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from pipeline import events
from pipeline.sockets import EventPublisher

PUBLIC = "event"
SNAPSHOT = "snap."


class Publisher:
    """Numbers, publishes and remembers events."""

    def __init__(self, end: EventPublisher, daemon: str, recent_finals: int) -> None:
        self.end = end
        self._daemon = daemon
        self._seq: dict[str, int] = {}
        self._private: set[str] = set()
        self._finals: deque[events.Final] = deque(maxlen=recent_finals)
        self._partials: dict[int, events.Partial] = {}
        self._state: dict[str, Any] = {}

    def make_private(self, source: str) -> None:
        """The events of this source are for the client that opened it."""
        self._private.add(source)

    def forget(self, source: str) -> None:
        """The source has ended."""
        if source in self._private:
            del self._seq[self._stream(source)]
            self._private.remove(source)

    def publish(self, kind: type[events.Event], **fields: Any) -> None:
        """Publish an event of this kind; its common fields are added."""
        stream = self._stream(fields.get("source", ""))
        event: Any = kind(**self._head(stream, advance=True), **fields)
        if stream == PUBLIC:
            self._remember(event)
        name = str(kind.__struct_config__.tag)
        self.end.send(f"{stream}.{name}", events.to_json(event))

    def publish_state(self, **fields: Any) -> None:
        """Publish the daemon's state if it is another than the last one."""
        if fields != self._state:
            self._state = fields
            self.publish(events.State, **fields)

    def answer(self, topic: str) -> None:
        """Send the snapshot that a new subscription asks for; other subscriptions need no answer.

        `snap.<anything>` describes the public stream, `snap.private.<source>.<anything>` that source's own stream, of
        which only the number of its last event is known here.
        """
        if not topic.startswith(SNAPSHOT):
            return
        asked = topic.removeprefix(SNAPSHOT)
        private = next((s for s in self._private if asked.startswith(f"private.{s}.")), None)
        stream = PUBLIC if private is None else self._stream(private)
        snapshot = events.Snapshot(
            **self._head(stream),
            state=events.State(**self._head(PUBLIC), **self._state),
            partials=list(self._partials.values()) if private is None else [],
            finals=list(self._finals) if private is None else [],
        )
        self.end.send(topic, events.to_json(snapshot))

    def _stream(self, source: str) -> str:
        return f"private.{source}" if source in self._private else PUBLIC

    def _head(self, stream: str, advance: bool = False) -> dict[str, Any]:
        seq = self._seq.get(stream, 0) + advance
        self._seq[stream] = seq
        return {"daemon": self._daemon, "seq": seq, "time": round(time.time(), 3)}

    def _remember(self, event: events.Event) -> None:
        if isinstance(event, events.Partial):
            self._partials[event.utterance] = event
        elif isinstance(event, events.Final):
            self._partials.pop(event.utterance, None)
            self._finals.append(event)
