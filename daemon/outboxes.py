"""The daemon's ends towards its workers' inboxes. It does not know what is sent."""

from __future__ import annotations

from pipeline import messages
from pipeline.arrays import Array, pack
from pipeline.sockets import Outbox, Wire


class Outboxes:
    """Opened when first needed."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._open: dict[str, Outbox] = {}

    def send(self, to: str, message: messages.Any, array: Array) -> None:
        """Send a message and the array beside it to the process of that name."""
        if to not in self._open:
            self._open[to] = self._wire.outbox(to)
        self._open[to].send(message, *pack(array))

    def drop(self, to: str) -> None:
        """The process is dead: what was queued for it must not reach the next one."""
        if to in self._open:
            self._open.pop(to).close()
