"""The aligner's head, which rates classes of time and not the words of a vocabulary: where it lies, how many it has.

This file owns its two forms: a file of its own in Steno's packages, and in others the first rows of the decoder's
output matrix, which is filled up to the size of the vocabulary with rows that are all alike (of -100).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.errors import ModelError
from model.gguf_header import Header

Floats = npt.NDArray[np.float32]

OUTPUT = "output.weight"
"""llama.cpp's name of the output matrix."""
_BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    30: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    20: (32, 18),
    23: (256, 136),
}
"""Weights in a block and bytes of a block, by ggml_type of ggml.h: f32, f16, bf16, q4_0, q4_1, q5_0, q5_1, q8_0, q2_k
to q6_k, iq4_nl, iq4_xs."""


def load_head(path: Path) -> Floats:
    """The head of a file, float32[classes, width].

    Raises:
        ModelError: missing, no array, or of another form.
    """
    try:
        head = np.load(path, allow_pickle=False)
    except Exception as error:  # numpy raises half a dozen types for a bad header
        raise ModelError(f"{path} cannot be loaded: {error}", "Convert the model again.") from error
    if not isinstance(head, np.ndarray) or head.ndim != 2 or head.dtype.kind != "f":
        raise ModelError(f"{path} is no matrix of numbers", "Convert the model again.")
    if not np.isfinite(head).all():
        raise ModelError(f"{path} has values that are no numbers", "Convert or fetch the model again.")
    return np.asarray(head, dtype=np.float32)


def padded_classes(header: Header) -> int:
    """Rows of the output matrix before the equal ones at its end.

    No class has the weights of the filling, so the border is found by halving: some twenty rows are read.

    Raises:
        ModelError: no output matrix, or one without classes.
    """
    tensor = header.tensors.get(OUTPUT)
    if tensor is None or len(tensor.shape) != 2:
        raise ModelError(f"{header.path} has no {OUTPUT}, which holds an aligner's classes", "Fetch the model again.")
    if tensor.number_format not in _BLOCKS:
        raise ModelError(
            f"{header.path}: {OUTPUT} has number format {tensor.number_format}, which Steno does not know",
            "Fetch the model in another precision.",
        )
    width, rows = tensor.shape
    weights, size = _BLOCKS[tensor.number_format]
    row_bytes = -(-width // weights) * size
    if tensor.offset + rows * row_bytes > header.path.stat().st_size:
        raise ModelError(f"{header.path}: {OUTPUT} reaches beyond the end of the file", "Fetch the model again.")
    with header.path.open("rb") as file:

        def row(index: int) -> bytes:
            file.seek(tensor.offset + index * row_bytes)
            return file.read(row_bytes)

        filling = row(rows - 1)
        low, high = 0, rows - 1
        while low < high:
            middle = (low + high) // 2
            if row(middle) == filling:
                high = middle
            else:
                low = middle + 1
    if low == 0 or low == rows - 1:
        raise ModelError(
            f"{header.path}: {OUTPUT} is not filled up behind the classes of an aligner", "Give an aligner's package."
        )
    return low
