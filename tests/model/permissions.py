"""Tests of what may not be read, also where they run as root, whom no permission stops."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

NOBODY = 65534


@contextlib.contextmanager
def ordinary_user(directory: Path) -> Iterator[None]:
    """Run as somebody whom permissions stop, but who can come into this directory."""
    if os.geteuid() != 0:
        yield
        return
    modes = {path: path.stat().st_mode for path in (directory, *directory.parents)}
    closed = {path: mode for path, mode in modes.items() if mode & 0o055 != 0o055}
    for path, mode in closed.items():
        path.chmod(mode | 0o055)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        for path, mode in closed.items():
            path.chmod(mode)
