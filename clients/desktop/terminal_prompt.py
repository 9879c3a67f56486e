"""Whether a terminal asks for a password: the program in its foreground reads lines and has turned the echo off.

It owns that question, of the processes below a terminal emulator. Programs that read single keys, such as editors and
shells with line editing, turn the echo off as well, but they do not read lines.
"""

from __future__ import annotations

import os
import termios
from pathlib import Path

LOCAL_FLAGS = 3
"""Of the list that tcgetattr gives."""
UNIX98_SLAVES = range(136, 144)
"""Major device numbers of /dev/pts (Linux, Documentation/admin-guide/devices.txt)."""


def asks_for_password(pid: int) -> bool:
    """Whether a terminal below this process reads a line without showing it."""
    return any(_reads_in_secret(number) for number in _terminals_below(pid))


def _terminals_below(pid: int) -> set[int]:
    """Numbers of the /dev/pts that are the controlling terminal of a process below this one.

    Not that of the process itself, which may have been started from another terminal.
    """
    own = _terminal(pid)
    return {number for child in _children(pid) if (number := _terminal(child)) is not None} - {own}


def _children(pid: int) -> list[int]:
    """The processes that this one has started."""
    try:
        found = [path.read_text(encoding="ascii") for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for children in found for child in children.split()]


def _terminal(pid: int) -> int | None:
    """The number of a process's controlling terminal in /dev/pts."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    device = int(fields[4])
    first = os.major(device) - UNIX98_SLAVES.start
    return (first << 8) + os.minor(device) if os.major(device) in UNIX98_SLAVES else None


def _reads_in_secret(number: int) -> bool:
    """Whether a terminal gives lines, and does not show them."""
    try:
        terminal = os.open(f"/dev/pts/{number}", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        flags = termios.tcgetattr(terminal)[LOCAL_FLAGS]
    except termios.error:
        return False
    finally:
        os.close(terminal)
    return bool(flags & termios.ICANON) and not flags & termios.ECHO
