"""What goes into an ONNX graph and what comes out of it, read without loading its weights.

This file owns the walk over the few fields of the file that say so; everything else, weights above all, is stepped over
by its length. It knows nothing of what the graph computes.

Source: onnx.proto of https://github.com/onnx/onnx; https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model.errors import ModelError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_GRAPH = 7
"""Field of ModelProto."""
_INPUT, _OUTPUT = 11, 12
"""Fields of GraphProto."""
_VARINT_BYTES = 10

Shape = tuple[int | None, ...]
"""The length of each axis; None for one that is free."""


@dataclass(frozen=True)
class Graph:
    """The shapes of a graph's inputs and outputs, in their order."""

    path: Path
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]


def read_graph(path: Path) -> Graph:
    """Read the shapes: milliseconds, whatever the size of the file.

    Raises:
        ModelError: no ONNX file, or a damaged one.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _graph(path, data)
    except FileNotFoundError:
        raise ModelError(f"{path} is missing", "Convert or fetch the model again.") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", "Convert or fetch the model again.") from error
    except ValueError as error:  # an empty file cannot be mapped, and whatever the walk finds wrong
        raise ModelError(f"{path} is no whole ONNX file: {error}", "Convert or fetch the model again.") from None


def _graph(path: Path, data: mmap.mmap) -> Graph:
    shapes: dict[int, list[Shape]] = {_INPUT: [], _OUTPUT: []}
    graphs = [span for span in _fields(data, 0, len(data)) if span[0] == _GRAPH]
    if not graphs:
        raise ValueError("it holds no graph")
    for _, begin, end in graphs:
        for field, first, last in _fields(data, begin, end):
            if field in shapes:
                shapes[field].append(_shape(data, first, last))
    return Graph(path, tuple(shapes[_INPUT]), tuple(shapes[_OUTPUT]))


def _shape(data: mmap.mmap, begin: int, end: int) -> Shape:
    """The shape in a ValueInfoProto: type (2), tensor_type (1), shape (2), any number of dim (1)."""
    for wanted in (2, 1, 2):
        inner = [span for span in _fields(data, begin, end) if span[0] == wanted]
        if not inner:
            return ()
        _, begin, end = inner[-1]
    return tuple(_length(data, first, last) for field, first, last in _fields(data, begin, end) if field == 1)


def _length(data: mmap.mmap, begin: int, end: int) -> int | None:
    """dim_value (1) of a dimension; one with a name or with nothing is free."""
    values = [_varint(data, first, last)[0] for field, first, last in _fields(data, begin, end) if field == 1]
    return values[-1] if values and values[-1] > 0 else None


def _fields(data: mmap.mmap, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(number, begin, end) of each field between two places. Raises ValueError for what leads out of them."""
    at = begin
    while at < end:
        tag, at = _varint(data, at, end)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            stop = _varint(data, at, end)[1]
        elif kind == _BYTES:
            length, at = _varint(data, at, end)
            stop = at + length
        elif kind in (_FIXED32, _FIXED64):
            stop = at + (4 if kind == _FIXED32 else 8)
        else:
            raise ValueError(f"a field of type {kind}")
        if number == 0 or stop > end:
            raise ValueError("a field reaches beyond its end")
        yield number, at, stop
        at = stop


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place behind it."""
    value = 0
    for index, byte in enumerate(data[at : min(end, at + _VARINT_BYTES)]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    raise ValueError("a number without an end")
