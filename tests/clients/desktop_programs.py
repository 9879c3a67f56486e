"""Small programs that stand in for a desktop's own on PATH, and write down how they were called."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


class Programs:
    """A folder of them; `path` is what PATH is to be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = str(folder)

    def add(self, name: str, then: str = "exit 0") -> None:
        """A program that writes its arguments down, one a line, and goes on with these words of sh."""
        self._folder.mkdir(exist_ok=True)
        program = self._folder / name
        # All of a call in one write: several of these run at a time, and one's lines must not part another's.
        program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" . >> '{self._folder}/{name}.calls'\n{then}\n")
        program.chmod(0o755)

    def calls(self, name: str) -> list[list[str]]:
        """The arguments of each call so far."""
        file = self._folder / f"{name}.calls"
        text = file.read_text() if file.exists() else ""
        return [call.splitlines() for call in text.split(".\n")[:-1]]


def until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Wait for it."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
