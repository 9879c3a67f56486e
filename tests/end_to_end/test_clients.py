"""The `steno` command against a real daemon, each client a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from pipeline import events
from pipeline.messages import SAMPLE_RATE
from tests import spoken

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Recording, RunningDaemon, StartDaemon

ROOT = Path(__file__).parents[2]
GOLDEN = spoken.GOLDEN["recordings"]


class Steno:
    """Runs `steno` for one runtime directory."""

    def __init__(self, runtime: Path, cache: Path) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("STENO_")}
        self._environ = kept | {
            "STENO_RUNTIME_DIR": str(runtime),
            "STENO_CACHE_DIR": str(cache),
            "PYTHONPATH": str(ROOT),
        }
        self._running: list[subprocess.Popen[Any]] = []

    def __call__(self, *arguments: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "clients.cli", *arguments]
        done = subprocess.run(
            line, env=self._environ, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False, **options
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
        line = [sys.executable, "-m", "clients.cli", *arguments]
        self._running.append(subprocess.Popen(line, env=self._environ, cwd=ROOT, **options))
        return self._running[-1]

    def close(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


@pytest.fixture
def steno(runtime: Path, cache: Path) -> Iterator[Steno]:
    command = Steno(runtime, cache)
    yield command
    command.close()


def until(condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_feed_returns_when_the_last_word_is_aligned_and_log_has_printed_it(
    steno_daemon: RunningDaemon, steno: Steno, tmp_path: Path
) -> None:
    printed = tmp_path / "log.txt"
    with printed.open("w") as file:
        steno.start("log", "--json", "--all", stdout=file)
        until(lambda: steno("toggle").returncode == 0 and '"type":"state"' in printed.read_text())
        steno("feed", "--speed", "0", str(spoken.path("01")))
        steno_daemon.until(lambda e: isinstance(e, events.Words), timeout_s=1.0)
        until(lambda: '"type":"words"' in printed.read_text())
    kinds = [json.loads(line)["type"] for line in printed.read_text().splitlines()]
    assert kinds.count("final") == 1
    assert kinds.index("final") < kinds.index("words")


def test_feed_takes_raw_sound_from_a_pipe(
    steno_daemon: RunningDaemon, steno: Steno, recording: Recording, tmp_path: Path
) -> None:
    line = [sys.executable, "-m", "clients.cli", "feed", "--speed", "0", "--print", "-"]
    raw = recording("01").astype("<i2").tobytes()
    done = subprocess.run(line, input=raw, env=steno._environ, cwd=ROOT, capture_output=True, check=True, timeout=60)
    assert spoken.is_said("01", done.stdout.decode())


def test_a_feed_that_is_killed_leaves_the_daemon_as_it_was(steno_daemon: RunningDaemon, steno: Steno) -> None:
    feed = steno.start("feed", str(spoken.path("12")))
    steno_daemon.until(lambda e: isinstance(e, events.Partial))
    feed.terminate()
    feed.wait(5)
    steno_daemon.until(lambda e: isinstance(e, events.Source) and e.state in ("ended", "failed"))
    assert steno_daemon.status().sources == {}


@pytest.mark.slow
def test_log_goes_on_when_the_daemon_is_started_again(start_daemon: StartDaemon, steno: Steno, tmp_path: Path) -> None:
    first, whole = start_daemon(), spoken.unbroken()
    printed = tmp_path / "log.txt"
    with printed.open("w") as file:
        log = steno.start("log", stdout=file, stderr=subprocess.DEVNULL)
        steno("feed", "--speed", "0", str(spoken.path("01")))
        until(lambda: printed.read_text().count("\n") == 1)
        first.terminate()
        start_daemon()
        steno("feed", "--speed", "0", str(spoken.path(whole)))
        until(lambda: printed.read_text().count("\n") == 2)
        assert log.poll() is None
    before, after = printed.read_text().splitlines()
    assert spoken.is_said("01", before)
    assert spoken.is_said(whole, after)


def test_transcribe_gives_the_reference_text_by_the_daemon_and_without_one(
    steno_daemon: RunningDaemon, steno: Steno
) -> None:
    files = [str(spoken.path(number)) for number in ("02", "09", "11", "12")]
    by_daemon = [json.loads(line) for line in steno("transcribe", "--json", "-", *files).stdout.splitlines()]
    alone = [json.loads(line) for line in steno("transcribe", "--no-daemon", "--json", "-", *files).stdout.splitlines()]
    for file, one, other in zip(files, by_daemon, alone, strict=True):
        assert one["text"] == other["text"] == GOLDEN[Path(file).stem]["answer"]["text"]
        assert one["words"] == other["words"]
        assert one["segments"] == other["segments"]
        assert list(one) == ["file", "text", "language", "duration", "segments", "words", "stats"]
        assert one["duration"] == pytest.approx(other["duration"])
    assert [e for e in steno_daemon.seen if isinstance(e, events.Final)] == []


def test_what_cannot_be_transcribed_is_named_and_the_rest_is_done(
    steno_daemon: RunningDaemon, steno: Steno, tmp_path: Path
) -> None:
    (tmp_path / "letter.wav").write_text("Dear diary, this is no sound at all.\n" * 40)
    (tmp_path / "empty.wav").write_bytes(b"")
    soundfile.write(tmp_path / "nan.wav", np.full(SAMPLE_RATE, np.nan, np.float32), SAMPLE_RATE, subtype="FLOAT")
    bad = [str(tmp_path / name) for name in ("letter.wav", "empty.wav", "nan.wav", "missing.wav")]
    done = steno("transcribe", "--txt", "--output-dir", str(tmp_path / "out"), *bad, str(spoken.path("01")), code=1)
    for name in bad:
        assert name in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [spoken.path("01").stem + ".txt"]
    assert steno_daemon.status().ready


def test_a_language_that_the_model_does_not_know_is_refused_by_name(steno_daemon: RunningDaemon, steno: Steno) -> None:
    done = steno("transcribe", "--language", "Klingon", str(spoken.path("01")), code=1)
    assert "Klingon" in done.stderr
    assert "English" in done.stderr


def test_start_stop_toggle_cancel_and_status_answer(steno_daemon: RunningDaemon, steno: Steno) -> None:
    steno("stop")
    assert not json.loads(steno("status", "--json").stdout)["listening"]
    steno("start")
    steno("toggle")
    assert not json.loads(steno("status", "--json").stdout)["listening"]
    steno("toggle")
    steno("cancel")
    assert json.loads(steno("status", "--json").stdout)["listening"]
    assert "ready" in steno("status").stdout


def test_stop_with_daemon_ends_it_and_then_commands_say_that_there_is_none(
    steno_daemon: RunningDaemon, steno: Steno
) -> None:
    steno("stop", "--daemon")
    assert steno_daemon.process.wait(5) == 0
    assert "steno daemon" in steno("status", code=3).stderr


def test_a_microphone_that_is_not_there_is_named_with_the_remedy_and_the_daemon_lives(
    start_daemon: StartDaemon,
) -> None:
    daemon = start_daemon(source="no such microphone")
    seen = daemon.until(lambda e: isinstance(e, events.Notice))
    assert seen[-1].code in ("process-failed", "microphone-lost")
    assert seen[-1].hint
    assert daemon.status().ready


def test_another_program_may_import_the_stream_without_the_models(
    steno_daemon: RunningDaemon, steno: Steno, tmp_path: Path
) -> None:
    script = (
        "import sys, steno\n"
        "assert not {'onnxruntime', 'llama_cpp', 'numpy'} & set(sys.modules)\n"
        "for event in steno.subscribe(sys.argv[1]):\n"
        "    print(type(event).__name__, flush=True)\n"
        "    if isinstance(event, steno.Final):\n"
        "        print(event.text)\n"
        "        break\n"
    )
    line = [sys.executable, "-c", script, str(steno_daemon.runtime)]
    program = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "Snapshot\n"
    steno("feed", "--speed", "0", str(spoken.path("01")))
    printed, _ = program.communicate(timeout=20)
    assert spoken.is_said("01", printed.splitlines()[-1])
