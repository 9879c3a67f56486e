"""The keymap that a Wayland compositor gives every program: the one question of the protocol that is asked here.

It owns the few messages that it takes (wayland.xml: wl_display, wl_registry, wl_seat, wl_keyboard; the form of messages
as in "Wire Format" of the Wayland book). It does not know what a keymap says.
"""

from __future__ import annotations

import array
import mmap
import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

ANSWER_S = 0.3
DISPLAY, REGISTRY, SYNC_GLOBALS, SEAT, SYNC_SEAT, KEYBOARD, SYNC_KEYBOARD = range(1, 8)
"""Ids of objects: the first is given, the others are chosen here."""
KEYBOARD_CAPABILITY = 2
LONGEST = 2**22
"""Bytes of a keymap; a longer one is none."""


def keymap(environ: Mapping[str, str]) -> bytes | None:
    """The keymap in XKB's text form; None if there is no compositor, or it has no keyboard. Takes 0.3 s at most."""
    connection = _connected(environ)
    if connection is None:
        return None
    files: list[int] = []
    try:
        return _asked(connection, files)
    except (OSError, struct.error, ValueError):
        return None
    finally:
        connection.close()
        for file in files:
            os.close(file)


def _connected(environ: Mapping[str, str]) -> socket.socket | None:
    path = Path(environ.get("XDG_RUNTIME_DIR", "")) / (environ.get("WAYLAND_DISPLAY") or "wayland-0")
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(ANSWER_S)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        return None
    return connection


def _asked(connection: socket.socket, files: list[int]) -> bytes | None:
    """One step after the other, each ended by the answer to a `sync`."""
    deadline = time.monotonic() + ANSWER_S
    connection.sendall(_message(DISPLAY, 1, struct.pack("=I", REGISTRY)) + _sync(SYNC_GLOBALS))
    seat = None
    for target, opcode, body in _events(connection, files, SYNC_GLOBALS, deadline):
        if (target, opcode) == (REGISTRY, 0) and _text(body, 4) == "wl_seat":
            seat = struct.unpack_from("=I", body)[0] if seat is None else seat
    if seat is None:
        return None
    bound = struct.pack("=I", seat) + _string("wl_seat") + struct.pack("=II", 1, SEAT)
    connection.sendall(_message(REGISTRY, 0, bound) + _sync(SYNC_SEAT))
    capabilities = 0
    for target, opcode, body in _events(connection, files, SYNC_SEAT, deadline):
        if (target, opcode) == (SEAT, 0):
            (capabilities,) = struct.unpack_from("=I", body)
    if not capabilities & KEYBOARD_CAPABILITY:
        return None
    connection.sendall(_message(SEAT, 1, struct.pack("=I", KEYBOARD)) + _sync(SYNC_KEYBOARD))
    for target, opcode, body in _events(connection, files, SYNC_KEYBOARD, deadline):
        if (target, opcode) == (KEYBOARD, 0):
            form, size = struct.unpack_from("=II", body)
            return _content(files[-1], size) if form == 1 and files and 0 < size <= LONGEST else None
    return None


def _events(
    connection: socket.socket, files: list[int], until: int, deadline: float
) -> Iterator[tuple[int, int, bytes]]:
    """Events before the answer to this `sync`: object, opcode, body. Files that come with them are collected.

    Raises:
        OSError: the compositor has gone, refuses, or takes too long.
    """
    received = b""
    while True:
        while len(received) >= 8:
            target, head = struct.unpack_from("=II", received)
            size, opcode = head >> 16, head & 0xFFFF
            if size < 8:
                raise ConnectionAbortedError("no message of Wayland")
            if len(received) < size:
                break
            body, received = received[8:size], received[size:]
            if target == until:
                return
            if (target, opcode) == (DISPLAY, 0):
                raise ConnectionAbortedError("the compositor refuses")
            yield target, opcode, body
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        data, extra, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(8 * 4))
        if not data:
            raise ConnectionResetError("the compositor has gone")
        for level, kind, content in extra:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                files.extend(array.array("i", content[: len(content) // 4 * 4]))
        received += data


def _content(file: int, size: int) -> bytes:
    with mmap.mmap(file, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as mapped:
        return mapped[:].rstrip(b"\0")


def _sync(callback: int) -> bytes:
    return _message(DISPLAY, 0, struct.pack("=I", callback))


def _message(target: int, opcode: int, body: bytes) -> bytes:
    return struct.pack("=II", target, (len(body) + 8) << 16 | opcode) + body


def _string(text: str) -> bytes:
    data = text.encode() + b"\0"
    return struct.pack("=I", len(data)) + data + bytes(-len(data) % 4)


def _text(body: bytes, offset: int) -> str:
    (length,) = struct.unpack_from("=I", body, offset)
    return body[offset + 4 : offset + 4 + length].rstrip(b"\0").decode(errors="replace")
