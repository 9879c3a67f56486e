"""What the steps of `benchmarks.incremental` amount to: costs, ratios, worst steps, and how often texts differ.

It owns the arithmetic and the table. It does not know how the steps were taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.approaches import INCREMENTAL, NAIVE, Step

Rounds = Sequence[Sequence[Step]]
"""The same utterance played again and again, each time in the same steps."""
Played = Mapping[str, Rounds]
"""Approach -> its rounds."""

TIMES = ("wall", "cpu", "encode", "prefill", "generate")
COUNTS = ("windows", "reused", "batched", "draft", "accepted", "generated")
WIDTH = 12


def figures(rounds: Rounds) -> dict[str, float]:
    """Of one approach to one utterance; of a step's times in several rounds the median counts.

    Returns:
        `cost`, `cpu_cost`: seconds of work for a second of sound; `worst`, `worst_cpu`, `mean`: of a step, in seconds;
        the other times and counts: sums over the steps, the counts of the last round.
    """
    steps, last = list(zip(*rounds, strict=True)), rounds[-1]
    times = {key: [median(getattr(step, key) for step in taken) for taken in steps] for key in TIMES}
    sums = {key: sum(values) for key, values in times.items()}
    counts = {key: float(sum(getattr(step, key) for step in last)) for key in COUNTS}
    seconds = last[-1].audio
    return {
        "cost": sums["wall"] / seconds,
        "cpu_cost": sums["cpu"] / seconds,
        "worst": max(times["wall"]),
        "worst_cpu": max(times["cpu"]),
        "mean": sums["wall"] / len(steps),
        **sums,
        **counts,
    }


def flips(found: Rounds, naive: Rounds) -> list[dict[str, Any]]:
    """The steps at which the tokens are not those of decoding from scratch, in any round."""
    return [
        {"audio": ours.audio, "text": ours.text, "naive": theirs.text, "final": ours is mine[-1], "guard": ours.guard}
        for mine, other in zip(found, naive, strict=True)
        for ours, theirs in zip(mine, other, strict=True)
        if ours.tokens != theirs.tokens
    ]


def summary(
    long: Played, short: Played, finals: Sequence[Mapping[str, Any]], flipped: int, steps: int
) -> dict[str, Any]:
    """The flat figures that are judged, and each means' gain alone: the cost without it over the cost with it.

    Args:
        long: the 30 s utterance.
        short: the 6 s utterance.
        finals: one for each utterance whose last step was compared with an offline decode; "same" says how it went.
        flipped: incremental steps whose tokens were not those from scratch.
        steps: incremental steps that were compared.
    """
    of = {name: figures(rounds) for name, rounds in long.items()}
    worst_short = figures(short[INCREMENTAL])
    ours, naive = of[INCREMENTAL], of[NAIVE]
    same = sum(bool(final["same"]) for final in finals)
    return {
        "cost_naive": naive["cost"],
        "cost_incremental": ours["cost"],
        "cost_ratio": ours["cost"] / naive["cost"],
        "cost_ratio_cpu": ours["cpu_cost"] / naive["cpu_cost"],
        "worst_long": ours["worst"],
        "worst_short": worst_short["worst"],
        "worst_ratio": ours["worst"] / worst_short["worst"],
        "worst_ratio_cpu": ours["worst_cpu"] / worst_short["worst_cpu"],
        "worst_naive": naive["worst"],
        "reused_share": ours["reused"] / (ours["reused"] + ours["batched"]),
        "accepted_share": ours["accepted"] / max(1.0, ours["draft"]),
        "flips": flipped,
        "steps": steps,
        "finals": len(finals),
        "finals_same": same,
        "finals_share": same / len(finals) if finals else None,
        **{f"without {name}": found["cost"] / ours["cost"] for name, found in of.items() if name.endswith(" off")},
    }


def table(title: str, played: Played) -> list[str]:
    """The figures of all approaches to one utterance, a column for each."""
    of = {name: figures(rounds) for name, rounds in played.items()}
    count = len(played[NAIVE][0])
    naive, audio = of[NAIVE], played[NAIVE][0][-1].audio

    def row(label: str, form: str, value: Any) -> str:
        return f"{label:<38}" + "".join(f"{form.format(value(found)):>{WIDTH}}" for found in of.values())

    lines = [
        f"{title}: {audio:.1f} s in {count} steps",
        f"{'':38}" + "".join(f"{name:>{WIDTH}}" for name in of),
        row("s of work for a second of sound", "{:.3f}", lambda f: f["cost"]),
        row("  beside from scratch", "{:.3f}", lambda f: f["cost"] / naive["cost"]),
        row("  the same by processor time", "{:.3f}", lambda f: f["cpu_cost"] / naive["cpu_cost"]),
        row("worst step, s", "{:.3f}", lambda f: f["worst"]),
        *(row(f"{key} in a step, s", "{:.3f}", lambda f, k=key: f[k] / count) for key in TIMES[2:]),
        row("attention windows in a step", "{:.1f}", lambda f: f["windows"] / count),
        *(row(f"{key} tokens in a step", "{:.1f}", lambda f, k=key: f[k] / count) for key in COUNTS[1:]),
    ]
    differ = {name: len(flips(rounds, played[NAIVE])) for name, rounds in played.items()}
    lines.append(f"{'steps with other tokens than naive':<38}" + "".join(f"{n:>{WIDTH}}" for n in differ.values()))
    return lines


def judged(found: Mapping[str, Any]) -> list[str]:
    """The summary in sentences."""
    gains = ", ".join(f"{key} {value:.2f}" for key, value in found.items() if key.startswith("without "))
    lines = [
        f"30 s, no pauses: {found['cost_ratio']:.3f} of the cost of decoding from scratch (limit 0.25; "
        f"by processor time {found['cost_ratio_cpu']:.3f})",
        f"worst step of 30 s / of 6 s: {found['worst_long']:.3f} s / {found['worst_short']:.3f} s = "
        f"{found['worst_ratio']:.2f} (limit 1.6; by processor time {found['worst_ratio_cpu']:.2f})",
        f"tokens reused {100 * found['reused_share']:.0f} %, drafts accepted {100 * found['accepted_share']:.0f} %",
        f"steps with other tokens than from scratch: {found['flips']} of {found['steps']}",
    ]
    if found["finals"]:
        share = 100 * found["finals_share"]
        lines.append(f"finals equal to the offline decode: {found['finals_same']} of {found['finals']}, {share:.1f} %")
    return [*lines, *([f"times the cost with one means left out: {gains}"] if gains else [])]
