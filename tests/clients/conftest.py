"""Places and processes for the tests of the clients."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Steno = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A directory with a path short enough for sockets; pytest's own may be too long."""
    with tempfile.TemporaryDirectory(prefix="steno-test-") as folder:
        yield Path(folder)


@pytest.fixture
def environment(runtime: Path, tmp_path: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STENO_")}
    return clean | {
        "STENO_RUNTIME_DIR": str(runtime),
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


@pytest.fixture
def steno(environment: dict[str, str], tmp_path: Path) -> Steno:
    """Runs a `steno` command as a process of its own."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "clients.cli", *arguments],
            capture_output=True,
            text=True,
            env=environment | variables,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )

    return run
