"""What a GGUF file says about itself, read before any library is given it: its keys, and where its tensors lie.

This file owns the reading of the header, the check that nothing in it points outside the file, and which architectures
Steno runs. It reads no weights.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from model.config import MOST_LAYERS
from model.errors import ModelError

ARCHITECTURES = ("qwen3", "qwen3vl")
"""llama.cpp's names for the text decoder: with plain rope, and with a rope of three positions (MRoPE), which gives the
same angles for sound."""
TOKENS = "tokenizer.ggml.tokens"
_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
"""struct formats of the value types that have a fixed size."""
_MOST_DIMENSIONS = 4
_ALIGNMENT = 32
"""Of the tensors, where `general.alignment` says nothing else."""

_LONGEST_LIST = 16
"""Of the arrays of numbers, only short ones are kept."""
_SIZES = (
    "embedding_length",
    "attention.head_count",
    "attention.head_count_kv",
    "feed_forward_length",
    "context_length",
)

Value = int | float | bool | str | tuple[int | float | bool, ...]


@dataclass(frozen=True)
class Tensor:
    """One tensor's place."""

    shape: tuple[int, ...]
    """The length of a row first."""
    number_format: int
    """A ggml_type of ggml.h."""
    offset: int
    """From the beginning of the file, in bytes."""


@dataclass(frozen=True)
class Header:
    """What stands before the weights."""

    path: Path
    values: dict[str, Value]
    """Every key but those of long arrays."""
    tokens: tuple[bytes, ...]
    """The vocabulary, in UTF-8."""
    tensors: dict[str, Tensor]

    @property
    def architecture(self) -> str:
        """`general.architecture`; empty if it is not said."""
        return str(self.values.get("general.architecture", ""))

    def check_decoder(self) -> None:
        """Whether it is a decoder that Steno runs, with sizes that llama.cpp does not stumble over: it ends the process
        at some of them.

        Raises:
            ModelError: it is not; names the file and what is wrong.
        """
        if self.architecture not in ARCHITECTURES:
            raise ModelError(
                f"{self.path} has the architecture {self.architecture!r}, expected {' or '.join(ARCHITECTURES)}",
                "This is no decoder of Qwen3-ASR; give the package of one.",
            )
        width, heads, kv_heads, *_ = map(self.size, _SIZES)
        head_width = self.number(f"{self.architecture}.attention.key_length", width // heads)
        sections = self.values.get(f"{self.architecture}.rope.dimension_sections", ())
        wrong = {
            f"{self.size('block_count')} layers": self.size("block_count") > MOST_LAYERS,
            f"{heads} heads over {kv_heads}": heads % kv_heads != 0,
            f"a rope of the sections {sections}": not isinstance(sections, tuple)
            or min(sections, default=0) < 0
            or 2 * sum(sections) > head_width,
            "a token twice": len(set(self.tokens)) != len(self.tokens),
        }
        for what, found in wrong.items():
            if found:
                raise ModelError(f"{self.path} has {what}", "Fetch or convert the model again.")

    def size(self, key: str) -> int:
        """A whole number above 0 under the architecture's prefix.

        Raises:
            ModelError: missing or something else.
        """
        name = f"{self.architecture}.{key}"
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise ModelError(
                f"{self.path}: {name} is {value!r}, expected a number above 0", "Fetch or convert the model again."
            )
        return value

    def number(self, name: str, default: float) -> float:
        """A number above 0 under this whole key; `default` if it is not there.

        Raises:
            ModelError: something else stands there.
        """
        value = self.values.get(name, default)
        if isinstance(value, str | tuple) or not 0 < value < math.inf:
            raise ModelError(
                f"{self.path}: {name} is {value!r}, expected a number above 0", "Fetch or convert the model again."
            )
        return float(value)


def read_header(path: Path) -> Header:
    """Read the header: about 0.1 s for a vocabulary of 150 000.

    Raises:
        ModelError: no GGUF file, or one whose header contradicts itself or the file's size.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(path, data).header()
    except FileNotFoundError:
        raise ModelError(f"{path} is missing", "Convert or fetch the model again.") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}", "Convert or fetch the model again.") from error
    except ValueError as error:  # an empty file cannot be mapped, and whatever the reader finds wrong
        raise ModelError(f"{path} is no whole GGUF file: {error}", "Convert or fetch the model again.") from None


class _Reader:
    """A place in the file that only moves on, and never beyond the end. Raises ValueError for what cannot be."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self._path = path
        self._data = data
        self._at = 0

    def header(self) -> Header:
        if self._take(4) != _MAGIC:
            raise ValueError("it does not begin with GGUF")
        version = self._number("<I")
        if version not in _VERSIONS:
            raise ValueError(f"it has version {version}")
        tensor_count, value_count = self._count(24), self._count(13)
        values: dict[str, Value] = {}
        tokens: tuple[bytes, ...] = ()
        for _ in range(value_count):
            key = self._string().decode("utf-8", "replace")
            kind = self._number("<I")
            if kind == _ARRAY:
                strings, numbers = self._array(keep=key == TOKENS)
                tokens = strings if key == TOKENS else tokens
                values |= {key: numbers} if numbers else {}
            else:
                values[key] = self._value(kind)
        return Header(self._path, values, tokens, self._tensors(tensor_count, values.get("general.alignment")))

    def _tensors(self, count: int, alignment: Value | None) -> dict[str, Tensor]:
        alignment = _ALIGNMENT if alignment is None else alignment
        if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
            raise ValueError(f"its tensors are aligned to {alignment!r}")
        places = []
        for _ in range(count):
            name = self._string().decode("utf-8", "replace")
            dimensions = self._number("<I")
            if not 1 <= dimensions <= _MOST_DIMENSIONS:
                raise ValueError(f"the tensor {name} has {dimensions} dimensions")
            shape = tuple(self._number("<Q") for _ in range(dimensions))
            places.append((name, shape, self._number("<I"), self._number("<Q")))
        begin = -(-self._at // alignment) * alignment
        tensors = {}
        for name, shape, number_format, offset in places:
            if offset % alignment or begin + offset > len(self._data):
                raise ValueError(f"the tensor {name} lies outside the file")
            tensors[name] = Tensor(shape, number_format, begin + offset)
        if len(tensors) < count:
            raise ValueError("two tensors have the same name")
        return tensors

    def _value(self, kind: int) -> Value:
        if kind == _STRING:
            return self._string().decode("utf-8", "replace")
        if kind not in _SCALARS:
            raise ValueError(f"a value of type {kind}")
        return self._scalar(kind)

    def _array(self, *, keep: bool) -> tuple[tuple[bytes, ...], tuple[int | float | bool, ...]]:
        """Step over an array; its strings, if they are to be kept, or its numbers, if they are few."""
        kind = self._number("<I")
        if kind != _STRING:
            if kind not in _SCALARS:
                raise ValueError(f"an array of type {kind}")
            size = struct.calcsize(_SCALARS[kind])
            count = self._count(size)
            if count <= _LONGEST_LIST:
                return (), tuple(self._scalar(kind) for _ in range(count))
            self._skip(size * count)
            return (), ()
        count = self._count(8)
        # Several hundred thousand strings: this loop is what the reading of a header costs.
        data, at, kept = self._data, self._at, []
        for _ in range(count):
            begin = at + 8
            at = begin + int.from_bytes(data[at:begin], "little")
            if keep:
                kept.append(data[begin:at])
        if at > len(data):
            raise ValueError("it ends in the middle of its header")
        self._at = at
        return tuple(kept), ()

    def _count(self, least: int) -> int:
        """A number of things that take `least` bytes each."""
        count = self._number("<Q")
        if count > (len(self._data) - self._at) // least:
            raise ValueError(f"it says that it has {count} parts, for which it is too short")
        return count

    def _string(self) -> bytes:
        return self._take(self._count(1))

    def _number(self, form: str) -> int:
        return int(struct.unpack(form, self._take(struct.calcsize(form)))[0])

    def _scalar(self, kind: int) -> int | float | bool:
        form = _SCALARS[kind]
        value: int | float | bool = struct.unpack(form, self._take(struct.calcsize(form)))[0]
        return value

    def _take(self, size: int) -> bytes:
        begin = self._at
        self._skip(size)
        return self._data[begin : self._at]

    def _skip(self, size: int) -> None:
        if self._at + size > len(self._data):
            raise ValueError("it ends in the middle of its header")
        self._at += size
