"""The lock that makes a daemon the only one in its runtime directory.

It is the operating system's own lock on a file, so it is gone the moment its holder dies, however it dies. The file
holds the process id for people to read.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType

from model.errors import StenoError

NAME = "daemon.lock"
PATIENCE_S = 0.2
"""A client that looks whether the lock is held (`holder`) takes it for a moment."""


def try_lock(descriptor: int) -> bool:
    """Take the operating system's lock on an open file. False: another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def holder(runtime: Path) -> int | None:
    """Process id of the daemon that lives in this runtime directory, or None."""
    try:
        descriptor = os.open(runtime / NAME, os.O_RDWR)
    except OSError:
        return None
    try:
        if try_lock(descriptor):
            return None
        text = os.read(descriptor, 32).decode(errors="replace").strip()
        return int(text) if text.isdigit() else 0
    finally:
        os.close(descriptor)


class RuntimeLock:
    """Held as long as the daemon lives; a context manager."""

    def __init__(self, runtime: Path) -> None:
        self._path = runtime / NAME
        self._descriptor = -1

    def __enter__(self) -> RuntimeLock:
        """Take the lock.

        Raises:
            StenoError: another daemon holds it.
        """
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + PATIENCE_S
        while not (locked := try_lock(self._descriptor)) and time.monotonic() < deadline:
            time.sleep(PATIENCE_S / 10)
        if not locked:
            text = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise StenoError(
                f"a daemon is already running in {self._path.parent} (process {text or '?'})",
                "Stop it first (steno stop --daemon), or give this one its own --runtime-dir.",
            )
        os.truncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it go; the file stays, so that nobody locks one that another process has just removed."""
        os.close(self._descriptor)
