"""Hours of sound through one daemon: `python -m benchmarks.soak --hours 8 --speed 60`.

Plays the shipped recordings with pauses between into a private daemon, faster than real, and looks at every process
again and again: memory, descriptors, threads. Prints how much each grows in an hour of sound, with a bound that the
growth stays under with 95 % confidence, and whether every utterance came back once and in order. The first part of the
time counts as warm-up. Writes benchmarks/out/NAME.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.feeding import feed, paced
from benchmarks.processes import Family, Held
from benchmarks.slope import Slope, slope
from benchmarks.soak_script import Book, Script
from clients.private_daemon import PrivateDaemon
from pipeline import commands
from pipeline.messages import SAMPLE_RATE

OUT = Path(__file__).parent / "out"
WARM_UP = 1 / 8
"""Of the time: caches fill, the longest utterance comes for the first time."""
SAMPLES = 480
"""Looks at the processes in the whole run."""
MIB = 2**20
Series = Mapping[str, Sequence[tuple[float, Held]]]
"""Name of a process -> hours of sound and what it held then."""


class Watch:
    """Looks at the processes whenever so much sound has come."""

    def __init__(self, processes: Family, hours: float) -> None:
        self._processes, self._every = processes, hours / SAMPLES
        self._last = float("-inf")
        self.series: dict[str, list[tuple[float, Held]]] = {}

    def look(self, progress: commands.ProgressReply) -> None:
        """Look, if it is time."""
        hours = progress.taken / SAMPLE_RATE / 3600
        if hours - self._last >= self._every:
            self._last = hours
            for name, held in self._processes.held().items():
                self.series.setdefault(name, []).append((hours, held))


def growth(points: Sequence[tuple[float, Held]], warm: float) -> dict[str, Any]:
    """What one process came to hold once it was warm.

    Args:
        points: hours of sound and what it held then.
        warm: so many hours are warm-up.

    Raises:
        ValueError: fewer than three looks after the warm-up.
    """
    later = [(hours, held) for hours, held in points if hours >= warm]
    hours = [hour for hour, _ in later]
    slopes: dict[str, Slope] = {
        key: slope(hours, [getattr(held, key) / MIB for _, held in later])
        for key in ("resident", "proportional", "anonymous")
    }
    first, last = later[0][1], later[-1][1]
    return {
        **{key: found._asdict() for key, found in slopes.items()},
        "first": dataclasses.asdict(first),
        "last": dataclasses.asdict(last),
        "descriptors": [min(held.descriptors for _, held in later), max(held.descriptors for _, held in later)],
        "threads": [min(held.threads for _, held in later), max(held.threads for _, held in later)],
        "descriptor_slope": slope(hours, [float(held.descriptors) for _, held in later])._asdict(),
        "restarts": len({held.pid for _, held in points}) - 1,
    }


def summary(grown: Mapping[str, Mapping[str, Any]], faults: Mapping[str, float], hours: float) -> dict[str, Any]:
    """The flat figures that are judged: of all processes the one that does worst."""
    return {
        "hours": hours,
        "growth": max(max(one[key]["value"] for key in ("resident", "anonymous")) for one in grown.values()),
        "growth_upper": max(max(one[key]["upper"] for key in ("resident", "anonymous")) for one in grown.values()),
        "descriptors": max(one["last"]["descriptors"] - one["first"]["descriptors"] for one in grown.values()),
        "threads": max(one["last"]["threads"] - one["first"]["threads"] for one in grown.values()),
        "restarts": sum(one["restarts"] for one in grown.values()),
        **faults,
    }


def line(name: str, found: Mapping[str, Any]) -> str:
    """One process in the table."""
    cells = [f"{found['last'][key] / MIB:9.1f}" for key in ("resident", "anonymous")]
    cells += [f"{found[key]['value']:9.2f} (< {found[key]['upper']:6.2f})" for key in ("resident", "anonymous")]
    low, high = found["descriptors"]
    return f"{name:10}{''.join(cells)}{low:8} - {high:<4}{found['threads'][0]:5} - {found['threads'][1]}"


def measure(options: argparse.Namespace, settings: Mapping[str, str]) -> dict[str, Any]:
    """Play it all; what came, and what the processes held."""
    processes, script, book = Family(), Script(options.hours), Book()
    with PrivateDaemon(None, settings) as daemon:
        daemon.wait_ready(lambda words: None)
        watch = Watch(processes, options.hours)
        began = time.monotonic()
        request = commands.Open(kind="network", name="soak", commit=options.commit)
        feed(daemon, request, paced(script.blocks(), options.speed), book.take, watch.look)
        taken = time.monotonic() - began
    grown = {name: growth(points, options.hours * WARM_UP) for name, points in watch.series.items()}
    faults = book.faults(script.scenes)
    return {
        "summary": summary(grown, faults, options.hours),
        "speed": options.hours * 3600 / taken,
        "recordings": len(script.scenes),
        "finals": len(book.finals),
        "partials": book.partials,
        "aligned": book.aligned,
        "notices": dict(book.notices),
        "processes": grown,
        "series": {
            name: [[round(hours, 4), *dataclasses.astuple(held)] for hours, held in points]
            for name, points in watch.series.items()
        },
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=8.0, help="of sound")
    parser.add_argument("--speed", type=float, default=60.0, help="times real speed at most; 0: as fast as it is taken")
    parser.add_argument("--commit", action="store_true", help="commit words while they are spoken")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting to try")
    parser.add_argument("--out", default="soak", metavar="NAME", help="of the file that is written")
    options = parser.parse_args()
    about = machine.about()
    print(machine.heading(about), flush=True)
    found = measure(options, {"daemon.source": "none"} | dict(item.split("=", 1) for item in options.set))
    print(
        f"{options.hours:g} h of sound at {found['speed']:.0f} times real speed: {found['recordings']} recordings, "
        f"{found['finals']} finals, {found['partials']} partials, {found['aligned']} with word times"
    )
    print(f"{'':10}{'RSS MiB':>9}{'anon MiB':>9}{'RSS MiB/h':>20}{'anon MiB/h':>20}{'descriptors':>15}{'threads':>10}")
    for name, one in found["processes"].items():
        print(line(name, one))
    print(", ".join(f"{key} {value:.3g}" for key, value in found["summary"].items()))
    OUT.mkdir(exist_ok=True)
    (OUT / f"{options.out}.json").write_text(json.dumps({"about": about} | found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
