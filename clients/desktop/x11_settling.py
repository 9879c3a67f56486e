"""Whether a window's program has read all the keys it was sent.

A program looks a key up in the keyboard's map when it reads the key, not when the key was pressed: until then the key
must keep its character. It owns how that is found out. It does not know what was typed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from clients.desktop.x11_library import Display, X, event, peer_process, rq
from clients.desktop.x11_windows import Windows

REST_S = 0.002
"""Between two looks at a program that should be asleep both times."""
UNKNOWN_S = 0.1
"""The wait for a program that can neither be asked nor watched, such as one on another machine."""
PAUSE_S = (0.0005, 0.005)
"""Between two looks for the answer of a program; grows from the first to the second."""

Way = Literal["ping", "sleep", "pause"]


class Settling:
    """Waits on one connection until programs have read their keys.

    Args:
        display: the connection.
        windows: the same connection's.
        other: is given the events that are no answers.
    """

    def __init__(self, display: Display, windows: Windows, other: Callable[[rq.Event], None]) -> None:
        self._other = other
        self._display = display
        self._windows = windows
        self._root = display.screen().root
        self._pings = 0
        self._server = peer_process(display)

    def wait(self, xid: int, limit_s: float) -> bool:
        """Wait until the program of a window has read every key sent before; False if it did not in this time."""
        way, pid = self._way(xid)
        deadline = time.monotonic() + limit_s
        if way == "ping":
            return self._answered(xid, deadline)
        self._display.sync()
        if way == "sleep":
            return _asleep(self._server, pid, deadline)
        time.sleep(UNKNOWN_S)
        return True

    def _way(self, xid: int) -> tuple[Way, int]:
        if self._windows.answers_pings(xid):
            return "ping", 0
        pid = self._windows.pid(xid)
        return ("sleep", pid) if pid and _ran(pid) else ("pause", 0)

    def _answered(self, xid: int, deadline: float) -> bool:
        """Ping the program, and wait for its answer: it comes behind all that the program was sent before."""
        self._pings += 1
        protocols = self._display.intern_atom("WM_PROTOCOLS")
        # A number that no window manager's own ping has, which are server times.
        data = (self._display.intern_atom("_NET_WM_PING"), self._pings, xid, 0, 0)
        gone: list[object] = []

        def noted(problem: object, asked: object) -> int:
            gone.append(problem)
            return 1

        self._root.change_attributes(event_mask=X.SubstructureNotifyMask)
        try:
            window = self._display.create_resource_object("window", xid)
            ping = event.ClientMessage(window=xid, client_type=protocols, data=(32, data))
            window.send_event(ping, onerror=noted)
            pause = PAUSE_S[0]
            while True:
                for _ in range(self._display.pending_events()):
                    found = self._display.next_event()
                    if found.type == X.ClientMessage and tuple(found.data[1])[:3] == data[:3]:
                        return True
                    self._other(found)
                if gone:
                    return True
                if time.monotonic() > deadline:
                    return False
                time.sleep(pause)
                pause = min(2 * pause, PAUSE_S[1])
        finally:
            self._root.change_attributes(event_mask=0)


def _ran(pid: int) -> tuple[str, str] | None:
    """The state of a process's main thread, and how much and how often it has run; None if that is not to be known."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        figures = Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii")
    except OSError:
        return None
    # Without CONFIG_SCHED_INFO all are 0: then the processor time, in ticks, has to do.
    return state[0], figures if figures.split()[0] != "0" else "".join(state[11:13])


def _asleep(server: int, pid: int, deadline: float) -> bool:
    """Wait until a program and the server sleep, and have not run in between two looks.

    A process with something to read is runnable, even while it waits for a processor. The server as well, since it may
    still owe the program events, or an answer about the keyboard's map for which it sleeps.
    """
    since = time.monotonic()
    before = _ran(pid), _ran(server)
    while before[0] is not None:
        time.sleep(REST_S)
        now = _ran(pid), _ran(server)
        if now[0] != before[0] or now[0] is None or now[0][0] != "S":
            since = time.monotonic()
        elif now == before and (now[1] is None or now[1][0] == "S"):
            return True
        if time.monotonic() - since > UNKNOWN_S:
            return True
        if time.monotonic() > deadline:
            return False
        before = now
    return True
