from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from model.onnx_rounding import BLOCK, blocks_of_4_bits, columns_of_8_bits

Floats = npt.NDArray[np.float32]


def matrix(rows: int, columns: int) -> Floats:
    return np.random.default_rng(rows + columns).standard_t(4, (rows, columns)).astype(np.float32)


def unpacked(packed: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.int64]:
    """Two values of every byte, one after the other, as plainly as can be."""
    values = [half for byte in packed.reshape(-1).tolist() for half in (byte & 15, byte >> 4)]
    return np.array(values, dtype=np.int64).reshape(*packed.shape[:-1], -1)[..., :count]


def restored(given: Floats) -> Floats:
    """What 4 bits have kept of a matrix."""
    rows, columns = given.shape
    packed, scales, zeros = blocks_of_4_bits(given)
    count = -(-columns // BLOCK)
    values = unpacked(packed, BLOCK)
    middle = unpacked(zeros.reshape(rows, -1), count)
    restored = (values - middle[..., None]) * scales.reshape(rows, count)[..., None]
    return np.asarray(restored.reshape(rows, -1), dtype=np.float32)


def test_eight_bits_are_off_by_half_a_step_at_most() -> None:
    given = matrix(70, 33)
    values, scales, zero = columns_of_8_bits(given)
    assert [one.dtype.name for one in (values, scales, zero)] == ["uint8", "float32", "uint8"]
    found = (values.astype(np.float32) - zero) * scales
    assert (np.abs(found - given) <= scales * 0.5001).all()


def test_the_largest_of_a_column_uses_all_of_eight_bits() -> None:
    values, _, zero = columns_of_8_bits(matrix(70, 33))
    assert (np.abs(values.astype(int) - int(zero)).max(axis=0) == 127).all()


@pytest.mark.parametrize("columns", [1, 31, 32, 33, 64, 100, 896])
def test_four_bits_are_off_by_half_a_step_at_most(columns: int) -> None:
    given = matrix(5, columns)
    found, (_, scales, _) = restored(given), blocks_of_4_bits(given)
    steps = np.repeat(scales.reshape(5, -1), BLOCK, axis=1)[:, :columns]
    # The zero is rounded to a step as well, which moves the ends of the range by up to half a step.
    assert (np.abs(found[:, :columns] - given) <= steps * 1.0001).all()
    assert np.abs(found[:, :columns] - given).mean() <= steps.mean() * 0.3


def test_what_fills_up_a_block_is_zero() -> None:
    assert (restored(matrix(5, 40))[:, 40:] == 0).all()


def test_zeros_stay_zeros() -> None:
    nothing = np.zeros((4, 64), dtype=np.float32)
    values, scales, zero = columns_of_8_bits(nothing)
    assert (values == zero).all()
    assert np.isfinite(scales).all()
    assert (restored(nothing) == 0).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_blocks_of_one_sign_keep_it(sign: int) -> None:
    given = sign * (np.abs(matrix(3, 64)) + 5)
    assert (np.sign(restored(given)) == sign).all()
