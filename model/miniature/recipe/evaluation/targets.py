"""What the miniature must reach, and what the first one had.

This file owns the table of the targets and how they are looked up in the results. It measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Target:
    """One number of the results that is asked for."""

    title: str
    path: tuple[str, ...]
    """Keys that lead to it in the results."""
    unit: str
    limit: float | None
    """In its unit; None where the number is only reported."""
    first: float | None
    """What the first miniature had, measured on its own sets."""
    least: bool = False
    """Whether the limit is the least that will do, not the most."""

    def value(self, results: dict[str, Any]) -> float | None:
        """In its unit; None where it was not measured."""
        found: Any = results
        for key in self.path:
            found = found.get(key) if isinstance(found, dict) else None
        return None if found is None else float(found) * (_PERCENT if self.unit in ("%", "points") else 1.0)

    def met(self, results: dict[str, Any]) -> bool | None:
        """None where nothing is asked for or nothing was measured."""
        value = self.value(results)
        if value is None or self.limit is None:
            return None
        return value >= self.limit if self.least else value <= self.limit

    def shown(self, results: dict[str, Any]) -> str:
        """Its value with its unit."""
        return _shown(self.value(results), self.unit)

    @property
    def asked(self) -> str:
        """The limit with its unit."""
        return "reported" if self.limit is None else f"{'≥' if self.least else '≤'} {_shown(self.limit, self.unit)}"


def _rate(name: str) -> tuple[str, ...]:
    return ("sets", name, "rate", "value")


TARGETS = (
    Target("known voices, new sentences: WER", _rate("known"), "%", 5.0, 9.1),
    Target("the same, 10 dB noise: WER", _rate("known-10db"), "%", 10.0, 16.9),
    Target("unknown espeak voices: WER", _rate("unknown-espeak"), "%", 12.0, 25.0),
    Target("unknown other synthesiser: WER", _rate("unknown-other"), "%", 30.0, 65.0),
    Target("rare words in context: recall with the list", ("context", "listed", "recall"), "%", 85.0, 30.0, least=True),
    Target("rare words in context: recall without", ("context", "unlisted", "recall"), "%", None, 30.0),
    Target("echo of distractors", ("context", "all lists", "echo"), "%", 0.5, None),
    Target("Mandarin, known voices: CER", _rate("mandarin"), "%", 10.0, None),
    Target("Mandarin, unknown voices: CER", _rate("mandarin-unknown"), "%", None, None),
    Target("streaming minus offline", ("sets", "known", "streaming", "minus_offline"), "points", 0.5, 0.0),
    Target(
        "Mandarin, streaming minus offline", ("sets", "mandarin", "streaming", "minus_offline"), "points", None, None
    ),
    Target("words per hour of silence, noise, music", ("nothing", "words_per_hour"), "", 0.0, 0.0),
    Target("aligner, known voices: mean error", ("aligner", "known", "mean_ms"), "ms", 50.0, 126.0),
    Target("aligner, known voices: median error", ("aligner", "known", "median_ms"), "ms", 30.0, 69.0),
    Target("aligner, long pauses: mean error", ("aligner", "long-pauses", "mean_ms"), "ms", 80.0, 365.0),
    Target("aligner, Mandarin: mean error", ("aligner", "mandarin", "mean_ms"), "ms", None, None),
    Target("real human speech: WER", _rate("human"), "%", None, 103.0),
)
"""The first miniature's numbers are those of its README; its sets were others."""


def rows(results: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """The table: title, first, target, this, verdict."""
    for one in TARGETS:
        met = one.met(results)
        verdict = "" if met is None else "reached" if met else "missed"
        yield one.title, _shown(one.first, one.unit), one.asked, one.shown(results), verdict


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    number = f"{value:.2f}" if unit == "points" or (unit == "%" and 0 < abs(value) < 1) else f"{value:.1f}"
    return f"{number.removesuffix('.0')} {unit}".strip()
