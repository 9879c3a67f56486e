"""Choices among made-up logits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.likelihood import confidence, most_likely
from tests.model.conftest import Floats


def logits(*values: float) -> Floats:
    return np.array(values, np.float32)


def test_the_highest_is_chosen_and_of_equals_the_first() -> None:
    assert most_likely(logits(1, 3, 2)).token == 1
    assert most_likely(logits(3, 1, 3)).token == 0


def test_the_probability_is_that_of_the_softmax_however_large_the_logits_are() -> None:
    assert most_likely(logits(0, 0, 0, 0)).log_probability == pytest.approx(math.log(1 / 4))
    assert most_likely(logits(1e30, -1e30)).log_probability == 0.0
    assert most_likely(logits(-2e4, -2e4 - 1, -3e4)).log_probability == pytest.approx(-math.log1p(math.exp(-1)))
    assert most_likely(logits(-math.inf, 5, -math.inf)).log_probability == 0.0


def test_tokens_that_are_much_less_likely_are_left_out_and_that_is_hardly_seen() -> None:
    values = np.random.default_rng(1).normal(0.0, 2.7, 151_936).astype(np.float32)
    values[5] = 20.0
    exact = values.astype(np.float64)
    expected = 20.0 - np.log(np.exp(exact).sum())
    assert most_likely(values).log_probability == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("best", [160, 161])
def test_where_nearly_all_tokens_are_near_a_part_of_them_tells_how_unsure_the_model_is(best: int) -> None:
    values = np.random.default_rng(2).normal(0.0, 1.0, 151_936).astype(np.float32)
    values[best] = 6.0
    expected = 6.0 - np.log(np.exp(values.astype(np.float64)).sum())
    choice = most_likely(values)
    assert choice.token == best
    assert choice.log_probability == pytest.approx(expected, abs=0.05)
    assert most_likely(np.zeros(151_936, np.float32)).log_probability == pytest.approx(-np.log(151_936), abs=1e-3)


def test_what_is_no_number_is_chosen_and_has_no_probability() -> None:
    choice = most_likely(logits(1, math.nan, 2))
    assert choice.token == 1
    assert math.isnan(choice.log_probability)


def test_confidence_leaves_out_what_was_not_chosen() -> None:
    assert confidence([math.nan, -1.0, -3.0]) == -2.0
    assert confidence([math.nan]) == confidence([]) == 0.0
