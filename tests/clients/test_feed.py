from __future__ import annotations

import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from clients.arguments import parse
from pipeline import commands
from tests.clients.conftest import Steno
from tests.clients.fake_daemon import FakeDaemon


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """One second of a tone."""
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        tone = 3000 * np.sin(np.arange(16000) / 20)
        file.writeframes(tone.astype("<i2").tobytes())
    return path


def test_feed_sends_every_sample_once_and_returns_when_all_is_finished(
    steno: Steno, runtime: Path, recording: Path
) -> None:
    with FakeDaemon(runtime) as daemon:
        begin = time.monotonic()
        done = steno("feed", str(recording), "--language", "English", "--context", "tones")
        took = time.monotonic() - begin
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert took > 1.0
    firsts = [message.first_sample for message in daemon.audio]
    assert firsts[0] == 0
    assert firsts == sorted(firsts)
    assert daemon.audio[-1].end
    assert daemon.audio[-1].first_sample == 16000
    assert isinstance(daemon.requests[0], commands.Open)
    assert daemon.requests[0].language == "English"
    assert daemon.requests[0].context == "tones"


def test_feed_sends_a_message_when_its_last_sample_would_have_been_captured(
    steno: Steno, runtime: Path, recording: Path
) -> None:
    with FakeDaemon(runtime) as daemon:
        steno("feed", str(recording))
    sound = [message for message in daemon.audio if not message.end]
    spread = (sound[-1].captured_ns - sound[0].captured_ns) / 1e9
    assert 0.9 < spread < 1.3


def test_feed_speed_0_does_not_wait_and_print_shows_the_finals(steno: Steno, runtime: Path, recording: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        done = steno("feed", str(recording), "--speed", "0", "--print", "--commit")
        sound = [message for message in daemon.audio if not message.end]
    assert done.stdout == "Hello there.\n"
    assert isinstance(daemon.requests[0], commands.Open)
    assert daemon.requests[0].commit
    assert (sound[-1].captured_ns - sound[0].captured_ns) / 1e9 < 0.5


def test_feed_leaves_it_to_the_daemon_whether_words_are_committed_unless_told() -> None:
    told = [parse(["feed", "x.wav", *options]).commit for options in ([], ["--commit"], ["--no-commit"])]
    assert told == [None, True, False]


def test_feed_reads_raw_samples_from_standard_input(environment: dict[str, str], runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        line = [sys.executable, "-m", "clients.cli", "feed", "-", "--speed", "0"]
        subprocess.run(line, input=bytes(8000), env=environment, check=True, timeout=30)
    assert daemon.audio[-1].first_sample == 4000


def test_feed_says_that_it_lives_while_standard_input_is_silent(environment: dict[str, str], runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        line = [sys.executable, "-m", "clients.cli", "feed", "-"]
        child = subprocess.Popen(line, env=environment, stdin=subprocess.PIPE)
        time.sleep(2.5)
        assert any(isinstance(request, commands.Progress) for request in daemon.requests)
        assert child.stdin is not None
        child.stdin.write(bytes(800))
        child.stdin.close()
        assert child.wait(10) == 0


@pytest.mark.parametrize("content", [b"", b"this is no sound at all\n"])
def test_feed_refuses_what_is_no_sound_before_it_opens_a_source(
    steno: Steno, runtime: Path, tmp_path: Path, content: bytes
) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(content)
    with FakeDaemon(runtime) as daemon:
        done = steno("feed", str(bad))
    assert done.returncode == 1
    assert str(bad) in done.stderr
    assert daemon.requests == []


def test_feed_that_is_interrupted_closes_its_source(
    environment: dict[str, str], runtime: Path, recording: Path
) -> None:
    with FakeDaemon(runtime) as daemon:
        line = [sys.executable, "-m", "clients.cli", "feed", str(recording), "--speed", "0.1"]
        child = subprocess.Popen(line, env=environment)
        deadline = time.monotonic() + 10
        while not daemon.audio and time.monotonic() < deadline:
            time.sleep(0.02)
        child.terminate()
        assert child.wait(10) == 143
        assert isinstance(daemon.requests[-1], commands.Close)


def test_feed_reports_a_source_that_failed(steno: Steno, runtime: Path, recording: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        daemon.error = "the decoder has failed"
        done = steno("feed", str(recording), "--speed", "0")
    assert done.returncode == 1
    assert "the decoder has failed" in done.stderr


def test_feed_fails_when_the_text_is_incomplete(steno: Steno, runtime: Path, recording: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        daemon.final_error = "the model does not know the language 'Klingon'"
        done = steno("feed", str(recording), "--speed", "0", "--language", "Klingon")
    assert done.returncode == 1
    assert "from 0.0 s on is incomplete: the model does not know the language 'Klingon'" in done.stderr


def test_an_error_of_another_source_is_none_of_feed(steno: Steno, runtime: Path, recording: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        daemon.do(lambda fake: fake.final("", 9, error="broken"))
        assert steno("feed", str(recording), "--speed", "0").returncode == 0


def test_feed_warns_when_there_are_no_word_times(steno: Steno, runtime: Path, recording: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        daemon.words_error = "the aligner was killed"
        done = steno("feed", str(recording), "--speed", "0")
    assert done.returncode == 0
    assert "no word times: the aligner was killed" in done.stderr


@pytest.mark.parametrize(
    ("sound", "code", "said"),
    [("", 2, "standard input is closed"), ("true |", 1, "no sound"), ("printf x |", 1, "no sound")],
)
def test_feed_of_no_sound_is_an_error(
    environment: dict[str, str], runtime: Path, sound: str, code: int, said: str
) -> None:
    line = f"{sound} {sys.executable} -m clients.cli feed - {'' if sound else '<&-'}"
    with FakeDaemon(runtime):
        done = subprocess.run(
            ["sh", "-c", line], env=environment, capture_output=True, text=True, timeout=30, check=False
        )
    assert done.returncode == code
    assert said in done.stderr
    assert "AttributeError" not in done.stderr


@pytest.mark.parametrize("piped", [True, False])
def test_feed_says_that_a_recording_is_cut_short(
    environment: dict[str, str], runtime: Path, recording: Path, piped: bool
) -> None:
    recording.write_bytes(recording.read_bytes()[:16044])
    line = [sys.executable, "-m", "clients.cli", "feed", "--speed", "0", "-" if piped else str(recording)]
    with FakeDaemon(runtime), recording.open("rb") as sound:
        done = subprocess.run(
            line, stdin=sound, env=environment, capture_output=True, text=True, timeout=30, check=False
        )
    assert done.returncode == 0
    assert "cut short" in done.stderr
    assert "1.000 s" in done.stderr
