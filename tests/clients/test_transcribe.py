from __future__ import annotations

import json
from pathlib import Path

import pytest
import srt
import webvtt

from clients import samples
from pipeline import commands
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
