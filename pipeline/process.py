"""What every child process of the daemon owes it: to end when the daemon ends, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that the kernel sends when the parent dies. Linux only."""


class Parent:
    """The process that started this one.

    Args:
        pid: its process id, if it told it; 0 takes the parent of now.
    """

    def __init__(self, pid: int = 0) -> None:
        self._pid = pid or os.getppid()

    def follow(self) -> None:
        """Die with it at once where the system can do that, and leave Ctrl-C to it: a terminal sends that to the whole
        group, and it is the daemon that ends its children in order.
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    @property
    def gone(self) -> bool:
        """True once it is dead; also covers its death before `follow`, and systems without prctl."""
        return os.getppid() != self._pid
