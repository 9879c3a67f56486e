"""The audio tower as two ONNX graphs, built node by node.

This file owns the graphs: the frontend (three convolutions, projection, positions) and the backend (the transformer
and the projection into the decoder's space). It is the only importer of `onnx`. It knows nothing of checkpoints: the
weights come through a function from short names to arrays.

Inputs and outputs are those of already-converted packages, with two axes freed: `chunk_mel` [batch, bins, frames] ->
`hidden_states` [batch, tokens, d], and `hidden_states` [batch, T, d] with `attention_mask` [batch, 1, T, T], additive
-> `last_hidden_state` [batch, T, output].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.config import AudioConfig

OPSET = 20
"""The first opset with Gelu; LayerNormalization came with 17."""
IR_VERSION = 9
"""The oldest that allows this opset, for old runtimes."""
NORM_EPSILON = 1e-5
"""Of every LayerNorm of the tower: torch's default, which the model never changes."""
LONGEST_WAVE = 10_000.0
"""Of the sinusoidal positions."""

Floats = npt.NDArray[np.float32]
Weights = Callable[[str], Floats]


def write_frontend(path: Path, audio: AudioConfig, weights: Weights, metadata: Mapping[str, str]) -> None:
    """Write the convolutions: mel blocks in, tokens with positions out; float32.

    The frames axis is free so that a lone short block can be computed without padding, as the original does.
    """
    graph = _Graph(weights)
    x = graph.node("Unsqueeze", "chunk_mel", graph.ints([1]))
    for layer in ("conv2d1", "conv2d2", "conv2d3"):
        inputs = (x, graph.weight(f"{layer}.weight"), graph.weight(f"{layer}.bias"))
        x = graph.gelu(graph.node("Conv", *inputs, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))
    x = graph.node("Transpose", x, perm=[0, 3, 1, 2])
    x = graph.node("Reshape", x, graph.ints([0, 0, audio.conv_channels * audio.conv_bins]))
    x = graph.linear(x, "conv_out", bias=False)
    length = graph.node("Shape", x, start=1, end=2)
    table = graph.constant(positions(audio.block_tokens, audio.width))
    here = graph.node("Slice", table, graph.ints([0]), length, graph.ints([0]))
    graph.node("Add", x, here, output="hidden_states")
    graph.save(
        path,
        "steno_encoder_frontend",
        [_value("chunk_mel", ["batch", audio.mel_bins, "frames"])],
        _value("hidden_states", ["batch", "tokens", audio.width]),
        metadata,
    )


def write_backend(path: Path, audio: AudioConfig, weights: Weights, metadata: Mapping[str, str]) -> None:
    """Write the transformer and the projector; float32."""
    graph = _Graph(weights)
    x = "hidden_states"
    for layer in range(audio.layers):
        x = _attention(graph, x, f"layers.{layer}", audio)
        x = _feed_forward(graph, x, f"layers.{layer}")
    x = graph.norm(x, "ln_post")
    x = graph.gelu(graph.linear(x, "proj1"))
    graph.linear(x, "proj2", output="last_hidden_state")
    graph.save(
        path,
        "steno_encoder_backend",
        [
            _value("hidden_states", ["batch", "tokens", audio.width]),
            _value("attention_mask", ["batch", 1, "tokens", "tokens"]),
        ],
        _value("last_hidden_state", ["batch", "tokens", audio.output]),
        metadata,
    )


def positions(length: int, width: int) -> Floats:
    """Sinusoidal positions, float32[length, width]: the sines, then the cosines.

    Frequencies fall geometrically from 1 to 1 / 10000 over width / 2 channels (Vaswani et al. 2017, as Whisper lays
    them out).
    """
    half = width // 2
    step = np.float32(np.log(LONGEST_WAVE) / (half - 1))
    frequencies = np.exp(-step * np.arange(half, dtype=np.float32))
    angles = np.arange(length, dtype=np.float32)[:, None] * frequencies[None, :]
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)


def _attention(graph: _Graph, x: str, layer: str, audio: AudioConfig) -> str:
    """x + attention(norm(x)), bidirectional, with an additive mask."""
    head = audio.width // audio.heads
    # The 1 / sqrt(head) of the scores is multiplied into the query's weights once, here.
    scale = head**-0.5
    normed = graph.norm(x, f"{layer}.self_attn_layer_norm")
    split = graph.ints([0, 0, audio.heads, head])

    def heads(name: str, perm: list[int], factor: float = 1.0) -> str:
        projected = graph.linear(normed, f"{layer}.self_attn.{name}", factor=factor)
        return graph.node("Transpose", graph.node("Reshape", projected, split), perm=perm)

    query = heads("q_proj", [0, 2, 1, 3], scale)
    key = heads("k_proj", [0, 2, 3, 1])
    value = heads("v_proj", [0, 2, 1, 3])
    scores = graph.node("Add", graph.node("MatMul", query, key), "attention_mask")
    mixed = graph.node("MatMul", graph.node("Softmax", scores, axis=-1), value)
    mixed = graph.node("Reshape", graph.node("Transpose", mixed, perm=[0, 2, 1, 3]), graph.ints([0, 0, audio.width]))
    return graph.node("Add", x, graph.linear(mixed, f"{layer}.self_attn.out_proj"))


def _feed_forward(graph: _Graph, x: str, layer: str) -> str:
    """x + fc2(gelu(fc1(norm(x))))."""
    inner = graph.gelu(graph.linear(graph.norm(x, f"{layer}.final_layer_norm"), f"{layer}.fc1"))
    return graph.node("Add", x, graph.linear(inner, f"{layer}.fc2"))


def _value(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


class _Graph:
    """Nodes and constants in the making; every value gets the next free name."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node; returns the name of its output."""
        name = output or f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, values: npt.NDArray[np.generic], name: str = "") -> str:
        """Store an array; returns its name."""
        name = name or f"c{len(self._constants)}"
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def ints(self, values: list[int]) -> str:
        """A constant of indices; the same values share one."""
        name = "i" + "_".join(map(str, values))
        return name if name in self._constants else self.constant(np.array(values, dtype=np.int64), name)

    def weight(self, name: str) -> str:
        """A tensor of the tower, as it is."""
        return self.constant(self._weights(name), name)

    def linear(self, x: str, name: str, *, bias: bool = True, factor: float = 1.0, output: str = "") -> str:
        """(x @ weight.T + bias) * factor."""
        weight = self.constant(self._weights(f"{name}.weight").T * np.float32(factor), f"{name}.weight")
        if not bias:
            return self.node("MatMul", x, weight, output=output)
        offset = self.constant(self._weights(f"{name}.bias") * np.float32(factor), f"{name}.bias")
        return self.node("Add", self.node("MatMul", x, weight), offset, output=output)

    def norm(self, x: str, name: str) -> str:
        """LayerNorm over the last axis."""
        inputs = (x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"))
        return self.node("LayerNormalization", *inputs, axis=-1, epsilon=NORM_EPSILON)

    def gelu(self, x: str) -> str:
        """The exact GELU, by the error function."""
        return self.node("Gelu", x, approximate="none")

    def save(
        self,
        path: Path,
        name: str,
        inputs: list[onnx.ValueInfoProto],
        output: onnx.ValueInfoProto,
        metadata: Mapping[str, str],
    ) -> None:
        """Check the graph and write the file."""
        graph = helper.make_graph(self._nodes, name, inputs, [output], list(self._constants.values()))
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="steno")
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model)
        onnx.save_model(model, str(path))
