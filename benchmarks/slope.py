"""How fast a series of measurements grows, and how fast it may grow at most: the arithmetic of `benchmarks.soak`.

It owns the line through the points and its bound. It does not know what was measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95
LEAST_FREEDOM = 3
"""With fewer degrees of freedom the quantile below is no longer exact to a percent, and a bound says little."""
ROUNDING = 1e-24
"""Residuals whose squares are so small beside those of the values are what arithmetic leaves of a straight line."""


class Slope(NamedTuple):
    """Growth for each unit of x."""

    value: float
    """Of the line of least squares."""
    upper: float
    """With 95 % confidence it is no more; infinite where there are too few points to tell."""


def slope(x: Sequence[float], y: Sequence[float]) -> Slope:
    """The slope of y over x and its one-sided bound.

    What a process holds does not scatter freely around a line: it stays up once it is up. So the points count as fewer
    than they are, n (1 - r) / (1 + r), with r the correlation of each residual with the next (Santer et al. 2000,
    J. Geophys. Res. 105, 7337).

    Raises:
        ValueError: fewer than three points, or all at the same x.
    """
    n = len(x)
    mean_x, mean_y = sum(x) / n if n else 0.0, sum(y) / n if n else 0.0
    spread = sum((a - mean_x) ** 2 for a in x)
    if n < 3 or not spread:
        raise ValueError(f"{n} points with a spread of {spread:g} have no slope")
    value = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
    residuals = [b - mean_y - value * (a - mean_x) for a, b in zip(x, y, strict=True)]
    total = sum(one**2 for one in residuals)
    if total <= ROUNDING * sum(b**2 for b in y):
        return Slope(value, value)
    next_to = sum(a * b for a, b in pairwise(residuals)) / total
    effective = n * (1 - next_to) / (1 + next_to) if next_to > 0 else float(n)
    if effective < LEAST_FREEDOM + 2:
        return Slope(value, math.inf)
    error = math.sqrt(total / (effective - 2) / spread)
    return Slope(value, value + student(CONFIDENCE, effective - 2) * error)


def student(probability: float, freedom: float) -> float:
    """Quantile of Student's t distribution, from the normal one's (Abramowitz and Stegun, 26.7.5); exact to 1 % from 3
    degrees of freedom on.
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / freedom**power for power, term in enumerate(terms))
