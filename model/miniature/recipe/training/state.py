"""What a run can go on from: weights, the optimiser's memory, the place in the schedule.

This file owns the checkpoint's form: files of tensors, none larger than what can be carried off a machine in one piece,
and a state.json, written last. A checkpoint is whole or not there.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

_PART_BYTES = 14 << 20
_STATE = "state.json"
LOG = "log.jsonl"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in its schedule a run is."""

    step: int
    seconds: float
    """Of training, over all machines."""
    frames: int
    """Of sound that was learnt from, 10 ms each."""


def save(directory: Path, place: Place, tensors: dict[str, Tensor], log: Path) -> None:
    """Write a checkpoint in place of the one that is there. Args: log: of the run up to now, goes with it."""
    fresh = directory.with_name(directory.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    parts: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        if size + tensor.nbytes > _PART_BYTES and parts[-1]:
            parts.append({})
            size = 0
        parts[-1][name] = tensor.detach().cpu().contiguous()
        size += tensor.nbytes
    for at, part in enumerate(parts):
        save_file(part, fresh / f"part-{at}.safetensors")
    (fresh / LOG).write_bytes(log.read_bytes() if log.exists() else b"")
    (fresh / _STATE).write_text(json.dumps(asdict(place) | {"parts": len(parts)}), encoding="utf-8")
    old = directory.with_name(directory.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if directory.exists():
        directory.replace(old)
    fresh.replace(directory)
    shutil.rmtree(old, ignore_errors=True)


def load(directory: Path) -> tuple[Place, dict[str, Tensor]]:
    """Read a checkpoint.

    Raises:
        FileNotFoundError: there is none, or a part of it is missing.
    """
    told = json.loads((directory / _STATE).read_text(encoding="utf-8"))
    tensors: dict[str, Tensor] = {}
    for at in range(told.pop("parts")):
        tensors |= load_file(directory / f"part-{at}.safetensors")
    return Place(**told), tensors


def weights(directory: Path) -> dict[str, Tensor]:
    """The network's tensors alone, by their names in the release."""
    return {name.removeprefix(WEIGHT): tensor for name, tensor in load(directory)[1].items() if name.startswith(WEIGHT)}


WEIGHT = "weight."
"""Before the names of the network's tensors."""
