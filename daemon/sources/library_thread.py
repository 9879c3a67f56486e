"""Calls into a library that may hang, made on a thread of its own.

This file owns that thread and the waiting, in which the process goes on to tell the hub that it lives. It does not know
which library. One thread makes all calls, because some sound systems want to be used by the thread that opened them.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

WAIT_S = 0.02
LAST_WAIT_S = 0.5
"""So long a call may still take once the process must end."""


class Hung(Exception):
    """The library does not come back, or is no longer fit for use; only a new process helps."""


class LibraryThread:
    """The thread, which ends with the process.

    Args:
        over: called all the time while a call is under way; True when the process must end.
    """

    def __init__(self, over: Callable[[], bool]) -> None:
        self._over = over
        self._asked: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[bool, object]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="sound library", daemon=True).start()

    def call(self, work: Callable[[], Result], patience_s: float) -> Result:
        """What `work` returns, or raises.

        Raises:
            Hung: it took too long. The thread is lost then; nothing may be called any more.
        """
        self._asked.put(work)
        began = time.monotonic()
        while True:
            try:
                well, answer = self._answers.get(timeout=WAIT_S)
            except queue.Empty:
                if time.monotonic() - began > (min(LAST_WAIT_S, patience_s) if self._over() else patience_s):
                    raise Hung from None
                continue
            if well:
                return answer  # type: ignore[return-value]
            raise answer  # type: ignore[misc]

    def _work(self) -> None:
        while True:
            work = self._asked.get()
            try:
                self._answers.put((True, work()))
            except Exception as error:
                self._answers.put((False, error))
