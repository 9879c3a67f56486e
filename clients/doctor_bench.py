"""`steno doctor --bench`: how fast each model runs here, and which configuration that recommends.

It owns the time that this may take and the wording. What is measured and what follows from it are rooms of the
pipeline: `pipeline.bench`, `pipeline.advice`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

import msgspec

from clients.config_text import toml
from pipeline.advice import Advice, advise
from pipeline.bench import Choice, Speed, choices, run
from pipeline.cores import available_memory, physical_cores
from pipeline.paths import cache_dir
from pipeline.settings import Settings

LEAST_S = 3.0
"""No choice is begun with less time than this left: it could not load."""


class Report(msgspec.Struct, frozen=True):
    """All that the measuring found."""

    speeds: list[Speed]
    skipped: list[Choice]
    """For these there was no time."""
    advice: Advice | None


def bench(
    settings: Settings,
    seconds: float,
    tell: Callable[[str], None],
    measured: Callable[[Choice, float], Speed] = run,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Measure one choice after the other until the time is up, and recommend.

    Args:
        settings: whose model is measured first; its threads hold for all.
        seconds: so long in all; the choice that is at work then is given up.
        tell: told a line for each choice as soon as it is measured.
        measured: measures a choice within the given seconds.
        clock: gives seconds.

    Raises:
        ModelError: the model that is set is not there.
    """
    memory = available_memory()
    load, there = busy(), physical_cores()
    if load > there / 2:
        tell(f"  others keep the machine busy (load {load:.1f} on {there} cores): the figures will be too low")
    deadline = clock() + seconds
    speeds: list[Speed] = []
    skipped: list[Choice] = []
    tell(HEAD)
    for choice in choices(settings.model, cache_dir()):
        left = deadline - clock()
        if left < LEAST_S:
            skipped.append(choice)
            continue
        speeds.append(measured(choice, left))
        tell(row(speeds[-1]))
    return Report(speeds, skipped, advise(speeds, memory))


def busy() -> float:
    """Threads that wanted to compute, on average over the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


FORM = "  {:<14} {:<8} {:<9} {:<9} {:>8} {:>8} {:>7}  {}"
HEAD = FORM.format("model", "part", "precision", "on", "size", "memory", "load", "speed")


def row(speed: Speed) -> str:
    """A line of the table."""
    choice = speed.choice
    where = [choice.model[-14:], choice.part, choice.precision, choice.where]
    if speed.problem:
        return FORM.format(*where, "", "", "", speed.problem)
    if choice.part == "encoder":
        rate = f"{speed.encode:.1f} s of sound a second"
    else:
        rate = f"prefill {speed.prefill:.0f}, generate {speed.generate:.1f} tokens/s"
    return FORM.format(*where, _megabytes(speed.size), _megabytes(speed.memory), f"{speed.load_s:.1f} s", rate)


def conclusion(report: Report, seconds: float) -> Sequence[str]:
    """What follows the table: what was left out, and what to set."""
    lines = []
    if report.skipped:
        names = ", ".join(f"{one.model} {one.part} {one.precision} on {one.where}" for one in report.skipped)
        lines.append(f"not measured within {seconds:g} s (--seconds gives more): {names}")
    if report.advice is None:
        return [*lines, "nothing to recommend: no model could be measured in both its parts"]
    lines.append("recommended for config.toml:")
    for section, keys in report.advice.settings.items():
        lines += ["", f"[{section}]", *(f"{key} = {toml(value)}" for key, value in keys.items())]
    return [*lines, "", *(f"# {reason}" for reason in report.advice.reasons)]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
