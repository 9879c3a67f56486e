"""One JSON file and the objects in it, read with errors that name the file and the whole key.

This file owns the checks of presence, type and range. It does not know what the keys mean.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from model.errors import ModelError

T = TypeVar("T", int, float, str, bool)


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

    def size(self, key: str) -> int:
        """A whole number above 0."""
        value = self.get(key, int)
        if value <= 0:
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
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{path} is missing", "Give the directory of a checkpoint or of a converted package."
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}", "Fetch the file again.") from error
    if not isinstance(values, dict):
        raise ModelError(f"{path} is no JSON object", "Fetch the file again.")
    return values
