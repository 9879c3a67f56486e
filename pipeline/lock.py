"""Locks that make a program the only one of its kind in a runtime directory: the daemon, the typist.

They are the operating system's own locks on files, so one is gone the moment its holder dies, however it dies. The file
holds the process id, and behind it what else its holder says of itself.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from model.errors import StenoError

NAME = "daemon.lock"
PATIENCE_S = 0.2
"""A client that looks whether the lock is held (`holder`) takes it for a moment."""
LONGEST = 1024
"""Bytes that are read of a lock's file."""


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


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock."""

    process: int
    """Its id; 0 if the file does not say."""
    lines: tuple[str, ...] = ()
    """What else it says of itself."""


def holder_of(path: Path) -> Holder | None:
    """Who holds the lock on this file, or None."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if try_lock(descriptor) else _read(descriptor)
    finally:
        os.close(descriptor)


def holder(runtime: Path) -> int | None:
    """Process id of the daemon that lives in this runtime directory, or None."""
    found = holder_of(runtime / NAME)
    return None if found is None else found.process


def _read(descriptor: int) -> Holder:
    first, *lines = os.pread(descriptor, LONGEST, 0).decode(errors="replace").splitlines() or [""]
    return Holder(int(first) if first.isdecimal() else 0, tuple(lines))


class FileLock:
    """A lock on a file, held as long as its holder lives; a context manager.

    Args:
        path: of the file; its directory is there.
        lines: what the file says of the holder behind its process id.
    """

    def __init__(self, path: Path, *lines: str) -> None:
        self.path = path
        self._lines = lines
        self._descriptor = -1

    def refusal(self, other: Holder) -> StenoError:
        """The error of one who comes second."""
        return StenoError(f"{self.path} is locked by process {other.process or '?'}")

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            StenoError: another process holds it.
        """
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + PATIENCE_S
        while not (locked := try_lock(self._descriptor)) and time.monotonic() < deadline:
            time.sleep(PATIENCE_S / 10)
        if not locked:
            other = _read(self._descriptor)
            os.close(self._descriptor)
            raise self.refusal(other)
        os.truncate(self._descriptor, 0)
        os.write(self._descriptor, "".join(f"{line}\n" for line in (os.getpid(), *self._lines)).encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it go; the file stays, so that nobody locks one that another process has just removed."""
        os.close(self._descriptor)


class RuntimeLock(FileLock):
    """The daemon's, in its runtime directory."""

    def __init__(self, runtime: Path) -> None:
        super().__init__(runtime / NAME)

    def refusal(self, other: Holder) -> StenoError:
        """The error of a second daemon."""
        return StenoError(
            f"a daemon is already running in {self.path.parent} (process {other.process or '?'})",
            "Stop it first (steno stop --daemon), or give this one its own --runtime-dir.",
        )
