from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import srt
import webvtt

from clients import outputs, samples
from pipeline import commands
from pipeline.errors import StenoError
from tests.clients.conftest import Steno
from tests.clients.fake_daemon import FakeDaemon

SAMPLE = str(samples.shipped(samples.SHORT).path)


def test_the_running_daemon_is_asked_privately_and_without_partials(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        done = steno("transcribe", SAMPLE, "--language", "English")
    assert (done.returncode, done.stdout) == (0, "Hello there.\n")
    opened = next(request for request in daemon.requests if isinstance(request, commands.Open))
    assert (opened.private, opened.commit, opened.partials, opened.align) == (True, False, False, True)
    assert opened.language == "English"


def test_the_statistics_stand_on_stderr(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime):
        done = steno("transcribe", SAMPLE)
    for name in ("RTF", "audio", "total", "encode", "prefill", "generate", "align"):
        assert f"\n{name}" in "\n" + done.stderr
    assert "(20 tokens, 100 tokens/s)" in done.stderr


def test_json_on_stdout_is_one_object_a_file_with_times_of_the_file(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime):
        done = steno("transcribe", "--json", "-", "--start", "1", SAMPLE)
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert list(found) == ["file", "text", "language", "duration", "segments", "words", "stats"]
    assert found["file"] == SAMPLE
    assert found["segments"][0]["start"] == 1.0
    assert [word["text"] for word in found["words"]] == ["Hello", "there"]
    assert found["words"][0]["start"] == 1.0


def test_all_forms_are_written_beside_each_other_and_open_in_other_programs(
    steno: Steno, runtime: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with FakeDaemon(runtime):
        done = steno("transcribe", "--txt", "--srt", "--vtt", "--json", "--output-dir", str(out), SAMPLE)
    assert (done.returncode, done.stdout) == (0, "")
    assert sorted(path.name for path in out.iterdir()) == [
        f"{samples.SHORT}.{k}" for k in ("json", "srt", "txt", "vtt")
    ]
    assert (out / f"{samples.SHORT}.txt").read_text() == "Hello there.\n"
    (cue,) = srt.parse((out / f"{samples.SHORT}.srt").read_text())
    assert cue.content == "Hello there."
    assert [caption.text for caption in webvtt.read(str(out / f"{samples.SHORT}.vtt")).captions] == ["Hello there."]


def test_one_bad_file_does_not_stop_the_others(steno: Steno, runtime: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_text("no sound")
    with FakeDaemon(runtime):
        done = steno("transcribe", str(bad), SAMPLE)
    assert done.returncode == 1
    assert str(bad) in done.stderr
    assert f"==> {SAMPLE} <==\nHello there.\n" in done.stdout


def test_two_files_with_the_same_target_are_refused_before_work_begins(
    steno: Steno, runtime: Path, tmp_path: Path
) -> None:
    with FakeDaemon(runtime) as daemon:
        done = steno(
            "transcribe", "--txt", "--output-dir", str(tmp_path), SAMPLE, "elsewhere/" + samples.SHORT + ".mp3"
        )
    assert done.returncode == 2
    assert "would both be written" in done.stderr
    assert daemon.requests == []


def test_a_target_that_cannot_be_written_leaves_nothing_behind(steno: Steno, runtime: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / f"{samples.SHORT}.txt").mkdir(parents=True)
    with FakeDaemon(runtime):
        done = steno("transcribe", "--txt", "--output-dir", str(out), SAMPLE)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert [path.name for path in out.iterdir()] == [f"{samples.SHORT}.txt"]


def test_a_daemon_whose_decoder_has_failed_is_not_waited_for(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        daemon.workers["decoder"] = "failed"
        done = steno("transcribe", SAMPLE)
    assert done.returncode == 1
    assert "--no-daemon" in done.stderr


@pytest.mark.parametrize("option", [("--duration", "0"), ("--start", "-1"), ("--start", "nan")])
def test_a_part_that_makes_no_sense_is_a_usage_error(steno: Steno, option: tuple[str, str]) -> None:
    assert steno("transcribe", *option, SAMPLE).returncode == 2


def test_without_a_daemon_the_models_are_loaded_here(steno: Steno) -> None:
    done = steno("transcribe", SAMPLE)
    assert done.returncode == 0
    assert "letter" in done.stdout
    assert "RTF" in done.stderr


@pytest.mark.parametrize("name", [b"x" * 250 + b".wav", b"caf\xe9.wav"])
def test_awkward_names_are_transcribed_and_written(steno: Steno, runtime: Path, tmp_path: Path, name: bytes) -> None:
    path = os.fsdecode(bytes(tmp_path) + b"/" + name)
    shutil.copy(SAMPLE, path)
    with FakeDaemon(runtime) as daemon:
        done = steno("transcribe", "--srt", "--json-stdout", path, SAMPLE, "--output-dir", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    first, second = (json.loads(line)["text"] for line in done.stdout.splitlines())
    assert first == second == "Hello there."
    assert len(os.listdir(tmp_path / "out")) == 2  # noqa: PTH208
    assert next(r.name for r in daemon.requests if isinstance(r, commands.Open)).startswith(name[:3].decode())


def test_a_name_that_is_too_long_for_its_target_fails_alone(steno: Steno, runtime: Path, tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".wav")
    shutil.copy(SAMPLE, path)
    with FakeDaemon(runtime):
        done = steno("transcribe", "--json", str(path), SAMPLE, "--output-dir", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert [file.name for file in (tmp_path / "out").iterdir()] == [f"{samples.SHORT}.json"]


def test_a_path_that_cannot_be_fails_alone(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime):
        done = steno("transcribe", "x" * 5000 + "/a.wav", SAMPLE)
    assert done.returncode == 1
    assert "Hello there." in done.stdout
    assert "not expected" not in done.stderr


def test_an_error_while_tidying_up_does_not_hide_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StenoError, match="No space left"):
        outputs.write(tmp_path / "a.txt", "text")


class Mortal(FakeDaemon):
    """Dies when it is asked for a second recording."""

    def _answer(self, text: bytes) -> bytes:
        opened = sum(isinstance(request, commands.Open) for request in self.requests)
        answer = super()._answer(text)
        if opened == 1 and isinstance(self.requests[-1], commands.Open):
            self._stop.set()
        return answer


@pytest.mark.slow
def test_when_the_daemon_dies_no_other_file_is_tried(steno: Steno, runtime: Path, tmp_path: Path) -> None:
    names = [shutil.copy(SAMPLE, tmp_path / f"{name}.wav") for name in "abc"]
    with Mortal(runtime):
        done = steno("transcribe", "--txt", *map(str, names))
    assert done.returncode == 3
    assert [path.name for path in tmp_path.glob("*.txt")] == ["a.txt"]


def test_closed_streams_are_no_error(environment: dict[str, str], runtime: Path) -> None:
    with FakeDaemon(runtime):
        for closed in ("2>&-", ">&-", "<&-"):
            line = f"exec {sys.executable} -m clients.cli transcribe {SAMPLE} {closed}"
            done = subprocess.run(
                ["sh", "-c", line], env=environment, capture_output=True, text=True, timeout=30, check=False
            )
            assert done.returncode == 0, done.stderr
            assert "AttributeError" not in done.stderr
            assert ("Hello there." in done.stdout) == (closed != ">&-")
