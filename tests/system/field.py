"""A window with one field for text, on whatever screen: what has arrived in it is read from a file."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.system.sound_server import until

RAW_CAT = "stty raw -echo && echo ready > '{file}.ready' && exec cat > '{file}'"
"""What a terminal runs. Raw: it neither edits nor cuts a line, and what would end a program is written down as well."""


class FieldOfText:
    """A program that writes down what is typed into its window, and first `FILE.ready`."""

    def __init__(self, title: str, file: Path, process: subprocess.Popen[Any]) -> None:
        self.title = title
        self.process = process
        self._file = file
        until(lambda: Path(f"{file}.ready").exists(), 20)

    def text(self) -> str:
        """What has arrived so far."""
        return self._file.read_text(encoding="utf-8", errors="replace") if self._file.exists() else ""

    def wait_for(self, text: str, timeout_s: float = 10.0) -> float:
        """Wait until exactly this has arrived; returns how many seconds it took."""
        try:
            return until(lambda: self.text() == text, timeout_s)
        except AssertionError:
            assert self.text() == text
            raise

    def close(self) -> None:
        """End the program whose window it is."""
        self.process.kill()
        self.process.wait()
