"""Whether who reads our output is still there. It does not know what is written."""

from __future__ import annotations

import os
import select
import stat
import sys


def has_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any more.

    Without this, `steno status --watch | head` would end only with the next change.
    """
    try:
        descriptor = sys.stdout.fileno()
        if not hasattr(select, "poll") or not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return False
    except (OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(state & select.POLLERR for _, state in poll.poll(0))
