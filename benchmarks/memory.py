"""What processes hold in memory, from Linux's /proc.

This file owns the figures and their meaning. It does not know what the processes do.
Source: proc_pid_smaps(5) and proc_pid_status(5).
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.05
_KIB = 1024


@dataclass(frozen=True)
class Memory:
    """Memory of one or more processes, in bytes."""

    resident: int
    """Pages in memory, files that are mapped included; a page of two processes counts twice."""
    proportional: int
    """The same, but each page is shared out among the processes that map it: so it counts once in all."""
    anonymous: int
    """The part that belongs to no file, which the system cannot take back under pressure."""


@dataclass(frozen=True)
class Run:
    """What a command took, its child processes included."""

    seconds: float
    peak: int
    """The most bytes that were resident at once in all its processes; pages of mapped files count."""
    peak_anonymous: int
    """The same for memory that belongs to no file."""
    output: str


def memory(pids: Sequence[int]) -> Memory:
    """What these processes hold now; one that has ended holds nothing."""
    rows = [_fields(Path(f"/proc/{pid}/smaps_rollup")) for pid in pids]
    resident, proportional, anonymous = (sum(row.get(key, 0) for row in rows) for key in ("Rss", "Pss", "Anonymous"))
    return Memory(resident, proportional, anonymous)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            children.setdefault(_fields(entry / "status", unit=1).get("PPid", 0), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, ()))
    return found


def run(line: Sequence[str]) -> Run:
    """Run a command to its end and watch its memory; its errors go to the terminal.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    began = time.monotonic()
    peak = peak_anonymous = 0
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(line, stdout=output)
        while child.poll() is None:
            rows = [_fields(Path(f"/proc/{pid}/status")) for pid in family(child.pid)]
            # The kernel keeps each process's own highest figure: nothing is lost between two looks at a single one.
            peak = max(peak, sum(row.get("VmRSS", 0) for row in rows), *(row.get("VmHWM", 0) for row in rows))
            peak_anonymous = max(peak_anonymous, sum(row.get("RssAnon", 0) for row in rows))
            time.sleep(SAMPLE_S)
        taken = time.monotonic() - began
        output.seek(0)
        text = output.read()
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, line, text)
    return Run(taken, peak, peak_anonymous, text)


def _fields(path: Path, unit: int = _KIB) -> dict[str, int]:
    """The lines of the form `Name: number`, in bytes."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it ended while we looked
        return {}
    return {name: int(number) * unit for name, number in re.findall(r"^(\w+):\s+(\d+)", text, re.MULTILINE)}
