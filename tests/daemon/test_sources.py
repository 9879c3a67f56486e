"""Source processes as the hub sees them: what they send, when, and how they end. No sound server is needed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.sources.file import MESSAGE_SAMPLES, TRAIL_S
from pipeline.messages import SAMPLE_RATE, Audio, Ready, Refused, Shutdown
from pipeline.sockets import Inbox, Wire
from tests.daemon.source_process import ROOT, source_process


@pytest.fixture
def runtime() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="steno-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def wire(runtime: Path) -> Iterator[Wire]:
    with Wire(runtime) as opened:
        yield opened


@pytest.fixture
def inbox(wire: Wire) -> Inbox:
    return wire.inbox("hub")


TRAIL = int(TRAIL_S * SAMPLE_RATE)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """2.01 s: not a whole number of frames."""
    noise = np.random.default_rng(1).integers(-9000, 9000, 32_170).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", noise, SAMPLE_RATE)
    return tmp_path / "a.wav"


def test_a_file_arrives_whole_and_in_order_and_silence_after_it(inbox: Inbox, runtime: Path, recording: Path) -> None:
    with source_process(inbox, runtime, "file", "--file", str(recording), "--speed", "0") as source:
        source.listen(source.ended)
        assert source.process.wait(5) == 0
    assert np.array_equal(source.pcm[:32_170], soundfile.read(recording, dtype="int16")[0])
    assert np.array_equal(source.pcm[32_170:], np.zeros(TRAIL, np.int16))
    assert source.of(Ready)[0].pid == source.process.pid
    assert source.states() == ["opened"]
    sizes = [message.first_sample for message in source.of(Audio)]
    assert sizes[:3] == [0, MESSAGE_SAMPLES, 2 * MESSAGE_SAMPLES]
    assert source.of(Audio)[-1].first_sample == 32_170 + TRAIL


def test_a_file_at_real_speed_arrives_when_it_would_have_been_captured(
    inbox: Inbox, runtime: Path, recording: Path
) -> None:
    with source_process(inbox, runtime, "file", "--file", str(recording)) as source:
        source.listen(source.ended)
    came = [(at, message) for at, message in source.heard if isinstance(message, Audio) and not message.end]
    lateness = [at - message.captured_ns for at, message in came]
    assert min(lateness) >= 0
    assert np.median(lateness) < 100e6
    first, last = came[0][1], came[-1][1]
    assert last.captured_ns - first.captured_ns == pytest.approx(
        (32_170 + TRAIL - MESSAGE_SAMPLES) / SAMPLE_RATE * 1e9, abs=2
    )


def test_a_file_can_be_played_faster(inbox: Inbox, runtime: Path, recording: Path) -> None:
    with source_process(inbox, runtime, "file", "--file", str(recording), "--speed", "4") as source:
        source.listen(lambda: bool(source.of(Audio)))
        assert source.listen(source.ended) == pytest.approx(0.75, abs=0.3)


def test_the_numbering_can_go_on_from_an_earlier_process(inbox: Inbox, runtime: Path, recording: Path) -> None:
    options = ("--file", str(recording), "--speed", "0", "--first-sample", "5000")
    with source_process(inbox, runtime, "file", *options) as source:
        source.listen(source.ended)
    assert source.of(Audio)[0].first_sample == 5000
    assert source.of(Audio)[-1].first_sample == 37_170 + TRAIL


@pytest.mark.parametrize("content", [None, b"", b"Dear diary\n" * 100])
def test_a_file_that_is_no_sound_is_refused_with_the_reason(
    content: bytes | None, inbox: Inbox, runtime: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    with source_process(inbox, runtime, "file", "--file", str(path)) as source:
        source.listen(lambda: bool(source.of(Refused)))
        assert source.process.wait(5) == 1
    assert str(path) in source.of(Refused)[0].error
    assert not source.of(Audio)


def test_a_file_whose_middle_is_broken_is_refused_after_what_is_well(
    inbox: Inbox, runtime: Path, tmp_path: Path
) -> None:
    sound = np.zeros(3 * SAMPLE_RATE, np.float32)
    sound[2 * SAMPLE_RATE + 5] = np.nan
    soundfile.write(tmp_path / "a.wav", sound, SAMPLE_RATE, subtype="FLOAT")
    with source_process(inbox, runtime, "file", "--file", str(tmp_path / "a.wav"), "--speed", "0") as source:
        source.listen(lambda: bool(source.of(Refused)))
    assert "NaN samples at 2.000 s" in source.of(Refused)[0].error
    assert len(source.pcm) == 2 * SAMPLE_RATE


def test_a_shutdown_on_the_bus_ends_a_source_at_once(wire: Wire, runtime: Path, recording: Path) -> None:
    inbox, bus = wire.inbox("hub"), wire.bus()
    with source_process(inbox, runtime, "file", "--file", str(recording)) as source:
        source.listen(lambda: len(source.of(Audio)) > 3)
        bus.send(Shutdown())
        assert source.process.wait(1) == 0


def test_sigterm_ends_a_source_and_sigint_does_not(inbox: Inbox, runtime: Path, recording: Path) -> None:
    with source_process(inbox, runtime, "file", "--file", str(recording)) as source:
        source.listen(lambda: len(source.of(Audio)) > 3)
        source.process.send_signal(signal.SIGINT)
        source.listen_for(0.3)
        assert source.process.poll() is None
        source.process.terminate()
        assert source.process.wait(1) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux only")
@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_source_does_not_outlive_a_hub_that_was_killed(
    state: str, inbox: Inbox, runtime: Path, recording: Path
) -> None:
    """`stopped` stands for a source that hangs in a library and looks at nothing."""
    arguments = ["file", "--runtime-dir", str(runtime), "--source", "s1", "--file", str(recording)]
    program = (
        "import subprocess, sys, time; "
        f"print(subprocess.Popen([sys.executable, '-m', 'daemon.sources', *{arguments!r}]).pid, flush=True); "
        "time.sleep(60)"
    )
    hub = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert hub.stdout is not None
    pid = int(hub.stdout.readline())
    deadline = time.monotonic() + 5
    while inbox.receive() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    if state == "stopped":
        os.kill(pid, signal.SIGSTOP)
    hub.kill()
    hub.wait()
    hub.stdout.close()
    while _lives(pid):
        assert time.monotonic() < deadline + 2
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def without_portaudio(tmp_path: Path) -> dict[str, str]:
    """An environment in which importing sounddevice fails as it does without the library."""
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def test_without_portaudio_a_microphone_is_refused_and_the_package_named(
    inbox: Inbox, runtime: Path, tmp_path: Path
) -> None:
    with source_process(inbox, runtime, "microphone", environ=without_portaudio(tmp_path)) as source:
        source.listen(lambda: bool(source.of(Refused)))
        assert source.process.wait(5) == 1
    refused = source.of(Refused)[0]
    assert "PortAudio library not found" in refused.error
    assert "libportaudio2" in refused.hint
    assert "libasound2-plugins" in refused.hint
    assert not source.of(Ready)


@pytest.mark.parametrize("as_json", [True, False])
def test_without_portaudio_the_list_of_devices_is_an_error_that_names_the_package(
    as_json: bool, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "daemon.sources", "microphone", "--list", *(["--json"] if as_json else [])]
    done = subprocess.run(
        command, cwd=ROOT, env=without_portaudio(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    if as_json:
        assert "libportaudio2" in json.loads(done.stdout)["hint"]
    else:
        assert "libportaudio2" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["radio"], ["microphone"], ["file", "--file", "a.wav"]])
def test_a_command_line_that_says_too_little_is_refused(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "daemon.sources", *arguments], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 2


def test_the_sound_libraries_are_not_loaded_before_they_are_needed() -> None:
    program = "import sys, daemon.sources.__main__; print({'sounddevice', 'soundfile'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
