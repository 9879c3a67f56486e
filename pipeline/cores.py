"""What this process may use of the machine: physical cores and memory.

It owns the reading of what Linux says of both (affinity, hyper-threads, slow cores, limits of control groups) and the
sharing of cores between the stages; on other systems it asks psutil. It does not know what the cores compute.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

SYSTEM = Path("/")
CPUS = "sys/devices/system/cpu"
UNLIMITED_BYTES = 1 << 60
"""A control group of version 1 without a limit names a number near 2^63."""


def share(cores: int, encoder: int, decoder: int) -> tuple[int, int]:
    """Threads of encoder and decoder, which may work at the same time.

    Args:
        cores: that there are.
        encoder: threads that were asked for; 0 leaves it to this rule.
        decoder: likewise.

    Returns:
        Both, at least 1. What this rule chooses keeps their sum within the cores, where there are two or more.
    """
    first = encoder or max(1, cores - decoder if decoder else cores // 2)
    return first, decoder or max(1, cores - first)


def physical_cores(root: Path = SYSTEM, allowed: set[int] | None = None) -> int:
    """Cores that this process may keep busy with arithmetic, at least 1.

    Two hyper-threads are one core. Of processors with fast and slow cores the fast ones count: threads that wait for
    each other at every step are as fast as the slowest. A limit of processor time counts as so many cores, rounded
    down.

    Args:
        root: where /sys and /proc are.
        allowed: numbers of the logical processors; None asks the system.
    """
    if not (root / CPUS).is_dir():
        return _counted_by_psutil()
    allowed = logical_cores() if allowed is None else allowed
    fast = _fast(root, allowed) or allowed
    cores = {_read(root / CPUS / f"cpu{one}/topology/thread_siblings_list") or str(one) for one in fast}
    return max(1, int(min(len(cores), processor_time(root))))


def logical_cores() -> set[int]:
    """Numbers of the logical processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def processor_time(root: Path = SYSTEM) -> float:
    """Seconds of processor time a second that the control groups allow; infinite without a limit."""
    limits = [float("inf")]
    for group in _groups(root, "cpu"):
        words = _read(group / "cpu.max").split()
        words = words or [_read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us")]
        with suppress(ValueError, IndexError, ZeroDivisionError):
            quota = int(words[0])  # "max", or -1, is none
            if quota > 0:
                limits.append(quota / int(words[1]))
    return min(limits)


def available_memory(root: Path = SYSTEM) -> int:
    """Bytes that this process could still take without swapping or being killed for it."""
    import psutil

    return min([psutil.virtual_memory().available, *_memory_limits(root)])


def resident_memory() -> int:
    """Bytes of memory that this process holds now, mapped pages of files included."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def _counted_by_psutil() -> int:
    import psutil

    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return max(1, min(physical, len(logical_cores())))


def _fast(root: Path, allowed: set[int]) -> set[int]:
    """Those of the processors that are fast ones, where the system tells them apart; else none."""
    # Intel's hybrid processors: one perf device for each kind of core.
    fast = allowed & _numbers(_read(root / "sys/devices/cpu_core/cpus"))
    if fast:
        return fast
    # ARM: each core's part of the fastest one's speed, which is 1024.
    capacities = {one: _read(root / CPUS / f"cpu{one}/cpu_capacity") for one in allowed}
    numbers = {one: int(text) for one, text in capacities.items() if text.isdecimal()}
    return {one for one, capacity in numbers.items() if 2 * capacity >= max(numbers.values())}


def _memory_limits(root: Path) -> Iterator[int]:
    """What each control group has left."""
    for group in _groups(root, "memory"):
        for limit, usage, inactive in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            most, used = _read(group / limit), _read(group / usage)
            if most.isdecimal() and used.isdecimal() and int(most) < UNLIMITED_BYTES:
                fields = dict(line.partition(" ")[::2] for line in _read(group / "memory.stat").splitlines())
                # Files in the cache give way when memory is wanted.
                yield max(0, int(most) - int(used) + int(fields.get(inactive, "0")))


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The directories of our control group and of all above it, in both versions of control groups."""
    mounted = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if names and controller not in names.split(","):
            continue
        base = mounted / controller if names else mounted
        parts = PurePosixPath(path).parts[1:]
        # Inside a container the path may be the host's, of which only the last directory is there, as the root.
        yield from (base.joinpath(*parts[:count]) for count in range(len(parts), -1, -1))


def _numbers(text: str) -> set[int]:
    """The numbers of a list such as 0-3,8."""
    found: set[int] = set()
    with suppress(ValueError):
        for part in filter(None, text.split(",")):
            first, _, last = part.partition("-")
            found.update(range(int(first), int(last or first) + 1))
    return found


def _read(path: Path) -> str:
    """The text of a file of the system; empty where there is none."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
