"""The picture of a run: where the time between speech and text goes.

It owns the drawing, and is the one file of benchmarks.stream that knows matplotlib. Three panels: for each utterance,
from the end of speech to the final, part by part; for the recording with the most words, when each was spoken and when
it stood on the screen; and how long after it was spoken each word of all recordings stood there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.stream_measures import PARTS, Endpoint, Measured, Word, measure
from benchmarks.stream_summary import shown
from benchmarks.stream_take import Run
from clients.latency import percentile

MOST_BARS = 40
"""Of more utterances, those that waited longest are drawn."""
COLOURS = dict(zip(PARTS, ("#c9ced6", "#8d99ae", "#4f83cc", "#2a9d8f", "#e9a23b", "#d1495b"), strict=True))


@dataclass(frozen=True)
class Mark:
    """How one kind of moment of a word is drawn."""

    colour: str
    marker: str
    size: float
    filled: bool
    moment: Callable[[Word], float | None]


MARKS = {
    "partial": Mark("#4f83cc", "o", 34, False, lambda word: word.partial),
    "stable": Mark("#2a9d8f", ".", 26, True, lambda word: word.stable),
    "committed": Mark("#8e5bb5", "s", 12, True, lambda word: word.committed),
    "final": Mark("#d1495b", "x", 14, True, lambda word: word.final),
}


def draw(run: Run, path: Path) -> None:
    """Write the picture as PNG."""
    mpl.use("Agg")
    takes = [measure(take) for take in run.takes]
    bars = _bars(takes)
    height = max(7.0, 2.2 + 0.21 * len(bars))
    figure, axes = plt.subplot_mosaic(
        [["ends", "one"], ["ends", "all"]], figsize=(15, height), width_ratios=(1.15, 1), layout="constrained"
    )
    kinds = [kind for kind in MARKS if kind != "committed" or any(take.committing for take in takes)]
    _draw_ends(axes["ends"], bars)
    _draw_one(axes["one"], max(takes, key=lambda take: len(take.words)), kinds)
    _draw_all(axes["all"], takes, kinds)
    settings = "  ".join(f"{key}={value}" for key, value in run.settings.items())
    about = [run.made, run.machine, f"{run.pace} speed", "commits" if run.commit else "no commits", settings]
    figure.suptitle("   |   ".join(filter(None, about)), fontsize=10)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _bars(takes: Sequence[Measured]) -> list[tuple[str, Endpoint]]:
    """A label and the parts of each utterance, in the order of the recordings."""
    found = []
    for take in takes:
        for number, end in enumerate(take.endpoints, 1):
            several = f"  {number}" if len(take.endpoints) > 1 else ""
            found.append((take.take.name + several, end))
    longest = sorted(found, key=lambda bar: bar[1].total)[-MOST_BARS:]
    return [bar for bar in found if bar in longest]


def _draw_ends(axes: Axes, bars: Sequence[tuple[str, Endpoint]]) -> None:
    left = [0.0] * len(bars)
    for part in PARTS:
        widths = [max(0.0, getattr(end, part)) for _, end in bars]
        axes.barh(range(len(bars)), widths, left=left, height=0.72, color=COLOURS[part], label=part)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    for place, (_, end) in enumerate(bars):
        behind = end.total - end.hangover
        axes.annotate(
            f"{end.total:.2f} s  (hangover + {1000 * behind:.0f} ms)",
            (left[place], place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
        )
    axes.set_yticks(range(len(bars)), [label for label, _ in bars], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.35 * max(left, default=1.0))
    axes.set_xlabel("seconds after the end of speech")
    axes.set_title("End of speech to final, for each utterance", fontsize=10)
    if bars:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.07), ncols=len(PARTS), fontsize=8, frameon=False)
    axes.grid(axis="x", alpha=0.3)


def _draw_one(axes: Axes, take: Measured, kinds: Sequence[str]) -> None:
    """Each word at the moment of its end and at those at which it stood."""
    end = take.take.seconds
    axes.plot([0, end], [0, end], color="#8d99ae", linewidth=1, label="spoken")
    for kind in kinds:
        points = [(word.end, at) for word in take.words if (at := MARKS[kind].moment(word)) is not None]
        if points:
            _scatter(axes, points, MARKS[kind], kind)
    axes.set_xlabel("the word was spoken, s")
    axes.set_ylabel("it stood on the screen, s")
    axes.set_title(f"When each word of {take.take.name} appeared", fontsize=10)
    axes.legend(loc="upper left", fontsize=8)
    axes.grid(alpha=0.3)


def _draw_all(axes: Axes, takes: Sequence[Measured], kinds: Sequence[str]) -> None:
    """Each word of all recordings, put end to end. Without the finals: they come when the whole utterance is over."""
    shown_kinds = [kind for kind in kinds if kind != "final"]
    begin, placed = 0.0, []
    for take in takes:
        placed += [(begin, word) for word in take.words]
        begin += take.take.seconds
        axes.axvline(begin, color="#c9ced6", linewidth=0.6, zorder=0)
    for kind in shown_kinds:
        mark = MARKS[kind]
        points = [(start + word.end, at - word.end) for start, word in placed if (at := mark.moment(word)) is not None]
        if points:
            middle = percentile([delay for _, delay in points], 50)
            axes.axhline(middle, color=mark.colour, linewidth=0.9, linestyle="--", alpha=0.8)
            _scatter(axes, points, mark, f"{kind}, p50 {shown(middle, 's')}")
    axes.axhline(0, color="#8d99ae", linewidth=1)
    axes.set_xlabel("spoken, s; the recordings end to end")
    axes.set_ylabel("seconds after its end")
    axes.set_title("How long after it was spoken each word stood there", fontsize=10)
    axes.margins(y=0.18)
    if placed:
        axes.legend(loc="upper left", fontsize=8, ncols=len(shown_kinds))
    axes.grid(alpha=0.3)


def _scatter(axes: Axes, points: Sequence[tuple[float, float]], mark: Mark, label: str) -> None:
    x, y = zip(*points, strict=True)
    drawn = axes.scatter(x, y, s=mark.size, marker=mark.marker, color=mark.colour, alpha=0.8, label=label)
    if not mark.filled:
        drawn.set_facecolor("none")
