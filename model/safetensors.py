"""Reading a .safetensors file with numpy alone.

This file owns the format: eight bytes of header length, a JSON header, then the tensors' bytes. Every number of the
header is checked before it is used. It knows nothing of what the tensors mean.
Format: https://huggingface.co/docs/safetensors (section "Format").
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import ModelError
from model.json_file import parsed
from model.plain_file import checked_file

_DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
}
_LENGTH_BYTES = 8
_LARGEST_HEADER = 100_000_000
_CHUNK = 1 << 22
"""Numbers that are read and converted at once: then a tensor is never in memory twice."""
_REMEDY = "The file is damaged or no safetensors file; fetch it again."

Tensor = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class _Entry:
    dtype: str
    shape: tuple[int, ...]
    begin: int


class Safetensors:
    """The tensors of one file, read one at a time.

    Nothing is mapped: what has been read does not stay in memory.

    Raises:
        ModelError: missing, truncated or corrupted file; names the file and what is wrong with it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        size = checked_file(path, "Give the directory of a whole checkpoint.").st_size
        try:
            with path.open("rb") as file:
                length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
                if size < _LENGTH_BYTES or not 2 <= length <= min(_LARGEST_HEADER, size - _LENGTH_BYTES):
                    raise self._broken(f"has {size} bytes, its header claims {length}")
                header = file.read(length)
        except OSError as error:
            raise ModelError(
                f"{path} cannot be read: {error.strerror}", "Give the directory of a checkpoint."
            ) from error
        start = _LENGTH_BYTES + length
        self._entries = self._parse(header, start, size)

    def names(self) -> tuple[str, ...]:
        """Names of the tensors, in the order of the header."""
        return tuple(self._entries)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, without reading it."""
        return self._entry(name).shape

    def read(self, name: str, dtype: npt.DTypeLike = np.float32) -> Tensor:
        """One tensor in its own shape, as float32 or float16.

        Raises:
            ModelError: a number is none (NaN, infinity), or is too large for float16; names file and tensor.
        """
        entry = self._entry(name)
        tensor = np.empty(math.prod(entry.shape), dtype)
        done = 0
        # What is no number is found by looking at it, not by numpy's warnings.
        with np.errstate(over="ignore", invalid="ignore"):
            for chunk in self.chunks(name):
                part = tensor[done : done + len(chunk)]
                part[:] = chunk
                if not np.isfinite(part).all():
                    too_large = np.isfinite(chunk).all()
                    what = "too large for float16" if too_large else "that are no numbers"
                    remedy = "Use another checkpoint." if too_large else _REMEDY
                    raise ModelError(f"{self.path}: {name} has values {what}", remedy)
                done += len(chunk)
        return tensor.reshape(entry.shape)

    def chunks(self, name: str) -> Iterator[Tensor]:
        """The numbers of a tensor, in order, some at a time, in a type that holds them exactly."""
        entry = self._entry(name)
        dtype = _DTYPES[entry.dtype]
        count = math.prod(entry.shape)
        try:
            with self.path.open("rb") as file:
                file.seek(entry.begin)
                for start in range(0, count, _CHUNK):
                    raw = np.fromfile(file, dtype, min(_CHUNK, count - start))
                    if len(raw) != min(_CHUNK, count - start):
                        raise self._broken("it has become shorter")
                    # bfloat16 is the upper half of a float32.
                    yield (raw.astype(np.uint32) << 16).view(np.float32) if entry.dtype == "BF16" else raw
        except OSError as error:
            raise ModelError(f"{self.path} cannot be read: {error.strerror}", "Fetch the file again.") from error

    def _entry(self, name: str) -> _Entry:
        try:
            return self._entries[name]
        except KeyError:
            raise ModelError(
                f"{self.path} has no tensor {name}", "The checkpoint is incomplete or of another architecture."
            ) from None

    def _parse(self, header: bytes, start: int, size: int) -> dict[str, _Entry]:
        try:
            table = parsed(header)
        except ValueError:
            raise self._broken("its header is no JSON") from None
        if not isinstance(table, dict):
            raise self._broken("its header is no JSON object")
        table.pop("__metadata__", None)
        return {name: self._check(name, entry, start, size) for name, entry in table.items()}

    def _check(self, name: str, entry: Any, start: int, size: int) -> _Entry:
        try:
            dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            numbers = (*shape, begin, end)
        except (KeyError, TypeError, ValueError):
            raise self._broken(f"the entry of {name} is malformed") from None
        if not all(type(number) is int and number >= 0 for number in numbers):
            raise self._broken(f"the entry of {name} has numbers that are none")
        if not isinstance(dtype, str) or dtype not in _DTYPES:
            raise ModelError(
                f"{self.path}: {name} is of type {dtype}; Steno reads {', '.join(_DTYPES)}", "Use another checkpoint."
            )
        if end - begin != math.prod(shape) * _DTYPES[dtype].itemsize:
            raise self._broken(f"the size of {name} contradicts its shape")
        if start + end > size:
            raise self._broken(f"{name} would end at byte {start + end}, the file has {size}")
        return _Entry(dtype, tuple(shape), start + begin)

    def _broken(self, what: str) -> ModelError:
        return ModelError(f"{self.path} is no whole safetensors file: {what}", _REMEDY)
