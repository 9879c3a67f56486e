"""Small checkpoints for tests, and changes to their tensors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.checkpoint import random_checkpoint
from benchmarks.checkpoint_dimensions import SIZES, Dimensions
from benchmarks.checkpoint_files import Layout

SMALLEST = replace(SIZES["tiny"], audio_layers=1, layers=1)
Header = dict[str, Any]


def write(
    directory: Path, *, layout: Layout = "original", shards: int = 1, aligner: bool = False, seed: int = 0
) -> Path:
    dimensions: Dimensions = replace(SMALLEST, classes=40) if aligner else SMALLEST
    random_checkpoint(directory, dimensions, layout=layout, shards=shards, seed=seed)
    return directory


def change_header(path: Path, change: Callable[[Header], None]) -> None:
    """Rewrite the header of a safetensors file; the tensors' bytes stay what and where they are."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


def change_json(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
