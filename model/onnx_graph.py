"""The audio tower as two ONNX graphs, put together layer by layer.

This file owns the graphs: the frontend (three convolutions, projection, positions) and the backend (the transformer
and the projection into the decoder's space). It knows nothing of checkpoints: the weights come through a function from
short names to arrays, which has checked their shapes.

Inputs and outputs are those of already-converted packages, with two axes freed: `chunk_mel` [batch, bins, frames] ->
`hidden_states` [batch, tokens, d], and `hidden_states` [batch, T, d] with `attention_mask` [batch, 1, T, T], additive
-> `last_hidden_state` [batch, T, output]; float32 in every precision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from model.config import AudioConfig
from model.errors import ModelError
from model.onnx_file import OnnxFile
from model.onnx_layers import Floats, Layers, Weights

__all__ = ["Floats", "Weights", "positions", "write_backend", "write_frontend"]

LONGEST_WAVE = 10_000.0
"""Of the sinusoidal positions."""

Advance = Callable[[int], None]


def nothing(_: int) -> None:
    """Hear of progress and do nothing about it."""


def write_frontend(
    path: Path,
    audio: AudioConfig,
    weights: Weights,
    metadata: Mapping[str, str],
    precision: str = "fp32",
    table: Floats | None = None,
    advance: Advance = nothing,
) -> None:
    """Write the convolutions: mel blocks in, tokens with positions out; large weights go to `path` + ".data".

    The frames axis is free so that a lone short block can be computed without padding, as the original does.

    Args:
        weights: gives each tensor of `tensor_table.tower`, float32, whenever it is asked.
        metadata: kept in the file.
        precision: one of `precisions.ENCODERS`.
        table: positions to use in the place of the sinusoids, float32[>= block_tokens, width].
        advance: hears the bytes of each tensor, counted in float32 whatever is written.

    Raises:
        ModelError: the table has another shape; unknown precision.
        OSError: the file cannot be written.
    """
    if table is None:
        table = positions(audio.block_tokens, audio.width)
    if table.ndim != 2 or len(table) < audio.block_tokens or table.shape[1] != audio.width:
        raise ModelError(
            f"the table of positions has the shape {table.shape}, config.json says {(audio.block_tokens, audio.width)}",
            "The checkpoint is inconsistent; fetch it again.",
        )
    with OnnxFile(path) as file:
        layers = Layers(file, _counted(weights, advance), precision)
        x = layers.narrow(file.node("Unsqueeze", "chunk_mel", file.ints([1])))
        for layer in ("conv2d1", "conv2d2", "conv2d3"):
            x = layers.conv(x, layer)
        x = file.node("Transpose", x, perm=[0, 3, 1, 2])
        x = file.node("Reshape", x, file.ints([0, 0, audio.conv_channels * audio.conv_bins]))
        x = layers.wide(layers.linear(x, "conv_out", bias=False))
        length = file.node("Shape", x, start=1, end=2)
        rows = file.constant(np.asarray(table[: audio.block_tokens], dtype=np.float32), "positions")
        here = file.node("Slice", rows, file.ints([0]), length, file.ints([0]))
        file.node("Add", x, here, output="hidden_states")
        file.save(
            "steno_encoder_frontend",
            {"chunk_mel": ["batch", audio.mel_bins, "frames"]},
            ("hidden_states", ["batch", "tokens", audio.width]),
            metadata,
        )


def write_backend(
    path: Path,
    audio: AudioConfig,
    weights: Weights,
    metadata: Mapping[str, str],
    precision: str = "fp32",
    advance: Advance = nothing,
) -> None:
    """Write the transformer and the projector; arguments and errors as of `write_frontend`."""
    with OnnxFile(path) as file:
        layers = Layers(file, _counted(weights, advance), precision)
        x = "hidden_states"
        for layer in range(audio.layers):
            x = _attention(layers, x, f"layers.{layer}", audio)
            x = _feed_forward(layers, x, f"layers.{layer}")
        x = layers.norm(x, "ln_post")
        x = layers.gelu(layers.linear(x, "proj1"))
        file.node("Identity", layers.wide(layers.linear(x, "proj2")), output="last_hidden_state")
        file.save(
            "steno_encoder_backend",
            {
                "hidden_states": ["batch", "tokens", audio.width],
                "attention_mask": ["batch", 1, "tokens", "tokens"],
            },
            ("last_hidden_state", ["batch", "tokens", audio.output]),
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


def _attention(layers: Layers, x: str, layer: str, audio: AudioConfig) -> str:
    """x + attention(norm(x)), bidirectional, with an additive mask."""
    file, head = layers.file, audio.width // audio.heads
    # The 1 / sqrt(head) of the scores is multiplied into the query's weights once, here.
    scale = head**-0.5
    normed = layers.norm(x, f"{layer}.self_attn_layer_norm")
    split = file.ints([0, 0, audio.heads, head])

    def heads(name: str, perm: list[int], factor: float = 1.0) -> str:
        projected = layers.linear(normed, f"{layer}.self_attn.{name}", factor=factor)
        return file.node("Transpose", file.node("Reshape", projected, split), perm=perm)

    query = heads("q_proj", [0, 2, 1, 3], scale)
    key = heads("k_proj", [0, 2, 3, 1])
    value = heads("v_proj", [0, 2, 1, 3])
    mixed = file.node("MatMul", layers.softmax(file.node("MatMul", query, key), "attention_mask"), value)
    mixed = file.node("Reshape", file.node("Transpose", mixed, perm=[0, 2, 1, 3]), file.ints([0, 0, audio.width]))
    return layers.add(x, layers.linear(mixed, f"{layer}.self_attn.out_proj"))


def _feed_forward(layers: Layers, x: str, layer: str) -> str:
    """x + fc2(gelu(fc1(norm(x))))."""
    inner = layers.gelu(layers.linear(layers.norm(x, f"{layer}.final_layer_norm"), f"{layer}.fc1"))
    return layers.add(x, layers.linear(inner, f"{layer}.fc2"))


def _counted(weights: Weights, advance: Advance) -> Weights:
    """The same weights; what each of them is worth in float32 is told as it is read."""

    def counted(name: str) -> Floats:
        values = weights(name)
        advance(4 * values.size)
        return values

    return counted
