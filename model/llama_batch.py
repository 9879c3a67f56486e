"""What one call of llama.cpp computes: which tokens, at which positions, and whose results come out.

This file owns the library's batch, its limits, and the cutting of long inputs into such batches. It knows nothing of
models.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from model.llama_library import api

BATCH = 512
"""Tokens that one call computes at most."""
OUTPUTS = 64
"""Tokens of a call whose results come out at most: the logits of one take 0.6 MB at a vocabulary of 151 936."""
SEQUENCES = 8
"""Sequences that a context of several has."""
_PLANES = 4
"""Positions of an embedding under MRoPE: time, height, width, and one that is always 0."""

Items = npt.NDArray[np.int32] | npt.NDArray[np.float32]
"""int32[n], tokens; or float32[n, width], embeddings in their place."""


class Batch:
    """A batch of one sequence, and the arrays that it points into.

    A token has one position, and so has an embedding; but under MRoPE an embedding has four, plane by plane. For sound
    the first three are equal, as the library makes them for a token (`llm_graph_input_pos` of llama-graph.cpp).

    Args:
        items: tokens or embeddings.
        position: of the first.
        outputs: places in `items` of those whose results come out.
        sequence: id of the sequence.
        three_positions: the model has MRoPE.
    """

    def __init__(
        self, items: Items, position: int, outputs: Sequence[int], sequence: int, *, three_positions: bool
    ) -> None:
        count = len(items)
        self._items = np.ascontiguousarray(items)
        self._positions = np.zeros((_PLANES if three_positions and items.ndim == 2 else 1, count), dtype=np.int32)
        self._positions[:3] = np.arange(position, position + count)
        self._outputs = np.zeros(count, dtype=np.int8)
        self._outputs[list(outputs)] = 1
        # Each item has a list of the sequences that it is of; here they all have the same list of one.
        self._sequence = np.array([sequence], dtype=np.int32)
        self._counts = np.ones(count, dtype=np.int32)
        self._sequences = np.full(count, self._sequence.ctypes.data, dtype=np.uintp)
        embeddings = items.ndim == 2
        self.native = api.llama_batch(
            count,
            None if embeddings else _pointer(self._items, ctypes.c_int32),
            _pointer(self._items, ctypes.c_float) if embeddings else None,
            _pointer(self._positions, ctypes.c_int32),
            _pointer(self._counts, ctypes.c_int32),
            self._sequences.ctypes.data_as(ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
            _pointer(self._outputs, ctypes.c_int8),
        )


def pieces(count: int, outputs: Sequence[int], *, all_come_out: bool) -> Iterator[tuple[int, int, int, int]]:
    """Cut `count` items so that no piece has more than BATCH of them nor results of more than OUTPUTS.

    Args:
        outputs: places of the items whose results are wanted, rising.
        all_come_out: in a piece with a wanted result, the library gives those of all its items.

    Yields:
        (begin, end) of the items and (first, last) of the outputs in each piece.
    """
    begin = first = 0
    while begin < count:
        end = min(count, begin + BATCH)
        last = bisect_left(outputs, end)
        if all_come_out and last > first:
            near = outputs[first] - begin < OUTPUTS
            end = min(count, begin + OUTPUTS) if near else outputs[first]
            last = bisect_left(outputs, end)
        elif last - first > OUTPUTS:
            last = first + OUTPUTS
            end = outputs[last]
        yield begin, end, first, last
        begin, first = end, last


def _pointer(array: npt.NDArray[np.generic], kind: type[ctypes._SimpleCData[Any]]) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(kind))
