"""The X server as a library gives it: the one file that knows Xlib, from python-xlib.

It owns the connection, and turns what goes wrong into Steno's errors. It does not know what is typed, nor into which
window. Import it where it is needed, not at the top of a client: it loads Xlib.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence

# First: it gives the connections made after it real locks. The desktop counts key presses on a thread.
import Xlib.threaded  # noqa: F401  # isort: split
from Xlib import XK, X, Xatom, error
from Xlib.display import Display
from Xlib.error import XError
from Xlib.ext import record
from Xlib.protocol import display as connection
from Xlib.protocol import event, request, rq

from pipeline.errors import StenoError

__all__ = [
    "GONE",
    "XK",
    "Display",
    "X",
    "XError",
    "Xatom",
    "event",
    "open_display",
    "peer_process",
    "record",
    "request",
    "rq",
    "send_packed",
    "server_gone",
    "unseen_window",
]

GONE = (error.ConnectionClosedError, ConnectionError)
"""What a call raises when the X server has gone away."""
PEER = struct.Struct("=iII")
"""struct ucred (unix(7)): process, user, group."""


def open_display(name: str | None = None) -> Display:
    """Connect to an X server.

    Args:
        name: as in DISPLAY; None for DISPLAY itself.

    Raises:
        StenoError: there is none, or it refuses.
    """
    try:
        display = Display(name)
    except (error.DisplayError, error.ConnectionClosedError, OSError) as problem:
        hint = "Start Steno in your desktop's session, or set DISPLAY."
        raise StenoError(f"the X server {name or '(DISPLAY)'} cannot be reached: {problem}", hint) from problem
    # A window may go away between its name and the question about it: errors nobody asked for are not printed.
    display.set_error_handler(lambda problem, asked: 1)
    return display


def server_gone(display_name: str) -> StenoError:
    """The error for a server that went away."""
    return StenoError(f"the X server {display_name} has gone away", "Log in again, then start this command again.")


def peer_process(display: Display) -> int:
    """The process at the other end of the connection: the server; 0 if it is on another machine."""
    if display.display.socket.family != socket.AF_UNIX:
        return 0
    return int(PEER.unpack(display.display.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))[0])


def unseen_window(display: Display) -> int:
    """Make a window that is never shown; its id."""
    root = display.screen().root
    return int(root.create_window(-1, -1, 1, 1, 0, X.CopyFromParent, X.InputOnly, X.CopyFromParent).id)


class _Packed(rq.Request):
    """Many requests as one: queued in one step, so that no interrupt of this process can come between them."""

    def __init__(self, inner: connection.Display, requests: Sequence[bytes]) -> None:
        self._binary = b"".join(requests)
        inner.send_request(self, False)
        inner.request_queue_lock.acquire()
        inner.request_serial = (inner.request_serial + len(requests) - 1) % 0x10000
        inner.request_queue_lock.release()


def send_packed(display: Display, requests: Sequence[bytes]) -> None:
    """Request all of these, which together leave in one piece: a kernel takes them whole or not at all."""
    if requests:
        _Packed(display.display, requests)
