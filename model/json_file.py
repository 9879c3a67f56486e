"""One JSON file and the objects in it, read with errors that name the file and the whole key.

This file owns the reading of JSON and the checks of presence, type and range. It does not know what the keys mean.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from model.errors import ModelError
from model.plain_file import read_text

T = TypeVar("T", int, float, str, bool)

LARGEST = 2**31 - 1
"""Of a size: no library takes a larger one."""
_LARGEST_FLOAT = 3.4e38
"""About the largest float32."""
_HALF_A_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Node:
    """One JSON object inside a file; its errors name the file and the whole key."""

    file: Path
    path: tuple[str, ...]
    values: dict[str, Any]

    def name(self, key: str) -> str:
        """The place of a key, for the eyes of the user."""
        return f"{self.file}:{'.'.join((*self.path, key))}"

    def get(self, key: str, kind: type[T], *, default: T | None = None) -> T:
        """A value of the given type; an int is taken where a float is wanted."""
        value: object = self.values.get(key, default)
        if value is None:
            raise self._wrong(key, "is missing")
        # An int where a float is wanted is no mistake; a bool where an int is wanted is one.
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise self._wrong(key, f"is {value!r}, expected {kind.__name__}")
        converted: T = kind(value)
        return converted

    def size(self, key: str, most: int = LARGEST) -> int:
        """A whole number above 0 and not above `most`."""
        value = self.get(key, int)
        if not 0 < value <= most:
            raise self._wrong(key, f"is {value}, expected a number from 1 to {most}")
        return value

    def positive(self, key: str) -> float:
        """A number above 0 that a float32 can hold."""
        value = self.get(key, float)
        if not 0 < value < _LARGEST_FLOAT:
            raise self._wrong(key, f"is {value}, expected a number above 0")
        return value

    def child(self, key: str) -> Node:
        """The object at a key."""
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise self._wrong(key, "is missing" if value is None else "is no object")
        return Node(self.file, (*self.path, key), value)

    def expect(self, key: str, *allowed: object) -> None:
        """Check a value that decides about the architecture."""
        value = self.values.get(key)
        if value not in allowed:
            raise self._wrong(key, f"is {value!r}, expected {' or '.join(map(repr, allowed))}")

    def _wrong(self, key: str, what: str) -> ModelError:
        return ModelError(
            f"{self.name(key)} {what}",
            "Steno runs Qwen3-ASR and Qwen3-ForcedAligner checkpoints; this is another model.",
        )


def load(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        ModelError: it is missing, unreadable, or holds no JSON object.
    """
    text = read_text(path, "Give the directory of a whole checkpoint or converted package.")
    try:
        values = parsed(text)
    except ValueError as error:
        raise ModelError(f"{path} cannot be read: {error}", "Fetch the file again.") from error
    if not isinstance(values, dict):
        raise ModelError(f"{path} is no JSON object", "Fetch the file again.")
    return values


def parsed(text: str | bytes) -> Any:
    """What a JSON text says.

    Raises:
        ValueError: it is none, goes too deep, or holds half of a surrogate pair: that can be written to no file.
    """
    try:
        values = json.loads(text)
        if _HALF_A_PAIR.search(text if isinstance(text, str) else text.decode("latin-1")):
            json.dumps(values, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return values
