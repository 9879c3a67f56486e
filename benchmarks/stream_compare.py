"""Two runs on the same sound, figure by figure: how far they are apart, and how sure that is.

It owns the pairing and the intervals. The recordings are what was drawn at random from all that could be said, and the
words of one hang together; so for the interval whole recordings are drawn again, with replacement, the same ones for
both runs. It does not know how a figure is made.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.stream_measures import Measured
from benchmarks.stream_summary import OTHERS, PERCENTILES, TIMES, Summary, shown, summary
from benchmarks.stream_take import Run
from clients.latency import percentile
from pipeline.errors import StenoError

DRAWS = 1000
SEED = 20260101
LEAST = 3
"""With fewer recordings there is nothing to draw from, and no interval."""
FEWER = 0.98
"""A run with less than this part of the other's steps does less, and not the same faster."""


@dataclass(frozen=True)
class Difference:
    """Of one figure: the second run's less the first one's."""

    name: str
    first: float | None
    second: float | None
    low: float | None
    high: float | None
    """The middle 95 % of what other recordings of the same kind would have given; None if that cannot be told."""

    @property
    def apart(self) -> float | None:
        """None if one of the runs has no such figure."""
        return None if self.first is None or self.second is None else self.second - self.first


def compare(first: Sequence[Measured], second: Sequence[Measured]) -> list[Difference]:
    """All figures of two runs.

    Raises:
        StenoError: they are not of the same sound.
    """
    _require_same_sound(first, second)
    names = sorted({measured.take.name for measured in first})
    groups = [[[m for m in run if m.take.name == name] for name in names] for run in (first, second)]
    drawn = _drawn(groups[0], groups[1]) if len(names) >= LEAST else []
    a, b = summary(first), summary(second)
    return [Difference(name, a[name], b[name], *_interval([(x[name], y[name]) for x, y in drawn])) for name in a]


def _interval(pairs: Sequence[tuple[float | None, float | None]]) -> tuple[float | None, float | None]:
    values = [y - x for x, y in pairs if x is not None and y is not None]
    if len(values) <= DRAWS // 2:
        return None, None
    return percentile(values, 2.5), percentile(values, 97.5)


def _drawn(first: Sequence[Sequence[Measured]], second: Sequence[Sequence[Measured]]) -> list[tuple[Summary, Summary]]:
    chance = random.Random(SEED)
    draws = [chance.choices(range(len(first)), k=len(first)) for _ in range(DRAWS)]
    return [
        (summary([m for i in draw for m in first[i]]), summary([m for i in draw for m in second[i]])) for draw in draws
    ]


def _require_same_sound(first: Sequence[Measured], second: Sequence[Measured]) -> None:
    a, b = ({(m.take.name, m.take.turn): m.take.sound for m in run} for run in (first, second))
    if a.keys() != b.keys():
        only = sorted({name for name, _ in a.keys() ^ b.keys()})
        raise StenoError(f"the runs do not have the same recordings: {', '.join(only)}", "Repeat one of them.")
    other = sorted({name for name, turn in a if a[name, turn] != b[name, turn]})
    if other:
        raise StenoError(f"the sound of {', '.join(other)} is not the same in both runs", "Repeat one of them.")


def flags(first: Sequence[Measured], second: Sequence[Measured]) -> list[str]:
    """What must be known before a difference is believed."""
    a, b = summary(first), summary(second)
    said = []
    for what, name in (("steps", "steps"), ("partials", "partials"), ("words in partials", "words_in_partials")):
        counts = [(a[name] or 0, "first"), (b[name] or 0, "second")]
        (fewer, which), (more, other) = sorted(counts)
        if fewer < FEWER * more:
            said.append(
                f"the {which} run has fewer {what}: {fewer:.0f}, the {other} {more:.0f}. Where it is cheaper or "
                "faster, that may be all there is to it."
            )
    x, y = _texts(first), _texts(second)
    if x.keys() != y.keys():
        said.append(f"the runs cut the sound differently: {len(x)} and {len(y)} utterances.")
    elif differing := sum(x[key] != y[key] for key in x):
        said.append(f"{differing} of {len(x)} finals have another text.")
    return said


def _texts(run: Sequence[Measured]) -> dict[tuple[str, int, int], str]:
    return {(m.take.name, m.take.turn, i): u.final.text for m in run for i, u in enumerate(m.utterances)}


def headings(first: Run, second: Run) -> Iterable[str]:
    """What the two runs are, as far as they differ."""
    for what in ("made", "machine", "pace", "commit"):
        a, b = getattr(first, what), getattr(second, what)
        yield f"{what:12}{a}" + ("" if a == b else f"   ->   {b}")
    for key in sorted(first.settings.keys() | second.settings.keys()):
        a, b = (run.settings.get(key, "(default)") for run in (first, second))
        yield f"{key:28}{a}" + ("" if a == b else f"   ->   {b}")


def table(differences: Sequence[Difference]) -> list[str]:
    """The lines of the table."""
    labels = {f"{name}_p{p}": (f"{label} p{p}", "s") for name, label in TIMES.items() for p in PERCENTILES} | OTHERS
    lines = [f"{'':52}{'first':>11}{'second':>11}{'apart':>11}   95 % of it within"]
    for difference in differences:
        label, form = labels[difference.name]
        if difference.first is None and difference.second is None:
            continue
        values = (shown(value, form) for value in (difference.first, difference.second, difference.apart))
        lines.append(f"{label:52}" + "".join(f"{value:>11}" for value in values) + f"   {_within(difference, form)}")
    return [*lines, "* does not contain 0"]


def _within(difference: Difference, form: str) -> str:
    low, high = difference.low, difference.high
    if low is None or high is None:
        return "-"
    return f"{shown(low, form)} .. {shown(high, form)}" + " *" * (low > 0 or high < 0)
