"""Cores and memory, of machines that are written down as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cores import available_memory, physical_cores, processor_time, resident_memory, share


def machine(root: Path, siblings: dict[int, str], **files: str) -> Path:
    """A /sys with these processors, and other files by their path with __ for /."""
    for number, text in siblings.items():
        write(root / f"sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list", text)
    for path, text in files.items():
        write(root / path.replace("__", "/"), text)
    return root


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


HYPER = {0: "0,4", 1: "1,5", 2: "2,6", 3: "3,7", 4: "0,4", 5: "1,5", 6: "2,6", 7: "3,7"}


def test_two_hyper_threads_are_one_core(tmp_path: Path) -> None:
    root = machine(tmp_path, HYPER)
    assert physical_cores(root, set(range(8))) == 4
    assert physical_cores(root, {0, 4}) == 1
    assert physical_cores(root, {0, 1, 5}) == 2


def test_a_processor_that_says_nothing_of_its_siblings_is_a_core(tmp_path: Path) -> None:
    (tmp_path / "sys/devices/system/cpu").mkdir(parents=True)
    assert physical_cores(tmp_path, {3, 4, 5}) == 3


def test_slow_cores_do_not_count_beside_fast_ones(tmp_path: Path) -> None:
    siblings = {0: "0-1", 1: "0-1", 2: "2", 3: "3"}
    hybrid = machine(tmp_path / "hybrid", siblings, sys__devices__cpu_core__cpus="0-1")
    assert physical_cores(hybrid, {0, 1, 2, 3}) == 1
    assert physical_cores(hybrid, {2, 3}) == 2
    capacities = {f"sys__devices__system__cpu__cpu{n}__cpu_capacity": c for n, c in enumerate(("1024", "900", "300"))}
    phone = machine(tmp_path / "phone", {0: "0", 1: "1", 2: "2"}, **capacities)
    assert physical_cores(phone, {0, 1, 2}) == 2


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"proc__self__cgroup": "0::/a/b", "sys__fs__cgroup__a__cpu.max": "250000 100000"}, 2),
        ({"proc__self__cgroup": "0::/a", "sys__fs__cgroup__a__cpu.max": "max 100000"}, 4),
        ({"proc__self__cgroup": "0::/", "sys__fs__cgroup__cpu.max": "50000 100000"}, 1),
        ({"proc__self__cgroup": "0::/of/the/host", "sys__fs__cgroup__cpu.max": "300000 100000"}, 3),
        (
            {
                "proc__self__cgroup": "4:cpu,cpuacct:/x\n3:memory:/x",
                "sys__fs__cgroup__cpu__x__cpu.cfs_quota_us": "200000",
                "sys__fs__cgroup__cpu__x__cpu.cfs_period_us": "100000",
            },
            2,
        ),
        ({"proc__self__cgroup": "no such form", "sys__fs__cgroup__cpu.max": "nonsense"}, 4),
    ],
)
def test_a_limit_of_processor_time_counts_as_so_many_cores(tmp_path: Path, files: dict[str, str], cores: int) -> None:
    assert physical_cores(machine(tmp_path, HYPER, **files), set(range(8))) == cores


def test_the_tightest_of_nested_limits_holds(tmp_path: Path) -> None:
    files = {"proc__self__cgroup": "0::/a/b", "sys__fs__cgroup__a__cpu.max": "150000 100000"}
    root = machine(tmp_path, HYPER, **files, **{"sys__fs__cgroup__a__b__cpu.max": "400000 100000"})
    assert processor_time(root) == 1.5


def test_this_machine_has_a_core_and_memory(tmp_path: Path) -> None:
    assert physical_cores() >= 1
    assert physical_cores(tmp_path) >= 1
    assert available_memory() > resident_memory() // 1000 > 0


@pytest.mark.parametrize(
    "files",
    [
        {
            "proc__self__cgroup": "0::/a",
            "sys__fs__cgroup__a__memory.max": "1000",
            "sys__fs__cgroup__a__memory.current": "900",
            "sys__fs__cgroup__a__memory.stat": "anon 5\ninactive_file 400",
        },
        {
            "proc__self__cgroup": "3:memory:/a",
            "sys__fs__cgroup__memory__a__memory.limit_in_bytes": "1000",
            "sys__fs__cgroup__memory__a__memory.usage_in_bytes": "900",
            "sys__fs__cgroup__memory__a__memory.stat": "total_inactive_file 400",
            "sys__fs__cgroup__memory__memory.limit_in_bytes": "9223372036854771712",
            "sys__fs__cgroup__memory__memory.usage_in_bytes": "1",
        },
    ],
)
def test_a_limit_of_memory_counts_what_the_cache_would_give_back(tmp_path: Path, files: dict[str, str]) -> None:
    assert available_memory(machine(tmp_path, {}, **files)) == 500


@pytest.mark.parametrize(
    ("cores", "asked", "given"),
    [
        (1, (0, 0), (1, 1)),
        (2, (0, 0), (1, 1)),
        (3, (0, 0), (1, 2)),
        (8, (0, 0), (4, 4)),
        (8, (6, 0), (6, 2)),
        (8, (0, 6), (2, 6)),
        (8, (0, 12), (1, 12)),
        (4, (8, 8), (8, 8)),
    ],
)
def test_encoder_and_decoder_share_the_cores(cores: int, asked: tuple[int, int], given: tuple[int, int]) -> None:
    assert share(cores, *asked) == given
