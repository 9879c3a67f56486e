"""Matrices in 8 and 4 bits for onnxruntime's products: the arithmetic of quantisation, in numpy.

This file owns the rounding and the packing that those operators expect. It knows no graph and no layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

BLOCK = 32
"""Values that share a scale in 4 bits."""
_MIDDLE = 128
"""What stands for 0 in unsigned 8 bits."""


def columns_of_8_bits(matrix: Floats) -> tuple[Bytes, Floats, Bytes]:
    """Quantise each column with a scale of its own: matrix is about (values - zero) * scale.

    Unsigned with the zero in the middle: where a processor multiplies unsigned by signed bytes in pairs into 16 bits
    (AVX2 without VNNI) signed weights overflow, unsigned ones take another way.

    Args:
        matrix: float32[k, n].

    Returns:
        values, uint8[k, n]; scales, float32[n]; zero, uint8[].
    """
    scales = np.abs(matrix).max(axis=0) / np.float32(127)
    # A column of zeros keeps a scale that divides.
    scales = np.where(scales > 0, scales, np.float32(1)).astype(np.float32)
    values = np.clip(np.rint(matrix / scales) + _MIDDLE, 0, 255)
    return values.astype(np.uint8), scales, np.array(_MIDDLE, dtype=np.uint8)


def blocks_of_4_bits(matrix: Floats) -> tuple[Bytes, Floats, Bytes]:
    """Quantise each run of 32 values of a row with a scale and a zero of its own.

    Layout of the operator MatMulNBits: rows are filled up with zeros to whole blocks; two values in a byte, the first
    in the low half.
    Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (MatMulNBits)

    Args:
        matrix: float32[n, k]; a row makes one output.

    Returns:
        packed values, uint8[n, blocks, 16]; scales, float32[n * blocks]; packed zeros, uint8[n * ceil(blocks / 2)].
    """
    rows, columns = matrix.shape
    count = -(-columns // BLOCK)
    blocks = np.zeros((rows, count * BLOCK), dtype=np.float32)
    blocks[:, :columns] = matrix
    blocks = blocks.reshape(rows, count, BLOCK)
    # The range includes 0, so that padding and true zeros stay zeros.
    low = np.minimum(blocks.min(axis=2), 0)
    high = np.maximum(blocks.max(axis=2), 0)
    scales = (high - low) / np.float32(15)
    scales = np.where(scales > 0, scales, np.float32(1)).astype(np.float32)
    zeros = np.clip(np.rint(-low / scales), 0, 15)
    values = np.clip(np.rint(blocks / scales[..., None]) + zeros[..., None], 0, 15)
    return _pairs(values), scales.reshape(-1), _pairs(zeros).reshape(-1)


def _pairs(values: npt.NDArray[Any]) -> Bytes:
    """Numbers of 0 to 15 -> two in a byte along the last axis, the first in the low half; an odd one gets a zero."""
    halves = values.astype(np.uint8)
    if halves.shape[-1] % 2:
        halves = np.concatenate([halves, np.zeros((*halves.shape[:-1], 1), dtype=np.uint8)], axis=-1)
    return np.asarray(halves[..., 0::2] | (halves[..., 1::2] << 4), dtype=np.uint8)
