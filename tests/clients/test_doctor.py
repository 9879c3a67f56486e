from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

import pytest

from clients import arguments, devices, doctor, launch, outputs, place, samples
from pipeline.errors import StenoError, UsageError
from tests.clients.conftest import Steno


def test_doctor_has_a_line_for_each_check_and_only_warns_of_a_missing_microphone(steno: Steno) -> None:
    done = steno("doctor", "--quick")
    names = [line.split()[1] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert names == list(doctor.CHECKS)
    assert done.returncode == 0
    assert "broken" not in done.stdout


def test_doctor_says_what_is_broken_and_what_to_do(steno: Steno) -> None:
    done = steno("doctor", "--quick", "--config", "/nowhere.toml")
    assert done.returncode == 1
    assert "broken   config" in done.stdout
    assert "-> " in done.stdout


def test_a_model_that_is_not_there_is_told_by_the_bench_among_the_checks(steno: Steno) -> None:
    done = steno("doctor", "--quick", "--bench", "--json", STENO_MODEL_ASR="gone")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["bench"] is None
    assert "no model 'gone'" in told["checks"][-1]["text"]


def test_doctor_finds_a_runtime_directory_that_others_can_read(steno: Steno, runtime: Path) -> None:
    runtime.chmod(0o755)
    done = steno("doctor", "--quick")
    assert "warning  runtime" in done.stdout
    assert f"chmod 700 {runtime}" in done.stdout


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("[]", "there is no microphone"),
        ('{"error": "PortAudio is missing", "hint": "apt-get install libportaudio2"}', "libportaudio2"),
    ],
)
def test_devices_of_a_machine_without_any_say_why(monkeypatch: pytest.MonkeyPatch, said: str, told: str) -> None:
    answer = subprocess.CompletedProcess([], 1 if "error" in said else 0, stdout=said.encode(), stderr=b"")
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: answer)
    with pytest.raises(StenoError) as caught:
        devices.run(argparse.Namespace(json=False))
    assert told in str(caught.value)


def test_devices_are_listed_with_the_default_marked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [
        devices.Device("pulse\x1b[1m", "ALSA", 2, 44100.0, True),
        devices.Device("usb", "ALSA", 1, 48000.0, False),
    ]
    monkeypatch.setattr(devices, "list_devices", lambda: found)
    assert devices.run(argparse.Namespace(json=False)) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("* pulse[1m")
    assert "  usb" in out


def test_the_daemon_is_called_with_runtime_directory_config_and_settings() -> None:
    line = launch.command(Path("/run/x"), Path("/c.toml"), {"daemon.source": "none"})
    assert line[1:] == [
        "-P",
        "-m",
        "daemon",
        "--runtime-dir",
        "/run/x",
        "--config",
        "/c.toml",
        "--set",
        "daemon.source=none",
    ]


def test_shipped_recordings_have_text_and_word_times() -> None:
    shipped = samples.shipped(samples.SHORT)
    assert len(shipped.words) == len(shipped.text.split())
    with pytest.raises(StenoError, match="missing"):
        samples.shipped("nonsense")


def test_an_output_may_not_overwrite_an_input(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="overwrite an input"):
        outputs.plan([tmp_path / "a.txt"], ["txt"], None)
    with pytest.raises(UsageError, match="named twice"):
        outputs.plan([tmp_path / "a.wav", tmp_path / "a.wav"], [], None)


def test_a_file_is_written_whole_in_place_of_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    outputs.write(target, "new")
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_provider_that_is_missing_is_broken_with_what_there_is(steno: Steno) -> None:
    done = steno("doctor", "--quick", STENO_MODEL_PROVIDER="coreml", STENO_MODEL_GPU_LAYERS="-1")
    assert done.returncode == 1
    assert "broken   providers" in done.stdout
    assert "cpu" in done.stdout


def test_more_threads_than_cores_are_a_warning(steno: Steno) -> None:
    done = steno("doctor", "--quick", STENO_MODEL_ENCODER_THREADS="200", STENO_MODEL_DECODER_THREADS="200")
    assert "warning  cores" in done.stdout


def test_doctor_writes_one_json_object(steno: Steno) -> None:
    found = json.loads(steno("doctor", "--quick", "--json").stdout)
    assert [check["name"] for check in found["checks"]] == list(doctor.CHECKS)
    assert found["bench"] is None


def test_the_options_of_the_model_come_before_environment_and_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STENO_MODEL_ENCODER", "int8")
    monkeypatch.setenv("STENO_MODEL_DECODER", "q8_0")
    given = ["--model", "0.6b", "--encoder", "int4", "--provider", "cpu", "--gpu-layers", "-1"]
    for command in (["daemon"], ["transcribe", "a.wav"]):
        model = place.settings(arguments.parse([*command, *given])).model
        assert (model.asr, model.encoder, model.decoder, model.provider) == ("0.6b", "int4", "q8_0", "cpu")
        assert model.gpu_layers == -1
    with pytest.raises(UsageError, match=r"model\.encoder"):
        place.settings(arguments.parse(["daemon", "--encoder", "int9"]))
