"""sway's own socket: questions, and events that it sends by itself. The protocol is that of i3 (`man 7 sway-ipc`).

It owns the form of the messages. It does not know what the answers mean.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import StenoError

MAGIC = b"i3-ipc"
HEAD = struct.Struct("=6sII")
"""The magic, the length of what follows in bytes, the kind; in the machine's own byte order."""
SUBSCRIBE, GET_TREE, GET_SEATS = 2, 4, 101
EVENT = 0x80000000
WORKSPACE_EVENT, WINDOW_EVENT = EVENT, EVENT | 3
LONGEST = 64 * 2**20
"""Bytes of a message; a longer one is none of sway's."""


class SwaySocket:
    """One connection to sway."""

    def __init__(self, path: str, timeout_s: float = 0.5) -> None:
        """Raises: StenoError: nobody answers there."""
        self._timeout_s = timeout_s
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout_s)
        self._received = bytearray()
        try:
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            hint = "Start Steno from within the sway session; SWAYSOCK names the socket."
            raise StenoError(f"sway does not answer at {path}: {error.strerror}", hint) from None

    def ask(self, kind: int, text: str = "") -> Any:
        """Ask, and wait for the answer; not on a connection that has subscribed.

        Raises:
            StenoError: sway has gone, or does not answer in time.
        """
        data = text.encode()
        try:
            self._socket.sendall(HEAD.pack(MAGIC, len(data), kind) + data)
            deadline = time.monotonic() + self._timeout_s
            while (message := self._message(deadline)) is not None:
                if message[0] == kind:
                    return message[1]
        except OSError as error:
            raise StenoError(f"sway has gone: {error.strerror or error}") from None
        raise StenoError(f"sway did not answer within {self._timeout_s:g} s")

    def event(self) -> tuple[int, Any] | None:
        """The next event that is there: its kind, and what it says. None if there is none.

        Raises:
            StenoError: sway has gone.
        """
        try:
            return self._message(0.0)
        except OSError as error:
            raise StenoError(f"sway has gone: {error.strerror or error}") from None

    def fileno(self) -> int:
        """Readable when an event came."""
        return self._socket.fileno()

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _message(self, deadline: float) -> tuple[int, Any] | None:
        """The next message; None if it is not there, as a whole, by the deadline."""
        while True:
            if len(self._received) >= HEAD.size:
                magic, length, kind = HEAD.unpack_from(self._received)
                if magic != MAGIC or length > LONGEST:
                    raise ConnectionAbortedError("what it sent is not of sway's protocol")
                if len(self._received) >= HEAD.size + length:
                    body = bytes(self._received[HEAD.size : HEAD.size + length])
                    del self._received[: HEAD.size + length]
                    return kind, _decoded(body)
            if not select.select([self._socket], [], [], max(deadline - time.monotonic(), 0))[0]:
                return None
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionResetError("it closed the connection")
            self._received += data


def socket_path(environ: Mapping[str, str]) -> str:
    """Where sway listens: as SWAYSOCK says, else the newest of its sockets in the runtime directory.

    Raises:
        StenoError: there is none.
    """
    if environ.get("SWAYSOCK"):
        return environ["SWAYSOCK"]
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    found = sorted(Path(runtime).glob("sway-ipc.*.sock"), key=os.path.getmtime) if runtime else []
    if not found:
        raise StenoError("sway's socket is not to be found (SWAYSOCK is not set)", "Start Steno from within sway.")
    return str(found[-1])


def _decoded(body: bytes) -> Any:
    try:
        # Titles are whatever programs make them, cut off within a character too.
        return json.loads(body.decode(errors="replace"))
    except ValueError:
        raise ConnectionAbortedError("what it sent is not JSON") from None
