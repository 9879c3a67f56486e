from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import srt

from clients import samples
from tests.clients.conftest import Steno

SHORT = str(samples.shipped("04_short_held").path)


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the demo puts its private runtime directory; a short path, for the sockets."""
    with tempfile.TemporaryDirectory(prefix="d-", dir="/tmp") as folder:
        yield Path(folder)


def leftovers(temporary: Path) -> list[str]:
    """Files and processes that a demo has left; onnxruntime writes `.ses` wherever it is loaded."""
    found = [path.name for path in temporary.iterdir() if path.name != ".ses"]
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(temporary) in line:
            found.append(line)
    return found


def test_the_demo_shows_text_words_error_rate_subtitles_and_latencies(
    steno: Steno, tmp_path: Path, temporary: Path
) -> None:
    done = steno("demo", "--file", SHORT, TMPDIR=str(temporary))
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("Words, with the second", "Word error rate", "first partial", "end of speech -> final", "RTF"):
        assert part in done.stdout
    subtitles = tmp_path / "steno-demo.srt"
    assert str(subtitles) in done.stdout
    assert len(list(srt.parse(subtitles.read_text()))) > 0
    assert leftovers(temporary) == []


def test_a_demo_that_fails_shows_the_daemons_last_words_and_leaves_nothing(
    steno: Steno, tmp_path: Path, temporary: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[model]\nasr = "/nowhere"\n')
    done = steno("demo", "--file", SHORT, "--config", str(config), TMPDIR=str(temporary))
    assert done.returncode == 1
    assert "The daemon's last words:" in done.stderr
    assert "/nowhere" in done.stderr
    assert leftovers(temporary) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_stopped_leaves_nothing(
    environment: dict[str, str], tmp_path: Path, temporary: Path, number: signal.Signals
) -> None:
    line = [sys.executable, "-u", "-m", "clients.cli", "demo", "--file", SHORT]
    child = subprocess.Popen(
        line,
        env=environment | {"TMPDIR": str(temporary)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    while "playing" not in child.stdout.readline():
        assert child.poll() is None
    child.send_signal(number)
    _, complaint = child.communicate(timeout=20)
    assert child.returncode == 128 + number
    assert complaint == ""
    assert leftovers(temporary) == []


def test_a_recording_that_is_not_there_is_said_before_anything_starts(steno: Steno) -> None:
    done = steno("demo", "--file", "nowhere.wav")
    assert done.returncode == 1
    assert "no such file" in done.stderr
