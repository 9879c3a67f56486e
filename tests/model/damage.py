"""Ways in which a file comes to harm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def truncate(path: Path) -> None:
    """Lose the second half."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def empty(path: Path) -> None:
    """Lose everything."""
    path.write_bytes(b"")


def zero(path: Path) -> None:
    """Keep the size, lose the contents, as after a crash of the machine."""
    path.write_bytes(bytes(path.stat().st_size))


def flip(path: Path) -> None:
    """Change one bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def rewrite(path: Path) -> None:
    """Become a text file."""
    path.write_text("This is not a model at all.\n" * 20)


def delete(path: Path) -> None:
    """Vanish."""
    path.unlink()


ALL: tuple[Callable[[Path], None], ...] = (truncate, empty, zero, flip, rewrite, delete)
