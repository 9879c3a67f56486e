from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import msgspec
import psutil
import pytest
import srt

from clients import demo, outputs, samples
from clients.arguments import parse
from clients.demo_show import Show
from clients.live import LiveText
from clients.private_daemon import PrivateDaemon
from clients.subscription import Subscription
from pipeline import events
from pipeline.commands import StatusReply
from pipeline.errors import AudioError, StenoError
from pipeline.sockets import Wire
from tests.clients.conftest import ROOT, Steno
from tests.clients.fake_daemon import FakeDaemon

SHORT = str(samples.shipped("04_short_held").path)
STATUS = StatusReply(
    daemon="one",
    version="1",
    pid=1,
    uptime=1.0,
    ready=True,
    listening=True,
    mode="always",
    workers={},
    details={},
    sources={},
    restarts={},
    utterances=0,
    backlog=0.0,
)


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
    for part in ("words, with the second", "Word error rate", "first partial", "end of speech -> final", "RTF"):
        assert part in done.stdout
    assert done.stdout.index("RTF") < done.stdout.index("Subtitles:")
    subtitles = tmp_path / "steno-demo.srt"
    assert str(subtitles) in done.stdout
    assert len(list(srt.parse(subtitles.read_text()))) > 0
    assert leftovers(temporary) == []


def test_the_demo_has_words_committed_while_they_are_spoken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: dict[str, str] = {}

    def refuse(_config: Path | None, settings: Mapping[str, str]) -> None:
        asked.update(settings)
        raise StenoError("not now")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "PrivateDaemon", refuse)
    with pytest.raises(StenoError, match="not now"):
        demo.run(parse(["demo"]))
    assert asked["stream.commit"] == "true"


@pytest.mark.slow
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


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, *(pytest.param(one, marks=pytest.mark.slow) for one in (signal.SIGINT, signal.SIGHUP))]
)
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
    assert done.stderr.startswith("steno: no such file")


@pytest.mark.parametrize("number", range(4))
def test_what_is_wrong_with_a_recording_is_said_before_anything_starts(
    steno: Steno, tmp_path: Path, number: int
) -> None:
    sound = Path(SHORT).read_bytes()
    path = tmp_path / "a.wav"
    path.write_bytes([b"", b"no sound at all", sound, sound][number])
    if number == 2:
        (tmp_path / "a.txt").write_bytes(b"\xff\xfe")
    if number == 3:
        path = path.rename(os.fsdecode(bytes(tmp_path) + b"/\xff.wav"))
    done = steno("demo", "--file", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("steno: ")
    assert str(tmp_path) in done.stderr
    assert "not expected" not in done.stderr


def test_a_place_where_no_subtitles_can_be_written_is_said_before_anything_starts(steno: Steno, tmp_path: Path) -> None:
    (tmp_path / "steno-demo.srt").mkdir()
    done = steno("demo", "--file", SHORT)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("steno: cannot write steno-demo.srt")


def test_a_place_is_tried_by_writing_there(tmp_path: Path) -> None:
    outputs.require_writable(tmp_path / "a.srt")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StenoError, match="cannot write"):
        outputs.require_writable(tmp_path / "nowhere" / "a.srt")


def test_the_config_of_the_environment_is_honoured_and_a_runtime_directory_refused(
    steno: Steno, tmp_path: Path
) -> None:
    done = steno("demo", STENO_CONFIG="/nowhere.toml")
    assert done.returncode == 2
    assert "/nowhere.toml" in done.stderr
    done = steno("demo", "--runtime-dir", str(tmp_path))
    assert done.returncode == 2
    assert "--runtime-dir" in done.stderr
    assert "STENO_RUNTIME_DIR has no effect" in " ".join(steno("demo", "--help").stdout.split())


def test_a_daemon_that_cannot_be_asked_to_end_is_ended_at_once(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.chdir(ROOT)
    with PrivateDaemon(None, {"daemon.source": "none"}):
        left = time.monotonic()
    assert time.monotonic() - left < 3
    assert leftovers(temporary) == []


@pytest.mark.slow
def test_without_a_sound_library_the_microphone_demo_fails_with_the_reason(
    steno: Steno, tmp_path: Path, temporary: Path
) -> None:
    (tmp_path / "sounddevice.py").write_text('raise OSError("PortAudio library not found")\n')
    done = steno("demo", "--mic", PYTHONPATH=f"{tmp_path}:{ROOT}", TMPDIR=str(temporary))
    assert done.returncode == 1
    assert "the microphone cannot be opened: " in done.stderr
    assert "PortAudio" in done.stderr
    assert "last words" not in done.stderr
    assert not (tmp_path / "steno-demo.srt").exists()
    assert leftovers(temporary) == []


class Alone:
    """A private daemon that lives elsewhere."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def check(self) -> None:
        pass


def listen(runtime: Path, fake: FakeDaemon, *states: str) -> None:
    """Watch a microphone that comes into these states, one after the other, and then ends."""
    with Wire(runtime) as wire:
        subscription = Subscription(wire)
        first = subscription.first()
        state = events.State(
            daemon="one", seq=1, time=0.0, ready=True, listening=True, mode="always", workers={}, sources={"mic": ""}
        )
        assert first.daemon == state.daemon
        for name in states:
            fake.do(lambda end, name=name: end.publish(events.Source, source="mic", state=name))  # type: ignore[misc]
        show = Show(LiveText(io.StringIO()), None)
        demo._listen(cast(PrivateDaemon, Alone(wire)), subscription, show, state)
        subscription.close()


def test_a_microphone_that_is_lost_before_any_sound_ends_the_demo_with_the_reason(runtime: Path) -> None:
    with FakeDaemon(runtime) as fake:
        fake.sources = {"mic": "lost"}
        fake.details["mic"] = "there is no microphone. Connect one."
        with pytest.raises(AudioError, match=r"cannot be opened: there is no microphone\. Connect one\."):
            listen(runtime, fake, "lost")


def test_a_microphone_that_was_there_may_come_back(runtime: Path) -> None:
    with FakeDaemon(runtime) as fake:
        fake.sources = {"mic": "lost"}
        listen(runtime, fake, "opened", "lost", "opened", "ended")


def test_a_microphone_that_is_lost_while_the_models_load_is_not_waited_for() -> None:
    status = msgspec.structs.replace(STATUS, sources={"mic": "lost"}, details={"mic": "it is unplugged"}, ready=False)
    with pytest.raises(AudioError, match="it is unplugged"):
        demo._require_microphone(status)
    demo._require_microphone(msgspec.structs.replace(status, sources={"mic": "opened"}))
    demo._require_microphone(msgspec.structs.replace(status, sources={}))
