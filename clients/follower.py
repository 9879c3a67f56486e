"""The reading of an event stream as a state machine: what is new, what came twice, what is missing.

It owns the rules of docs/protocol.md for a subscriber: begin with a snapshot, leave out what the snapshot holds, see a
gap or a new daemon, and make up for it with another snapshot. It knows neither sockets nor clocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from pipeline import events
from pipeline.errors import StenoError


@dataclass(frozen=True, slots=True)
class Item:
    """An event and its JSON text as it was published. Of a kind that this version does not know, only the text."""

    event: events.Any | None
    text: bytes


@dataclass(slots=True)
class Step:
    """What a reader does after a message: hand on `items`, and ask for another snapshot if `ask`."""

    items: list[Item] = field(default_factory=list)
    ask: bool = False


class _Head(msgspec.Struct):
    """What every event has, of this version or another."""

    daemon: str
    seq: int
    protocol: int = events.PROTOCOL


_head = msgspec.json.Decoder(_Head)


class Follower:
    """Follows the public stream, or that of one private source.

    A private stream has a `seq` of its own, and a snapshot does not hold its events: it only says that the subscription
    is in force, and from which `seq` on. A gap in it cannot be made up for.
    """

    def __init__(self, private: bool = False) -> None:
        self._private = private
        self._daemon = ""
        self._seq = 0
        self._waiting = True
        self._held: dict[int, Item] = {}
        """Events that came while a snapshot was awaited, by seq."""

    @property
    def waiting(self) -> bool:
        """Whether a snapshot is awaited."""
        return self._waiting

    def expect_snapshot(self) -> None:
        """Hold what comes until the next snapshot."""
        self._waiting = True

    def event(self, text: bytes) -> Step:
        """A message of the stream.

        Raises:
            StenoError: it is no event, or speaks another protocol; of a private stream: events were lost.
        """
        head, item = _read(text)
        if not self._daemon:
            self._held[head.seq] = item
            return Step()
        if self._private:
            return self._private_event(head, item)
        if head.daemon != self._daemon:
            # Another daemon lives there now. Its snapshot is on the way: the subscription was renewed with its topic.
            self._daemon, self._seq, self._waiting, self._held = head.daemon, 0, True, {head.seq: item}
            return Step()
        if head.seq <= self._seq:
            return Step()
        if self._waiting:
            self._held[head.seq] = item
            return Step()
        if head.seq > self._seq + 1:
            self._waiting = True
            self._held[head.seq] = item
            return Step(ask=True)
        self._seq = head.seq
        return Step([item])

    def _private_event(self, head: _Head, item: Item) -> Step:
        self._same_daemon(head)
        if head.seq <= self._seq:
            return Step()
        if head.seq != self._seq + 1:
            raise StenoError(
                f"{head.seq - self._seq - 1} events of this source were lost", "Raise events.high_water_mark."
            )
        self._seq = head.seq
        return Step([item])

    def _private_snapshot(self, head: _Head, item: Item) -> Step:
        self._same_daemon(head)
        self._waiting = False
        if self._daemon:
            return Step([item])
        self._daemon = head.daemon
        held = [self._held[seq] for seq in sorted(self._held)]
        self._seq = max([head.seq, *self._held])
        self._held = {}
        return Step([item, *held])

    def _same_daemon(self, head: _Head) -> None:
        if self._daemon and head.daemon != self._daemon:
            raise StenoError("the daemon was restarted meanwhile", "Try again.")

    def snapshot(self, text: bytes) -> Step:
        """The message of the snapshot's topic.

        Raises:
            StenoError: it is no snapshot, or speaks another protocol; of a private stream: the daemon is another.
        """
        head, item = _read(text)
        shot = item.event
        if not isinstance(shot, events.Snapshot):
            raise StenoError("what came in place of a snapshot is none", "Client and daemon differ in version.")
        if self._private:
            return self._private_snapshot(head, item)
        first = not self._daemon
        if not first and not self._waiting and head.daemon == self._daemon and shot.seq <= self._seq:
            return Step()  # sent a second time
        if head.daemon != self._daemon and not first:
            self._seq, self._held = 0, {}
        self._daemon, self._waiting = head.daemon, False
        missed = {} if first else self._missed(shot)
        behind = {seq: held for seq, held in self._held.items() if not first or seq > shot.seq}
        self._held = {}
        new = {**missed, **{seq: held for seq, held in behind.items() if seq > self._seq}}
        self._seq = max([self._seq, shot.seq, *new])
        return Step([item, *(new[seq] for seq in sorted(new))])

    def _missed(self, shot: events.Snapshot) -> dict[int, Item]:
        """The finals of a snapshot that were published behind the last event that was read."""
        return {
            final.seq: Item(final, events.to_json(final))
            for final in shot.finals
            if final.daemon == shot.daemon and final.seq > self._seq
        }


def _read(text: bytes) -> tuple[_Head, Item]:
    try:
        head = _head.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StenoError(f"what the daemon published is no event: {error}") from None
    if head.protocol != events.PROTOCOL:
        raise StenoError(
            f"the daemon speaks version {head.protocol} of the protocol, this program version {events.PROTOCOL}",
            "Use the `steno` of the daemon's installation.",
        )
    try:
        return head, Item(events.from_json(text), text)
    except msgspec.DecodeError:
        return head, Item(None, text)  # a newer daemon may publish kinds of events that this version does not know
