"""Arrays as raw frames: a small header, then the bytes.

This file owns the form in which numbers travel beside a message. It does not know the sockets, which carry frames as
they are, so that a client that sends no arrays need not load numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from pipeline.messages import Malformed

Array = npt.NDArray[Any]

DTYPES: dict[str, np.dtype[Any]] = {"int16": np.dtype("<i2"), "float32": np.dtype("<f4")}


class Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Type and shape of the array whose bytes follow."""

    dtype: str
    shape: tuple[int, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Header)


def pack(array: Array) -> tuple[bytes, bytes | memoryview]:
    """The two frames of an int16 or float32 array of any shape.

    Raises:
        ValueError: another dtype.
    """
    name = array.dtype.name
    if name not in DTYPES:
        raise ValueError(f"an array of {name} cannot be sent")
    data = np.ascontiguousarray(array, dtype=DTYPES[name])
    return _encoder.encode(Header(name, data.shape)), data.data if data.size else b""


def unpack(frames: Sequence[bytes], dtype: str, dimensions: int) -> Array:
    """The one array of a message's frames, read-only.

    Raises:
        Malformed: not two frames, another dtype or number of dimensions, or bytes that do not fill the shape.
    """
    if len(frames) != 2:
        raise Malformed(f"one array is two frames, not {len(frames)}")
    try:
        header = _decoder.decode(frames[0])
    except msgspec.DecodeError as error:
        raise Malformed(f"array header: {error}") from None
    if header.dtype != dtype or len(header.shape) != dimensions or any(n < 0 for n in header.shape):
        raise Malformed(f"array is {header.dtype}{list(header.shape)}, not {dtype} with {dimensions} dimensions")
    kind = DTYPES[dtype]
    size = kind.itemsize
    for n in header.shape:
        size *= n
    if size != len(frames[1]):
        raise Malformed(f"array of {header.shape} needs {size} bytes, {len(frames[1])} came")
    array: Array = np.frombuffer(frames[1], dtype=kind).reshape(header.shape)
    return array
