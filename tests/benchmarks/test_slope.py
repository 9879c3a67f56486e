from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.slope import slope, student

HOURS = [hour / 60 for hour in range(480)]


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(3, 2.3534), (5, 2.0150), (10, 1.8125), (30, 1.6973), (1000, 1.6464)]
)
def test_the_quantile_is_the_one_in_the_tables(freedom: float, quantile: float) -> None:
    assert student(0.95, freedom) == pytest.approx(quantile, rel=0.01)


def test_a_straight_line_has_its_slope_and_no_doubt() -> None:
    found = slope(HOURS, [3 + 2 * hour for hour in HOURS])
    assert found.value == pytest.approx(2)
    assert found.upper == pytest.approx(2, abs=1e-6)


def test_nothing_that_moves_has_the_slope_0() -> None:
    assert slope(HOURS, [5.0] * len(HOURS)) == (0.0, 0.0)


def test_the_bound_is_kept_in_95_of_100_cases_where_points_scatter_freely() -> None:
    random = np.random.default_rng(0)
    held = [slope(HOURS, list(2 * np.array(HOURS) + random.normal(0, 1, len(HOURS)))).upper >= 2 for _ in range(200)]
    assert 180 <= sum(held) <= 199


def test_memory_that_stays_up_once_it_is_up_counts_as_fewer_points() -> None:
    """Each value is mostly the one before: the bound must be wider than for the same values in any order."""
    random = np.random.default_rng(0)
    values = [0.0]
    for step in random.normal(0, 1, len(HOURS) - 1):
        values.append(0.9 * values[-1] + step)
    sticky, free = slope(HOURS, values), slope(HOURS, list(random.permutation(values)))
    assert sticky.upper - sticky.value > 2 * (free.upper - free.value)


def test_with_too_few_points_to_tell_the_bound_is_infinite() -> None:
    assert slope([0, 1, 2], [0, 1, 0]).upper == math.inf


@pytest.mark.parametrize(("x", "y"), [([0.0, 1.0], [0.0, 1.0]), ([1.0, 1.0, 1.0], [0.0, 1.0, 2.0]), ([], [])])
def test_points_without_a_spread_have_no_slope(x: list[float], y: list[float]) -> None:
    with pytest.raises(ValueError, match="no slope"):
        slope(x, y)
