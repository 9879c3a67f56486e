"""What a process tells the service manager that started it: that it is ready, that it lives, that it ends.

It owns the protocol of sd_notify(3): a datagram to the socket that the manager names in NOTIFY_SOCKET. Without that
variable nothing happens. It does not know what the process does, nor which manager it is.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

SOCKET_VARIABLE = "NOTIFY_SOCKET"
WATCHDOG_VARIABLE = "WATCHDOG_USEC"
WATCHDOG_PID_VARIABLE = "WATCHDOG_PID"
PATIENCE_S = 0.2
"""So long a full socket is waited for; a manager that does not read must not stop the work."""


def notify(text: str, environ: Mapping[str, str] = os.environ) -> None:
    """Tell it assignments, one a line: `READY=1`, `WATCHDOG=1`, `STOPPING=1`, `STATUS=...`. Never raises."""
    name = environ.get(SOCKET_VARIABLE, "")
    if not name.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
        return  # not asked for, or a kind of address that only machines in machines have (vsock:)
    address = "\0" + name[1:] if name.startswith("@") else name
    with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.settimeout(PATIENCE_S)
        end.connect(address)
        end.send(text.encode())


def watchdog_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """Within how many seconds of the last `WATCHDOG=1` the next one is due, or this process is killed; None for never.

    Say it at least twice as often (sd_watchdog_enabled(3)).
    """
    try:
        period = int(environ.get(WATCHDOG_VARIABLE, ""))
        pid = int(environ.get(WATCHDOG_PID_VARIABLE) or os.getpid())
    except ValueError:
        return None
    return period / 1e6 if period > 0 and pid == os.getpid() else None
