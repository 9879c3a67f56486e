"""A thread that counts the keys and buttons which anybody but this program presses, through the RECORD extension.

It owns the thread and its two connections. Which press counts is decided in `clients.desktop.x11_presses`.
"""

from __future__ import annotations

import os
import threading
from collections import Counter

from clients.desktop.x11_library import GONE, Display, X, XError, open_display, record, rq
from clients.desktop.x11_presses import Presses
from clients.desktop.x11_windows import Windows

NO_OPERATION, FAKE_INPUT = 127, 2
"""Requests: of the core protocol, and of XTEST."""
CAUGHT_UP_S = 1.0
"""So long the count waits for what the server has recorded; it comes in well under a millisecond."""
GRABBED_S = 0.2
"""The same while the server is grabbed, which then hears nobody else."""
EVENT_BYTES = 32


class Recorder:
    """Counts as long as it is open."""

    def __init__(self, display: Display, display_name: str) -> None:
        self._display = display
        self._control, self._data = open_display(display_name), open_display(display_name)
        modifiers = {code for codes in display.get_modifier_mapping() for code in codes}
        self._presses = Presses(modifiers)
        self._windows = Windows(self._control)
        self._clients: dict[int, bool] = {}
        self._marks_sent: Counter[int] = Counter()
        self._marks_seen: Counter[int] = Counter()
        self._seen = threading.Condition()
        self._gone = self._asking = False
        self._context = self._control.record_create_context(0, [record.AllClients], [self._ranges()])
        self._control.sync()
        started = threading.Event()
        self._started = started
        self._thread = threading.Thread(target=self._run, name="x11-recorder", daemon=True)
        self._thread.start()
        started.wait(CAUGHT_UP_S)

    def _ranges(self) -> dict[str, object]:
        test = self._display.query_extension("XTEST")
        opcode = 0 if test is None else test.major_opcode
        fake = (opcode, opcode, FAKE_INPUT, FAKE_INPUT) if opcode else (0, 0, 0, 0)
        return {
            "core_requests": (NO_OPERATION, NO_OPERATION),
            "core_replies": (0, 0),
            "ext_requests": fake,
            "ext_replies": (0, 0, 0, 0),
            "delivered_events": (0, 0),
            "device_events": (X.KeyPress, X.ButtonPress),
            "errors": (0, 0),
            "client_started": False,
            "client_died": True,
        }

    def _run(self) -> None:
        try:
            self._data.record_enable_context(self._context, self._take)
        except (*GONE, XError, RuntimeError, TypeError, AttributeError):
            # python-xlib meets the end of a connection in any of these ways.
            pass
        with self._seen:
            self._gone = True
            self._seen.notify_all()

    def _take(self, reply: rq.DictWrapper) -> None:
        """One reply of the server: its beginning, a client's end, a client's request, events of devices."""
        data = bytes(reply.data)
        if reply.category == record.StartOfData:
            self._started.set()
        elif reply.category == record.ClientDied:
            self._clients.pop(reply.id_base, None)
            with self._seen:
                self._marks_sent.pop(reply.id_base, None)
                self._marks_seen.pop(reply.id_base, None)
        elif reply.category == record.FromClient and data[:1] == bytes([NO_OPERATION]):
            with self._seen:
                self._marks_seen[reply.id_base] += reply.id_base in self._marks_sent
                self._seen.notify_all()
        elif reply.category == record.FromClient:
            self._presses.asked(self._is_own(reply.id_base), data[4], data[5])
        elif reply.category == record.FromServer:
            for begin in range(0, len(data), EVENT_BYTES):
                kind, detail = data[begin] & 0x7F, data[begin + 1]
                if kind in (X.KeyPress, X.ButtonPress):
                    self._presses.pressed(kind, detail)

    def _is_own(self, client: int) -> bool:
        """Whether a client of the server is this process, or a program that it has started."""
        if client not in self._clients:
            self._set_asking(True)
            pid = self._windows.owner(client)
            self._clients[client] = pid == os.getpid() or _parent(pid) == os.getpid()
            self._set_asking(False)
        return self._clients[client]

    def _set_asking(self, asking: bool) -> None:
        """Note that whose a press is has to be asked of the server, which does not answer while it is grabbed."""
        with self._seen:
            self._asking = asking
            self._seen.notify_all()

    def count(self, grabbed: Display | None = None) -> int | None:
        """Presses so far, up to this moment; None if that cannot be told at once.

        Args:
            grabbed: the connection of this process that has grabbed the server, if one has.
        """
        display = self._display if grabbed is None else grabbed
        client = display.display.info.resource_id_base
        self._clients[client] = True
        with self._seen:
            self._marks_sent[client] += 1
            wanted = self._marks_sent[client]
        display.no_operation()
        display.sync()
        limit_s = CAUGHT_UP_S if grabbed is None else GRABBED_S

        def over() -> bool:
            stuck = grabbed is not None and self._asking
            return self._gone or stuck or self._marks_seen[client] >= wanted

        with self._seen:
            self._seen.wait_for(over, limit_s)
            caught_up = not self._gone and self._marks_seen[client] >= wanted
            return self._presses.foreign if caught_up else None

    def close(self) -> None:
        """Stop counting."""
        try:
            self._control.record_disable_context(self._context)
            self._control.sync()
            self._thread.join(CAUGHT_UP_S)
            self._data.close()
            self._control.close()
        except GONE:
            return


def _parent(pid: int) -> int:
    import psutil

    try:
        return psutil.Process(pid).ppid() if pid > 0 else 0
    except psutil.Error:
        return 0
