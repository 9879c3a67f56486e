"""What the service manager that started the daemon is told, and when. It owns those moments; how it is told is
`pipeline.service_manager`'s. It does not know what the daemon does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from daemon.supervisor import State
from pipeline import service_manager


class Manager:
    """To be turned by the daemon's own loop and by nothing else: that it lives is said by its work going on.

    Args:
        notify: tells the manager assignments.
        watchdog_s: within so many seconds it wants a sign of life; None for never.
    """

    def __init__(self, notify: Callable[[str], None] = service_manager.notify, watchdog_s: float | None = None) -> None:
        period = service_manager.watchdog_s() if watchdog_s is None else watchdog_s
        self._every_s = None if period is None else period / 2
        self._notify = notify
        self._ready = False
        self._status = ""
        self._beaten_s: float | None = None

    def turn(self, workers: Mapping[str, str], now_s: float) -> None:
        """Say what is new.

        The daemon counts as started when no worker loads its models for the first time any more. One that was given up
        is no reason to wait: the daemon stays up and says why.

        Args:
            workers: name of each and its state.
            now_s: monotonic.
        """
        troubled = [f"{name} {state}" for name, state in workers.items() if state != State.READY]
        status = ", ".join(troubled) or "ready"
        if not self._ready and all(state in (State.READY, State.FAILED) for state in workers.values()):
            self._ready = True
            self._notify(f"READY=1\nSTATUS={status}")
        elif status != self._status:
            self._notify(f"STATUS={status}")
        self._status = status
        if self._every_s is not None and (self._beaten_s is None or now_s - self._beaten_s >= self._every_s):
            self._beaten_s = now_s
            self._notify("WATCHDOG=1")

    def end(self) -> None:
        """The daemon ends."""
        self._notify("STOPPING=1")
