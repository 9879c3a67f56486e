"""A daemon's processes from outside: which they are, what each holds, and how long each has computed.

It owns their names and the figures. It does not know what the daemon is doing meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from benchmarks.memory import family, memory

MODULES = {"daemon": "hub", "daemon.sources": "source"}
"""Module that a process runs -> what it is called here; a worker has the name of its stage."""
WORKER = "pipeline.worker"


@dataclass(frozen=True)
class Held:
    """What one process holds at a moment."""

    pid: int
    resident: int
    """Bytes in memory, pages of mapped files included."""
    proportional: int
    """The same, with pages of several processes shared out among them."""
    anonymous: int
    """Bytes that belong to no file."""
    descriptors: int
    threads: int


class Family:
    """The daemon that this process starts between the making of this object and the first question."""

    def __init__(self) -> None:
        self._others = set(family(os.getpid()))

    def pids(self) -> dict[str, int]:
        """Name -> process id of every process of the daemon that lives."""
        found = {}
        for pid in family(os.getpid()):
            if pid not in self._others:
                with suppress(psutil.NoSuchProcess):  # it ended while we looked
                    found[name(psutil.Process(pid).cmdline()) or str(pid)] = pid
        return found

    def held(self) -> dict[str, Held]:
        """Name -> what it holds."""
        found = {}
        for called, pid in self.pids().items():
            with suppress(psutil.NoSuchProcess):
                process, bytes_held = psutil.Process(pid), memory([pid])
                found[called] = Held(
                    pid=pid,
                    resident=bytes_held.resident,
                    proportional=bytes_held.proportional,
                    anonymous=bytes_held.anonymous,
                    descriptors=process.num_fds(),
                    threads=process.num_threads(),
                )
        return found

    def computed(self) -> dict[str, float]:
        """Name -> seconds that it has computed since its start, in the kernel too."""
        found = {}
        for called, pid in self.pids().items():
            with suppress(psutil.NoSuchProcess):
                times = psutil.Process(pid).cpu_times()
                found[called] = times.user + times.system
        return found


def name(line: Sequence[str]) -> str:
    """What a process with this command line is called; empty if it is none of the daemon's."""
    if "-m" not in line[:-1]:
        return ""
    place = line.index("-m") + 1
    if line[place] == WORKER:
        return line[place + 1]
    return MODULES.get(line[place], "")
