"""The level meter: its scale, and how long a peak stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.level_meter import FALL_DB_S, HOLD_S, LOWEST_DB, Meter


@pytest.mark.parametrize(
    ("db", "bar"), [(-90.0, "...."), (-60.0, "...."), (-30.0, "##.."), (-1.0, "####"), (0.0, "####"), (3.0, "####")]
)
def test_the_bar_is_a_scale_of_decibels(db: float, bar: str) -> None:
    meter = Meter()
    meter.step(db, 1.0)
    assert meter.bar(1.0, 4, plain=True) == bar


def test_a_peak_stands_for_a_while_and_then_falls_to_the_level() -> None:
    meter = Meter()
    meter.step(-15.0, 0.0)
    meter.step(-60.0, 0.1)
    assert meter.bar(0.1, 4, plain=True) == "..|."
    assert meter.peak(HOLD_S) == -15.0
    assert meter.peak(HOLD_S + 1) == -15.0 - FALL_DB_S
    assert meter.bar(HOLD_S + 10, 4, plain=True) == "...."


def test_a_higher_level_takes_the_peak_with_it_at_once() -> None:
    meter = Meter()
    meter.step(-40.0, 0.0)
    meter.step(-10.0, 0.1)
    assert meter.peak(0.1) == -10.0


@given(st.lists(st.tuples(st.floats(-200, 20), st.floats(0, 3)), max_size=20), st.integers(1, 80))
def test_the_peak_is_never_below_the_level_and_the_bar_is_always_as_long(
    steps: list[tuple[float, float]], width: int
) -> None:
    meter, now = Meter(), 0.0
    for db, later in steps:
        now += later
        meter.step(db, now)
        assert meter.peak(now) >= max(db, LOWEST_DB) or db < LOWEST_DB
        assert len(meter.bar(now, width)) == width
