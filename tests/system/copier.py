"""The other program that uses the clipboard of a test's X screen: xclip."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

from tests.system.screen import Screen
from tests.system.sound_server import until

TEXT_TYPE, IMAGE_TYPE = "UTF8_STRING", "image/png"
ABOUT = frozenset(("TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS"))
"""Targets that are no content."""


class Copier:
    """Copies, and looks what is on the clipboard; xclip leaves nothing out."""

    def __init__(self, screen: Screen, directory: Path) -> None:
        self._screen = screen
        self._file = directory / "copied"

    def copy(self, content: bytes, kind: str = TEXT_TYPE) -> None:
        self.begin_to_copy(content, kind)
        # xclip returns before the server knows of it.
        until(functools.partial(self.sees, content, kind))

    def sees(self, content: bytes, kind: str = TEXT_TYPE) -> bool:
        """Whether that is on the clipboard."""
        return self.content(kind) == content

    def begin_to_copy(self, content: bytes, kind: str = TEXT_TYPE) -> None:
        self._file.write_bytes(content)
        line = ["xclip", "-selection", "clipboard", "-t", kind, "-i", str(self._file)]
        subprocess.run(
            line, env=self._screen.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=20
        )

    def content(self, kind: str = TEXT_TYPE, selection: str = "clipboard") -> bytes:
        line = ["xclip", "-selection", selection, "-t", kind, "-o"]
        return subprocess.run(line, env=self._screen.environ, capture_output=True, check=False, timeout=20).stdout

    def forms(self) -> dict[str, bytes]:
        kinds = self.content("TARGETS").decode().split("\n")
        return {kind: self.content(kind) for kind in kinds if kind and kind not in ABOUT}
