"""A small model embedded in larger dimensions, so that it computes the same function at their cost.

This file owns the arithmetic of that, one tensor at a time. It knows neither files nor tokenizers: those are
benchmarks/inflate.py's. Every width is a whole multiple of the small one, and each vector that flows is its small self,
k times over:

- A matrix is tiled along both axes and divided by the tiling of its input side, so that the k equal inputs add up to
  what one was. Attention heads come in whole copies, queries, keys and values alike; their width does not change.
- LayerNorm and RMSNorm see the same mean and variance in a vector that is repeated: tiled, nothing more.
- Convolutions are tiled in channels in the same way; what follows them flattens channels first, then frequencies.
- The sines of positions depend on the width, so the tiled table goes into the checkpoint as a tensor.
- A tied output head sums k times over what the small one did: the final norm is divided by k.
- A layer more than the small model has adds zero to its input; the rest of its weights are random, so that it works as
  hard as the others.
- A row of embedding or head that is new is the mean of an old row and the mean of all old rows. Its logit is then a
  mean of old logits, and can never be the largest, whatever the input and whatever the signs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from math import prod

import numpy as np
import numpy.typing as npt

from benchmarks.checkpoint import EMBEDDING, HEAD, values
from benchmarks.checkpoint_dimensions import Dimensions
from benchmarks.checkpoint_files import Tensor
from model.checkpoint import Checkpoint
from model.onnx_graph import positions
from model.tensor_table import POSITIONS

Floats = npt.NDArray[np.float32]
Shape = tuple[int, ...]

FINAL_NORM = "thinker.model.norm.weight"
_ENDS_OF_LAYERS = ("out_proj.weight", "out_proj.bias", "fc2.weight", "fc2.bias", "o_proj.weight", "down_proj.weight")
"""What a layer adds to the stream comes through these alone."""


class Inflation:
    """The tensors of the large model.

    Args:
        small: the model that is embedded.
        dimensions: the sizes wanted.
        ids: where the rows of the small vocabulary go: id -> id. Those that are not named are left out.

    Raises:
        ValueError: a size is no whole multiple of the small one, or there are fewer layers, or heads of another form.
    """

    def __init__(self, small: Checkpoint, dimensions: Dimensions, ids: Mapping[int, int]) -> None:
        self._small = small
        self._dimensions = dimensions
        self._old, self._new = np.array(list(ids.keys())), np.array(list(ids.values()))
        self._check()

    def tensors(self, *, stored_head: bool) -> Iterator[Tensor]:
        """Every tensor: its name, its shape, and what computes it.

        Args:
            stored_head: whether a tied head is there once more under its own name.
        """
        for name, shape in self._dimensions.shapes(stored_head=stored_head):
            yield name, shape, partial(self._make, name, shape)
        table = (self._small.config.audio.block_tokens, self._dimensions.audio_width)
        yield POSITIONS, table, partial(self._positions, table)

    def _make(self, name: str, shape: Shape) -> Floats:
        if self._dimensions.classes and name == HEAD:
            rows = self._small.read(name)
            wide = _wider(rows, shape[1]) / np.float32(shape[1] // rows.shape[1])
            return spread(wide, np.arange(len(rows)), shape[0])
        if name in (EMBEDDING, HEAD):
            return spread(_wider(self._small.read(EMBEDDING)[self._old], shape[1]), self._new, shape[0])
        if not self._small.has(name):
            return idle(name, shape)
        tensor = enlarged(self._small.read(name), shape)
        if name == FINAL_NORM and self._small.config.text.tied:
            tensor /= np.float32(self._dimensions.width // self._small.config.text.width)
        return tensor

    def _positions(self, shape: Shape) -> Floats:
        return _wider(positions(shape[0], self._small.config.audio.width), shape[1])

    def _check(self) -> None:
        large, audio, text = self._dimensions, self._small.config.audio, self._small.config.text
        if large.audio_layers < audio.layers or large.layers < text.layers:
            raise ValueError("the larger model has fewer layers than the small one")
        heads = (audio.width * large.audio_heads, text.head_width, text.heads * large.kv_heads)
        if heads != (large.audio_width * audio.heads, large.head_width, large.heads * text.kv_heads):
            raise ValueError("the heads of the larger model are of another width or shared otherwise")
        for name, shape in large.shapes(stored_head=False):
            if self._small.has(name) and name not in (EMBEDDING, HEAD):
                tiling(self._small.read(name).shape, shape)


def tiling(small: Shape, large: Shape) -> tuple[int, ...]:
    """How often each axis is repeated.

    Raises:
        ValueError: not a whole number of times.
    """
    if len(small) != len(large) or any(b % a for a, b in zip(small, large, strict=True)):
        raise ValueError(f"{large} is no multiple of {small}")
    return tuple(b // a for a, b in zip(small, large, strict=True))


def enlarged(tensor: Floats, shape: Shape) -> Floats:
    """A tensor whose first axis is its output and whose others are its input; a vector has no input."""
    repeats = tiling(tensor.shape, shape)
    return np.tile(tensor, repeats) / np.float32(prod(repeats[1:]))


def idle(name: str, shape: Shape) -> Floats:
    """A tensor of a layer that adds nothing to the stream."""
    return np.zeros(shape, dtype=np.float32) if name.endswith(_ENDS_OF_LAYERS) else values(name, shape, seed=0)


def spread(rows: Floats, ids: npt.NDArray[np.int64], count: int) -> Floats:
    """float32[count, d]: the rows at their ids, and between them such as never win against them."""
    table = np.empty((count, rows.shape[1]), dtype=np.float32)
    table[ids] = rows
    losers = (rows + rows.mean(axis=0)) / np.float32(2)
    free = np.setdiff1d(np.arange(count), ids)
    for start in range(0, len(free), len(rows)):
        here = free[start : start + len(rows)]
        table[here] = losers[: len(here)]
    return table


def _wider(rows: Floats, width: int) -> Floats:
    return np.tile(rows, tiling(rows.shape, (len(rows), width)))
