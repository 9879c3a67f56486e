from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from clients.arguments import GROUPS
from tests.clients.conftest import ROOT, Steno
from tests.clients.fake_daemon import FakeDaemon


def test_help_lists_every_command_with_one_line(steno: Steno) -> None:
    done = steno("--help")
    assert done.returncode == 0
    for group in GROUPS.values():
        for name, summary in group.items():
            assert f"  {name:<12}{summary}\n" in done.stdout


@pytest.mark.parametrize("name", [name for group in GROUPS.values() for name in group])
def test_each_command_explains_itself_and_takes_the_common_options(steno: Steno, name: str) -> None:
    done = steno(name, "--help")
    assert done.returncode == 0
    assert f"usage: steno {name}" in done.stdout
    assert "--runtime-dir" in done.stdout
    assert "--config" in done.stdout


def test_version_is_printed(steno: Steno) -> None:
    assert steno("--version").stdout.startswith("steno ")


@pytest.mark.parametrize(
    "arguments", [(), ("fly",), ("feed",), ("feed", "x.wav", "--speed", "-1"), ("daemon", "--mode", "sometimes")]
)
def test_wrong_usage_exits_with_2(steno: Steno, arguments: tuple[str, ...]) -> None:
    done = steno(*arguments)
    assert done.returncode == 2
    assert "error" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("status",), ("start",), ("stop",), ("stop", "--daemon"), ("toggle",), ("cancel",), ("log",), ("feed", "x.wav")],
)
def test_without_a_daemon_a_client_exits_with_3_and_says_how_to_start_one(
    steno: Steno, arguments: tuple[str, ...]
) -> None:
    done = steno(*arguments)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "no daemon is running" in done.stderr
    assert "steno daemon" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_runtime_directory_can_stand_before_or_behind_the_command(steno: Steno, tmp_path: Path) -> None:
    place = str(tmp_path / "elsewhere")
    for arguments in (("--runtime-dir", place, "status"), ("status", "--runtime-dir", place)):
        assert place in steno(*arguments).stderr


def test_a_path_too_long_for_a_socket_is_a_usage_error(steno: Steno) -> None:
    done = steno("status", "--runtime-dir", "/tmp/" + "x" * 120)
    assert done.returncode == 2
    assert "too long" in done.stderr


@pytest.mark.parametrize("command", ["config", "daemon"])
def test_a_wrong_config_key_is_a_usage_error_that_names_file_and_key(
    steno: Steno, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[vad]\nhangover = 3\n")
    done = steno(command, "--config", str(file))
    assert done.returncode == 2
    assert str(file) in done.stderr
    assert "vad.hangover" in done.stderr
    assert "Did you mean hangover_ms?" in done.stderr


def test_a_config_file_that_is_not_there_is_a_usage_error(steno: Steno) -> None:
    assert steno("config", "--config", "/nowhere.toml").returncode == 2
    assert steno("config", STENO_CONFIG="/nowhere.toml").returncode == 2


def test_set_wants_section_key_and_value(steno: Steno) -> None:
    done = steno("daemon", "--set", "nonsense")
    assert done.returncode == 2
    assert "SECTION.KEY=VALUE" in done.stderr


@pytest.mark.parametrize("source", ["", " ", "file:"])
def test_a_source_that_names_nothing_is_a_usage_error(steno: Steno, source: str) -> None:
    done = steno("daemon", "--source", source)
    assert done.returncode == 2
    assert "names no source" in done.stderr


@pytest.mark.parametrize("line", ["status >&-", "status 2>&-", "log >&- 2>&-", "fly 2>&-"])
def test_without_a_place_to_speak_a_command_is_quiet(environment: dict[str, str], runtime: Path, line: str) -> None:
    codes = {"status": 0, "fly": 2, "log": 3}
    with FakeDaemon(runtime):
        if line.startswith("log"):
            environment["STENO_RUNTIME_DIR"] += "/none"
        command = ["sh", "-c", f"exec {sys.executable} -m clients.cli {line}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == codes[line.partition(" ")[0]]
    assert done.stderr == ""


def test_debug_shows_the_traceback(steno: Steno) -> None:
    assert "Traceback" in steno("status", "--debug").stderr


def test_control_commands_say_whether_the_daemon_listens(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime):
        assert steno("start").stdout == "listening\n"
        assert steno("stop").stdout == "not listening\n"
        assert steno("toggle").stdout == "listening\n"
        assert steno("cancel").returncode == 0


def test_status_prints_lines_for_people_without_control_characters(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime):
        done = steno("status")
    assert done.returncode == 0
    assert "ready, listening (always)" in done.stdout
    assert "up 1 min 15 s" in done.stdout
    assert "restarts: 2" in done.stdout
    assert "pace" not in done.stdout
    assert "\x1b" not in done.stdout


def test_status_says_what_the_daemon_leaves_out(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        daemon.pace = "fewer-partials"
        assert "pace        fewer-partials, so as not to fall behind\n" in steno("status").stdout


def test_stop_daemon_returns_when_the_runtime_directory_is_free(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime):
        assert steno("stop", "--daemon").returncode == 0
        assert steno("status").returncode == 3


def test_interrupting_a_client_exits_with_130_quietly(environment: dict[str, str], runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon:
        line = [sys.executable, "-m", "clients.cli", "log"]
        child = subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True)
        daemon.wait_for_subscribers()
        child.send_signal(2)
        _, complaint = child.communicate(timeout=10)
    assert child.returncode == 130
    assert complaint == ""


def test_clients_load_neither_numpy_nor_an_audio_library_for_status() -> None:
    script = "import sys, clients.cli, clients.control; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    heavy = {"numpy", "soundfile", "pysubs2", "jiwer", "onnxruntime", "llama_cpp", "tqdm", "pipeline.config"}
    assert not heavy & set(loaded.stdout.split())


def test_modules_in_the_folder_where_the_user_is_are_not_run(tmp_path: Path) -> None:
    for name in ("daemon", "pipeline", "model"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is not Steno')\n")
    line = [sys.executable, "-P", "-m", "clients.cli", "devices"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "this is not Steno" not in done.stdout + done.stderr
