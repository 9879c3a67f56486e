"""The layers of the audio tower as ONNX nodes, in each precision.

This file owns what a precision means for a layer. It knows neither how layers are put together nor the format of the
file; the weights come through a function from short names to arrays, one at a time.

- fp32: everything in float32.
- fp16: matrices, convolutions and their products in float16. LayerNorm, Softmax, the mask's addition and the sum that
  runs through the layers (the residual stream) stay in float32: there float16 overflows, on Intel's GPUs first.
- int8: matrices per column in 8 bits, their inputs quantised as they come; the convolutions in float32.
- int4: matrices in blocks of 4 bits; the convolutions in float32.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from model.errors import ModelError
from model.onnx_file import MICROSOFT, OnnxFile
from model.onnx_rounding import BLOCK, blocks_of_4_bits, columns_of_8_bits
from model.precisions import ENCODERS

NORM_EPSILON = 1e-5
"""Of every LayerNorm of the tower: torch's default, which the model never changes."""
_LEVEL = 4
"""Of MatMulNBits: 4 lets it multiply in 8 bits, 0 in float32."""

Floats = npt.NDArray[np.float32]
Weights = Callable[[str], Floats]


class Layers:
    """Adds layers to a file.

    A value is "wide" (float32) or "narrow" (what the precision multiplies in); they differ in fp16 alone.
    """

    def __init__(self, file: OnnxFile, weights: Weights, precision: str) -> None:
        if precision not in ENCODERS:
            raise ModelError(
                f"no encoder of precision {precision!r} can be written", f"Choose from {', '.join(ENCODERS)}."
            )
        self.file = file
        self._weights = weights
        self._precision = precision
        self._quantised: dict[str, list[str]] = {}

    def narrow(self, x: str) -> str:
        """From float32 to the type of the products."""
        return self.file.cast(x, "float16") if self._precision == "fp16" else x

    def wide(self, x: str) -> str:
        """Back to float32."""
        return self.file.cast(x, "float32") if self._precision == "fp16" else x

    def conv(self, x: str, name: str) -> str:
        """A 3 x 3 convolution of stride 2 with padding 1, and GELU; narrow to narrow."""
        inputs = (x, self._constant(f"{name}.weight"), self._constant(f"{name}.bias"))
        return self.gelu(self.file.node("Conv", *inputs, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))

    def linear(self, x: str, name: str, *, bias: bool = True, factor: float = 1.0) -> str:
        """(x @ weight.T + bias) * factor; narrow to narrow."""
        weight = self._weights(f"{name}.weight") * np.float32(factor)
        if self._precision == "int8":
            product = self._product_8_bits(x, weight, name)
        elif self._precision == "int4":
            product = self._product_4_bits(x, weight, name)
        else:
            product = self.file.node("MatMul", x, self._store(weight.T, f"{name}.weight"))
        if not bias:
            return product
        return self.file.node("Add", product, self._constant(f"{name}.bias", factor))

    def norm(self, x: str, name: str) -> str:
        """LayerNorm over the last axis; wide to narrow."""
        inputs = (x, *(self.file.constant(self._weights(f"{name}.{part}"), f"{name}.{part}") for part in _NORM))
        return self.narrow(self.file.node("LayerNormalization", *inputs, axis=-1, epsilon=NORM_EPSILON))

    def gelu(self, x: str) -> str:
        """The exact GELU, by the error function; narrow to narrow."""
        return self.file.node("Gelu", x, approximate="none")

    def softmax(self, scores: str, mask: str) -> str:
        """softmax(scores + mask) over the last axis; narrow and wide to narrow."""
        return self.narrow(self.file.node("Softmax", self.file.node("Add", self.wide(scores), mask), axis=-1))

    def add(self, x: str, change: str) -> str:
        """x + change; wide and narrow to wide."""
        return self.file.node("Add", x, self.wide(change))

    def _product_8_bits(self, x: str, weight: Floats, name: str) -> str:
        """The nodes that onnxruntime fuses into one product with integers inside."""
        file = self.file
        if x not in self._quantised:
            self._quantised[x] = file.nodes("DynamicQuantizeLinear", x, outputs=3)
        values, scale, zero = self._quantised[x]
        matrix, scales, zeros = columns_of_8_bits(weight.T)
        names = (file.constant(matrix, f"{name}.weight"), file.constant(zeros, f"{name}.zero"))
        product = file.cast(file.node("MatMulInteger", values, names[0], zero, names[1]), "float32")
        return file.node("Mul", product, file.node("Mul", scale, file.constant(scales, f"{name}.scale")))

    def _product_4_bits(self, x: str, weight: Floats, name: str) -> str:
        packed, scales, zeros = blocks_of_4_bits(weight)
        inputs = (
            self.file.constant(packed, f"{name}.weight"),
            self.file.constant(scales, f"{name}.scale"),
            self.file.constant(zeros, f"{name}.zero"),
        )
        rows, columns = weight.shape
        return self.file.node(
            "MatMulNBits",
            x,
            *inputs,
            domain=MICROSOFT,
            K=columns,
            N=rows,
            bits=4,
            block_size=BLOCK,
            accuracy_level=_LEVEL,
        )

    def _constant(self, name: str, factor: float = 1.0) -> str:
        return self._store(self._weights(name) * np.float32(factor), name)

    def _store(self, values: Floats, name: str) -> str:
        return self.file.constant(_halved(values, name) if self._precision == "fp16" else values, name)


def _halved(values: Floats, name: str) -> npt.NDArray[np.float16]:
    """In float16, where that can hold them."""
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16)
    if not np.isfinite(halves).all():
        raise ModelError(
            f"the encoder's {name} has values too large for float16", "Convert the encoder to another precision."
        )
    return halves


_NORM = ("weight", "bias")
