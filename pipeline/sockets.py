"""The sockets that link Steno's processes: the one file that knows ZeroMQ.

It owns patterns, paths and limits: PULL inboxes, a PUB bus, a ROUTER for commands, XPUB for events, all over ipc in the
runtime directory. It does not know what a message means. Everything is non-blocking and belongs to one thread.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import zmq

from model.errors import NotRunningError, StenoError, UsageError
from pipeline import messages
from pipeline.messages import Malformed

Buffer = bytes | memoryview

MAX_MESSAGE_BYTES = 64 << 20
"""No frame is larger: a whole utterance of 120 s as int16 is 4 MB, its embeddings at most 13 MB."""
MAX_PARTS = 8
MAX_SOCKET_PATH = 107 if sys.platform == "linux" else 103
"""sizeof(sockaddr_un.sun_path) - 1 (unix(7)); 104 bytes on the BSDs and macOS."""

HUB, ENCODER, DECODER, ALIGNER = "hub", "encoder", "decoder", "aligner"
BUS, COMMAND, EVENTS = "bus", "command", "events"
NAMES = (HUB, ENCODER, DECODER, ALIGNER, BUS, COMMAND, EVENTS)


def socket_path(runtime: Path, name: str) -> Path:
    """Where the socket of that name lies.

    Raises:
        UsageError: the path is too long for a socket.
    """
    path = runtime / f"{name}.sock"
    longest = max(len(os.fsencode(runtime / f"{n}.sock")) for n in NAMES)
    if longest > MAX_SOCKET_PATH:
        raise UsageError(
            f"the runtime directory's path is too long for sockets: {runtime} "
            f"({longest} bytes with a socket's name, at most {MAX_SOCKET_PATH})",
            "Choose a shorter one with --runtime-dir or STENO_RUNTIME_DIR.",
        )
    return path


class Wired(Protocol):
    """Something with a socket that `Poll` can wait for."""

    @property
    def socket(self) -> zmq.Socket[bytes]:
        """What ZeroMQ polls."""


class _End:
    """One end of a connection: its socket and how it is closed."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self.socket = socket

    def close(self, linger_ms: int = 0) -> None:
        """Close it; what is still unsent has so long to leave."""
        self.socket.close(linger_ms)

    def _receive(self) -> list[bytes] | None:
        try:
            parts = self.socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        if len(parts) > MAX_PARTS:
            raise Malformed(f"{len(parts)} frames, at most {MAX_PARTS}")
        return parts


class Inbox(_End):
    """PULL: what others want of this process."""

    def receive(self) -> tuple[messages.Any, list[bytes]] | None:
        """The next message and the frames beside it, or None.

        Raises:
            Malformed: what came is no message; the next call goes on behind it.
        """
        parts = self._receive()
        return None if parts is None else (messages.from_bytes(parts[0]), parts[1:])


class Outbox(_End):
    """PUSH to another process's inbox. What is sent before that process is there waits for it."""

    def send(self, message: messages.Any, *frames: Buffer) -> None:
        """Send without blocking.

        Raises:
            StenoError: the other side has not taken what was sent before, and nothing more fits.
        """
        try:
            self.socket.send_multipart([messages.to_bytes(message), *frames], zmq.NOBLOCK)
        except zmq.Again:
            raise StenoError("the receiving process does not take what it is sent") from None


class Bus(_End):
    """PUB from the hub to all its processes."""

    def send(self, message: messages.Any) -> None:
        """Send to whoever listens."""
        self.socket.send(messages.to_bytes(message), zmq.NOBLOCK)


class BusListener(_End):
    """SUB to the hub's bus."""

    def receive(self) -> messages.Any | None:
        """The next message, or None. What is no message is passed over: it is not the hub's."""
        while (parts := self._receive()) is not None:
            with contextlib.suppress(Malformed):
                return messages.from_bytes(parts[0])
        return None


class CommandServer(_End):
    """ROUTER: requests of clients, each a JSON text."""

    def receive(self) -> tuple[bytes, bytes] | None:
        """The next request with the address to answer it, or None.

        Raises:
            Malformed: not an address and one frame.
        """
        parts = self._receive()
        if parts is None:
            return None
        if len(parts) != 2:
            raise Malformed(f"a command is one frame, not {len(parts) - 1}")
        return parts[0], parts[1]

    def reply(self, address: bytes, text: bytes) -> None:
        """Answer; a client that has gone gets nothing."""
        with contextlib.suppress(zmq.Again):
            self.socket.send_multipart([address, text], zmq.NOBLOCK)


class CommandClient(_End):
    """DEALER to the daemon's ROUTER."""

    def request(self, text: bytes, timeout_s: float) -> bytes:
        """Send a request and wait for its answer.

        Raises:
            NotRunningError: no answer in time.
        """
        self.socket.send(text)
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            if self.socket.poll(int(left * 1000) + 1):
                return self.socket.recv()
        raise NotRunningError(
            f"the daemon did not answer within {timeout_s:g} s", "See whether it is alive: steno status"
        )


class EventPublisher(_End):
    """XPUB: events to all who subscribed to their topic."""

    def send(self, topic: str, text: bytes) -> None:
        """Publish; a subscriber whose queue is full misses it and sees a gap in `seq`."""
        self.socket.send_multipart([topic.encode(), text], zmq.NOBLOCK)

    def subscription(self) -> str | None:
        """The topic of the next new subscription, or None."""
        while (parts := self._receive()) is not None:
            if len(parts) == 1 and parts[0][:1] == b"\x01":
                return parts[0][1:].decode(errors="replace")
        return None


class EventSubscriber(_End):
    """SUB: the events of the topics one asked for. Reconnects, and subscribes again, by itself."""

    def subscribe(self, topic: str) -> None:
        """Also receive what is published under topics that begin so."""
        self.socket.subscribe(topic)

    def unsubscribe(self, topic: str) -> None:
        """No longer receive these."""
        self.socket.unsubscribe(topic)

    def receive(self, timeout_s: float | None = 0.0) -> tuple[str, bytes] | None:
        """The next event's topic and JSON text, or None if none comes in time; None waits for ever."""
        if not self.socket.poll(None if timeout_s is None else int(timeout_s * 1000)):
            return None
        parts = self._receive()
        if parts is None or len(parts) != 2:
            return None
        return parts[0].decode(errors="replace"), parts[1]


class Poll:
    """Waits for several ends, and for file descriptors, at once."""

    def __init__(self) -> None:
        self._poller = zmq.Poller()

    def add(self, end: Wired | int) -> None:
        """Wait for this too; an int is a file descriptor."""
        self._poller.register(end if isinstance(end, int) else end.socket, zmq.POLLIN)

    def remove(self, end: Wired) -> None:
        """No longer wait for this."""
        self._poller.unregister(end.socket)

    def wait(self, timeout_s: float) -> bool:
        """True as soon as one of them has something to read, False after the timeout."""
        return bool(self._poller.poll(max(0, int(timeout_s * 1000))))


class Wire:
    """All sockets of one process in one runtime directory."""

    def __init__(self, runtime: Path) -> None:
        self.runtime = runtime
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()

    def _open(self, kind: int, name: str, *, bind: bool, high_water_mark: int = 0) -> zmq.Socket[bytes]:
        path = socket_path(self.runtime, name)
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        socket.set_hwm(high_water_mark)
        if kind in (zmq.SUB, zmq.DEALER):
            socket.setsockopt(zmq.RECONNECT_IVL, 50)
        try:
            if bind:
                socket.bind(f"ipc://{path}")
                path.chmod(0o600)
            else:
                socket.connect(f"ipc://{path}")
        except (zmq.ZMQError, OSError) as error:
            socket.close(0)
            raise StenoError(f"cannot open the socket {path}: {error}") from None
        return socket

    def inbox(self, name: str) -> Inbox:
        """Bind the inbox of that process."""
        return Inbox(self._open(zmq.PULL, name, bind=True))

    def outbox(self, name: str) -> Outbox:
        """Connect to the inbox of that process. Nothing bounds its queue here: the hub's own rule of one step in flight
        does, and a source is bounded by its own pace.
        """
        return Outbox(self._open(zmq.PUSH, name, bind=False))

    def bus(self) -> Bus:
        """Bind the bus."""
        return Bus(self._open(zmq.PUB, BUS, bind=True))

    def bus_listener(self) -> BusListener:
        """Connect to the bus."""
        socket = self._open(zmq.SUB, BUS, bind=False)
        socket.subscribe(b"")
        return BusListener(socket)

    def command_server(self) -> CommandServer:
        """Bind the command socket."""
        return CommandServer(self._open(zmq.ROUTER, COMMAND, bind=True, high_water_mark=1000))

    def command_client(self) -> CommandClient:
        """Connect to the command socket."""
        return CommandClient(self._open(zmq.DEALER, COMMAND, bind=False))

    def event_publisher(self, high_water_mark: int) -> EventPublisher:
        """Bind the event socket."""
        return EventPublisher(self._open(zmq.XPUB, EVENTS, bind=True, high_water_mark=high_water_mark))

    def event_subscriber(self, topics: Iterable[str] = ()) -> EventSubscriber:
        """Connect to the event socket."""
        end = EventSubscriber(self._open(zmq.SUB, EVENTS, bind=False))
        for topic in topics:
            end.subscribe(topic)
        return end

    def close(self) -> None:
        """Close what is still open; nothing lingers."""
        self._context.destroy(0)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
