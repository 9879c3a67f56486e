"""The daemon's child processes: started, watched, ended. It owns handles; `daemon.supervisor` owns the policy."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

import psutil


def lives(process: int) -> bool:
    """Whether the process of that id is at work; one that has ended is not, though nobody may have waited for it."""
    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return False


class Children:
    """All child processes, by name."""

    def __init__(self) -> None:
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, module: str, arguments: Sequence[str], text: bytes = b"") -> int:
        """Run `python -m module arguments...`, with the text on its standard input. Returns the process id."""
        # Threads with nothing to do sleep; and llama.cpp, when it gives up, calls no debugger to print where it was.
        environ = os.environ | {"OMP_WAIT_POLICY": "passive", "GGML_NO_BACKTRACE": "1"}
        # -P: the folder that the user happens to be in may hold a module of the same name.
        line = [sys.executable, "-P", "-m", module, *arguments]
        child = subprocess.Popen(line, stdin=subprocess.PIPE, env=environ)
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError), child.stdin:
            child.stdin.write(text)
        self._children[name] = child
        return child.pid

    def pid(self, name: str) -> int | None:
        """Its process id while it runs."""
        child = self._children.get(name)
        return None if child is None else child.pid

    def dead(self) -> list[tuple[str, str]]:
        """Names of those that have ended since the last call, and how."""
        ended = [(name, child) for name, child in self._children.items() if child.poll() is not None]
        for name, _ in ended:
            del self._children[name]
        return [(name, _how(child.returncode)) for name, child in ended]

    def kill(self, name: str) -> None:
        """Kill it now."""
        if name in self._children:
            self._children[name].kill()

    def end_all(self, patience_s: float) -> None:
        """Wait for all to end by themselves, as they were told to; kill what is left then."""
        deadline = time.monotonic() + patience_s
        for child in self._children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
        for child in self._children.values():
            if child.poll() is None:
                child.kill()
            child.wait()
        self._children.clear()


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


class Signals:
    """SIGTERM, SIGINT and SIGCHLD as something to poll for: a handler only writes a byte.

    A handler that raised would do so at any place of the hub's work, half-way through a decision.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self.ended = False
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        if hasattr(signal, "SIGCHLD"):
            signal.signal(signal.SIGCHLD, lambda *_: None)

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        self.ended = True

    def fileno(self) -> int:
        """To poll."""
        return self._reader.fileno()

    def drain(self) -> None:
        """Forget the bytes that woke the poll."""
        with contextlib.suppress(BlockingIOError):
            while self._reader.recv(512):
                pass
