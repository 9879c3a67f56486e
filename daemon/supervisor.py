"""When a process counts as dead, and whether it is started again.

Sans-IO: it is told what happened and what time it is, and answers with what to do. It starts and kills nothing itself
(`daemon.processes` does), so its whole policy is tested with a fake clock. The three numbers of the policy are those of
`SupervisorSettings`: seconds without a sign of life, restarts in a row, seconds after which a process has settled. Two
things that a process says of itself bend them: the files that it loads, which are blamed if they take it down, and how
long it is silent in the middle of its work.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from pipeline.settings import SupervisorSettings

BACKOFF_S = (0.0, 0.25, 0.5, 1.0, 2.0)
"""Wait before the first, second, ... restart in a row; the last repeats."""
LOADS = 2
"""Deaths in a row while the same files are loaded, after which they are not tried again: a native library that cannot
bear a file ends its whole process, and would at every restart."""
STRETCHES = 5.0
"""A process is silent too long after so many times the stretch that it measured as its longest: the machine may have
been idle then, and be busy now."""
LOADING_REMEDY = (
    "Check them with `steno model verify`; convert or fetch the model again. "
    "If the system ended it, there was not enough memory: choose a smaller model or precision."
)
SLOW_REMEDY = "Raise supervisor.ready_after_s, or choose a smaller model or precision."


class State(StrEnum):
    """What is known of a process."""

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"


@dataclass(frozen=True)
class Start:
    """Start the process."""

    name: str


@dataclass(frozen=True)
class Kill:
    """Kill the process: it hangs. Its death is to be reported as any other."""

    name: str
    reason: str


@dataclass(frozen=True)
class GaveUp:
    """The process is not started any more."""

    name: str
    reason: str
    hint: str = ""


Action = Start | Kill | GaveUp


@dataclass
class _Process:
    state: State = State.STARTING
    ready_at: float | None = None
    heard: float = 0.0
    restarts_in_row: int = 0
    restarts: int = 0
    start_at: float | None = 0.0
    killed: str = ""
    """Why it was killed here; empty if it was not."""
    files: tuple[str, ...] = ()
    """What it loads; none before it says so, and none once it is ready."""
    failed_loads: int = 0
    stretch_s: float = 0.0


class Supervisor:
    """The policy for all processes of the daemon."""

    def __init__(self, settings: SupervisorSettings) -> None:
        self._settings = settings
        self._processes: dict[str, _Process] = {}

    def add(self, name: str, now: float) -> None:
        """Look after this process too; the next tick starts it."""
        self._processes[name] = _Process(start_at=now)

    def remove(self, name: str) -> None:
        """No longer look after it: it ended as it should."""
        self._processes.pop(name, None)

    def state(self, name: str) -> State:
        """What is known of the process."""
        return self._processes[name].state

    def restarts(self, name: str) -> int:
        """How often it was started again."""
        return self._processes[name].restarts

    def knows(self, name: str) -> bool:
        """True if this process is looked after."""
        return name in self._processes

    def loading(self, name: str, files: tuple[str, ...]) -> None:
        """The process said which files it is about to load. Heard after it is ready, that means nothing any more."""
        process = self._processes[name]
        if process.state is not State.READY:
            process.files = files

    def ready(self, name: str, now: float, stretch_s: float = 0.0) -> None:
        """The process said that it has loaded.

        Args:
            stretch_s: its work may go on for so long without a sign of life, on an idle machine.
        """
        process = self._processes[name]
        process.state, process.heard, process.ready_at = State.READY, now, now
        process.files, process.failed_loads, process.stretch_s = (), 0, stretch_s

    def beat(self, name: str, now: float) -> None:
        """The process gave a sign of life."""
        self._processes[name].heard = now

    def died(self, name: str, now: float, reason: str) -> list[Action]:
        """The process has ended."""
        process = self._processes[name]
        if process.state is State.FAILED:
            return []
        reason = process.killed or reason
        # Loading is no life: a process that dies while it loads, however slowly, has never settled.
        if process.ready_at is not None and now - process.ready_at >= self._settings.settled_after_s:
            process.restarts_in_row = 0
        if process.files:
            process.failed_loads += 1
            if process.failed_loads >= LOADS:
                process.state = State.FAILED
                files = ", ".join(process.files)
                remedy = SLOW_REMEDY if process.killed else LOADING_REMEDY
                return [GaveUp(name, f"{reason} while it loaded {files}, {LOADS} times in a row", remedy)]
        if process.restarts_in_row >= self._settings.restarts:
            process.state = State.FAILED
            return [GaveUp(name, f"{reason}, {process.restarts_in_row} restarts in a row did not help")]
        process.start_at = now + BACKOFF_S[min(process.restarts_in_row, len(BACKOFF_S) - 1)]
        process.restarts_in_row += 1
        process.restarts += 1
        process.state = State.RESTARTING
        return self.tick(now)

    def refused(self, name: str, reason: str, hint: str = "") -> list[Action]:
        """The process said that it cannot work: starting it again would change nothing."""
        self._processes[name].state = State.FAILED
        return [GaveUp(name, reason, hint)]

    def tick(self, now: float) -> list[Action]:
        """What is due now."""
        actions: list[Action] = []
        for name, process in self._processes.items():
            if process.state is State.FAILED:
                continue
            if process.start_at is not None:
                if now >= process.start_at:
                    process.heard = now
                    process.start_at, process.ready_at, process.killed, process.files = None, None, "", ()
                    actions.append(Start(name))
                continue
            limit = self._settings.ready_after_s
            if process.state is State.READY:
                limit = max(self._settings.silent_after_s, float(ceil(STRETCHES * process.stretch_s)))
            if now - process.heard > limit and not process.killed:
                what = "gave no sign of life" if process.state is State.READY else "was not ready"
                process.killed = f"{what} for {limit:g} s"
                actions.append(Kill(name, f"{name} {process.killed}"))
        return actions

    def paused(self, seconds: float) -> None:
        """The daemon itself did not run for so long (the machine slept): nobody could be heard meanwhile."""
        for process in self._processes.values():
            process.heard += seconds
            process.ready_at = None if process.ready_at is None else process.ready_at + seconds
