"""The curves of a training run as a drawing.

This file owns the SVG: one panel for each model, its losses over time. It reads the lines of the run's log and nothing
else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 640, 220, 52, 28, 44
_LINES = (("loss", "#1f6feb", "labels"), ("inner", "#bf5700", "inner loss"))
"""Keys of the log, their colours, and what they are called in the drawing."""

Log = Sequence[Mapping[str, Any]]


def drawn(logs: Mapping[str, Log]) -> str:
    """An SVG of the losses, in nats for each label on a logarithmic scale, over minutes of training.

    Args:
        logs: by the model's name the lines of its log, each with `seconds` and `loss`, and maybe `inner`.
    """
    panels = [_panel(name, log, index) for index, (name, log) in enumerate(logs.items()) if log]
    height = len(panels) * (_HEIGHT + _TOP + _GAP)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + 2 * _LEFT} {height}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{_WIDTH + 2 * _LEFT}" height="{height}" fill="white"/>',
            *panels,
            "</svg>",
            "",
        )
    )


def _panel(name: str, log: Log, index: int) -> str:
    lines = [
        (
            key,
            colour,
            title,
            [(float(one["seconds"]) / 60.0, float(one[key])) for one in log if one.get(key, 0.0) > 0.0],
        )
        for key, colour, title in _LINES
    ]
    lines = [one for one in lines if one[3]]
    values = [value for *_, points in lines for _, value in points]
    low, high = math.log10(min(values)), math.log10(max(values))
    high = max(high, low + 1e-3)
    longest = max(minute for *_, points in lines for minute, _ in points) or 1.0
    base = index * (_HEIGHT + _TOP + _GAP) + _TOP

    def place(minute: float, value: float) -> tuple[float, float]:
        across = _LEFT + minute / longest * _WIDTH
        return across, base + (high - math.log10(value)) / (high - low) * _HEIGHT

    parts = [
        f'<text x="{_LEFT}" y="{base - 10}" font-weight="bold">{escape(name)}</text>',
        f'<rect x="{_LEFT}" y="{base}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#999"/>',
    ]
    for value in _marks(low, high):
        _, down = place(0.0, value)
        parts.append(f'<line x1="{_LEFT}" x2="{_LEFT + _WIDTH}" y1="{down:.1f}" y2="{down:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{down + 4:.1f}" text-anchor="end">{value:g}</text>')
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        across, _ = place(longest * share, 10.0**low)
        label = f"{longest * share:.1f} min"
        parts.append(f'<text x="{across:.1f}" y="{base + _HEIGHT + 16}" text-anchor="middle">{label}</text>')
    for number, (_, colour, title, points) in enumerate(lines):
        drawn_points = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in points)
        parts.append(f'<polyline points="{drawn_points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        across = _LEFT + _WIDTH - 10
        parts.append(
            f'<text x="{across}" y="{base + 18 + 16 * number}" text-anchor="end" fill="{colour}">{title}</text>'
        )
    return "\n".join(parts)


def _marks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each decade between two powers of ten."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    marks = [factor * 10.0**decade for decade in decades for factor in (1, 2, 5)]
    return [mark for mark in marks if low <= math.log10(mark) <= high]
