"""What a measurement ran on, and how it was asked for: the heading that every table of figures needs."""

from __future__ import annotations

import datetime
import platform
import shlex
import subprocess
import sys
from pathlib import Path

from pipeline.cores import logical_cores, physical_cores

CPUINFO, MEMINFO = Path("/proc/cpuinfo"), Path("/proc/meminfo")


def about(gpu: bool = False) -> dict[str, str]:
    """Command, machine and date, each in words.

    Args:
        gpu: name the GPU too, as nvidia-smi does.
    """
    found = {
        "command": command(sys.orig_argv),
        "machine": f"{_model()}, {physical_cores()} cores ({len(logical_cores())} logical), {_memory()}",
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }
    return found | ({"gpu": _gpu()} if gpu else {})


def command(line: list[str]) -> str:
    """A command line as one would type it: the interpreter without its path."""
    return shlex.join(["python", *line[1:]])


def heading(found: dict[str, str]) -> str:
    """The same in one line."""
    return "; ".join(found[key] for key in ("command", "machine", "gpu", "date") if key in found)


def _model() -> str:
    return _after(CPUINFO, "model name") or platform.processor() or platform.machine()


def _memory() -> str:
    kib = _after(MEMINFO, "MemTotal").removesuffix("kB").strip()
    return f"{int(kib) / 2**20:.0f} GiB" if kib else "memory unknown"


def _after(path: Path, key: str) -> str:
    """What stands behind the first `key:` of a file of /proc; empty where there is none."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _gpu() -> str:
    line = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    return "; ".join(subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip().splitlines())
