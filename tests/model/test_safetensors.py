from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import miniature
from model.errors import ModelError
from model.safetensors import Safetensors
from tests.model import damage


def write(path: Path, header: object, data: bytes) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def entry(dtype: str, shape: Any, begin: Any, end: Any) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}}


@pytest.mark.parametrize(
    ("dtype", "data"),
    [
        ("F32", np.array([1.5, -2.0], dtype="<f4").tobytes()),
        ("F16", np.array([1.5, -2.0], dtype="<f2").tobytes()),
        ("F64", np.array([1.5, -2.0], dtype="<f8").tobytes()),
        ("BF16", (np.array([1.5, -2.0], dtype="<f4").view("<u4") >> 16).astype("<u2").tobytes()),
    ],
)
def test_each_number_format_is_read_as_float32(tmp_path: Path, dtype: str, data: bytes) -> None:
    header = {"__metadata__": {"format": "pt"}, **entry(dtype, [2, 1], 0, len(data))}
    tensors = Safetensors(write(tmp_path / "x.safetensors", header, data))
    assert tensors.names() == ("a",)
    assert tensors.shape("a") == (2, 1)
    assert tensors.read("a").dtype == np.float32
    assert tensors.read("a").tolist() == [[1.5], [-2.0]]


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        [],
        {"a": 7},
        {"a": {"dtype": "F32", "shape": [1]}},
        entry("F32", [1], 0, 8),
        entry("F32", [1], 4, 0),
        entry("F32", [4], 0, 16),
        entry("F32", [1], -4, 0),
        entry("F32", [-1], 0, 4),
        entry("F32", [1.0], 0, 4),
        entry("F32", 1, 0, 4),
        entry("F32", [1 << 62, 4], 0, 4),
        entry("I64", [1], 0, 8),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, header: object) -> None:
    with pytest.raises(ModelError, match=r"x\.safetensors") as caught:
        Safetensors(write(tmp_path / "x.safetensors", header, bytes(8)))
    assert caught.value.hint


@pytest.mark.parametrize("harm", [damage.truncate, damage.empty, damage.zero, damage.rewrite, damage.delete])
def test_a_harmed_file_is_refused(tmp_path: Path, harm: Any) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes((miniature.checkpoint("asr") / "model.safetensors").read_bytes())
    harm(path)
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        Safetensors(path)


def test_a_tensor_that_is_not_there_is_named() -> None:
    tensors = Safetensors(miniature.checkpoint("asr") / "model.safetensors")
    with pytest.raises(ModelError, match="no tensor lm_head"):
        tensors.read("lm_head")
