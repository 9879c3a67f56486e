from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.llama_batch import BATCH, OUTPUTS, Batch, pieces


@given(st.integers(0, 3_000), st.sets(st.integers(0, 2_999)), st.booleans())
def test_pieces_cover_everything_once_and_none_is_too_large(count: int, wanted: set[int], everything: bool) -> None:
    outputs = sorted(place for place in wanted if place < count)
    at = done = 0
    for begin, end, first, last in pieces(count, outputs, all_come_out=everything):
        assert (begin, first) == (at, done)
        assert begin < end <= begin + BATCH
        assert all(begin <= place < end for place in outputs[first:last])
        coming_out = end - begin if everything and last > first else last - first
        assert coming_out <= OUTPUTS
        at, done = end, last
    assert (at, done) == (count, len(outputs))


def test_the_slots_of_an_aligner_are_not_computed_one_by_one() -> None:
    slots = [place for place in range(600) if place % 4 > 1]
    assert len(list(pieces(600, slots, all_come_out=True))) == 10
    assert len(list(pieces(600, slots, all_come_out=False))) == 5


@pytest.mark.parametrize("three", [False, True])
def test_a_token_has_one_position_and_an_embedding_of_mrope_four(three: bool) -> None:
    tokens = Batch(np.array([7, 8], dtype=np.int32), 10, [1], 3, three_positions=three).native
    assert np.ctypeslib.as_array(tokens.pos, (2,)).tolist() == [10, 11]
    assert np.ctypeslib.as_array(tokens.logits, (2,)).tolist() == [0, 1]
    rows = Batch(np.ones((2, 3), dtype=np.float32), 10, [], 0, three_positions=three).native
    positions = [10, 11, 10, 11, 10, 11, 0, 0] if three else [10, 11]
    assert np.ctypeslib.as_array(rows.pos, (len(positions),)).tolist() == positions
    assert not rows.token
