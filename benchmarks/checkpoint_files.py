"""The weights of a checkpoint on disk: .safetensors files written one tensor at a time.

This file owns number formats, shards and the names of both layouts. It does not know what the tensors mean or where
their values come from: benchmarks/checkpoint.py draws them, benchmarks/inflate.py computes them. The other files of a
checkpoint are written by benchmarks/checkpoint_configs.py and benchmarks/checkpoint_tokenizer.py.
Format: https://huggingface.co/docs/safetensors (section "Format"); the index of shards is `transformers`'.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Layout = Literal["original", "native"]
Dtype = Literal["bf16", "f16", "f32"]
Array = npt.NDArray[Any]
Tensor = tuple[str, tuple[int, ...], Callable[[], Array]]
"""Name in the original layout, shape, and what computes the values when their turn has come."""

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
_CODES = {"bf16": "BF16", "f16": "F16", "f32": "F32"}
_BYTES = {"bf16": 2, "f16": 2, "f32": 4}
_ALIGNMENT = 8
_BLOCK = 1 << 22
"""Numbers that are encoded at once, so that a large tensor is not held a second time."""
_NATIVE = (
    ("thinker.audio_tower.proj1.", "model.multi_modal_projector.linear_1."),
    ("thinker.audio_tower.proj2.", "model.multi_modal_projector.linear_2."),
    ("thinker.audio_tower.", "model.audio_tower."),
    ("thinker.model.", "model.language_model."),
)


def write_checkpoint(
    directory: Path,
    tensors: Iterable[Tensor],
    *,
    dtype: Dtype,
    layout: Layout,
    shards: int = 1,
    aligner: bool = False,
) -> None:
    """Write the weights: model.safetensors, or that many shards of about equal size and their index.

    Args:
        directory: made if it is not there.
        tensors: in the order in which they are written. Each is computed when it is written and then let go; it must
            have the shape announced, and finite values.
        dtype: in which the values are stored. float32 becomes bfloat16 by rounding to nearest, ties to even.
        layout: whose names the tensors get.
        aligner: native names the head of a classifier otherwise than that of a language model.

    Raises:
        ValueError: a tensor has another shape than announced, or there are fewer tensors than shards.
    """
    listed = list(tensors)
    if layout == "native":
        listed = [(native_name(name, aligner=aligner), shape, make) for name, shape, make in listed]
    directory.mkdir(parents=True, exist_ok=True)
    files = _shared_out(listed, shards)
    if len(files) == 1:
        _write_file(directory / WEIGHTS, files[0], dtype)
        return
    places: dict[str, str] = {}
    for number, part in enumerate(files, 1):
        name = f"model-{number:05}-of-{len(files):05}.safetensors"
        _write_file(directory / name, part, dtype)
        places |= dict.fromkeys((tensor[0] for tensor in part), name)
    total = sum(math.prod(shape) for _, shape, _ in listed) * _BYTES[dtype]
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(places.items()))}
    (directory / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def native_name(name: str, *, aligner: bool = False) -> str:
    """The native name of one of the original layout's tensors.

    Source: `convert_qwen3_asr_to_hf.py` in the sources of `transformers`.
    """
    head = "score." if aligner else "lm_head."
    for old, new in (*_NATIVE, ("thinker.lm_head.", head)):
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


def bfloat16(values: Array) -> npt.NDArray[np.uint16]:
    """The upper halves of finite float32 values, rounded to nearest, ties to even; the same shape."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return np.asarray((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)


def _shared_out(tensors: Sequence[Tensor], shards: int) -> list[list[Tensor]]:
    """The tensors in order, cut into `shards` lists of about the same size, none of them empty."""
    if not 1 <= shards <= len(tensors):
        raise ValueError(f"{len(tensors)} tensors cannot be shared out among {shards} files")
    share = sum(math.prod(shape) for _, shape, _ in tensors) / shards
    files: list[list[Tensor]] = [[]]
    written = 0
    for place, tensor in enumerate(tensors):
        full = written >= share * len(files) or len(tensors) - place <= shards - len(files)
        if files[-1] and len(files) < shards and full:
            files.append([])
        files[-1].append(tensor)
        written += math.prod(tensor[1])
    return files


def _write_file(path: Path, tensors: Sequence[Tensor], dtype: Dtype) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    begin = 0
    for name, shape, _ in tensors:
        end = begin + math.prod(shape) * _BYTES[dtype]
        header[name] = {"dtype": _CODES[dtype], "shape": list(shape), "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape, make in tensors:
            values = make()
            if values.shape != shape:
                raise ValueError(f"{name} has the shape {values.shape}, announced was {shape}")
            flat = values.reshape(-1)
            for place in range(0, flat.size, _BLOCK):
                file.write(_encoded(flat[place : place + _BLOCK], dtype))
    partial.replace(path)


def _encoded(values: Array, dtype: Dtype) -> bytes:
    if dtype == "bf16":
        return bfloat16(values).tobytes()
    return np.asarray(values, dtype="<f2" if dtype == "f16" else "<f4").tobytes()
