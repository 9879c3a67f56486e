"""Services on a real systemd user manager, with a real daemon."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.service_jobs import NAMES, Job
from clients.service_systemd import systemd_unit, unit_name
from model import miniature
from tests.system.sound_server import until
from tests.system.user_manager import UserManager

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
AWKWARD = "a  dir $HOME ${HOME} $$ %h 'q' \"d\" \\n;#"
Steno = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def manager(short_directory: Path) -> Iterator[UserManager]:
    running = UserManager(short_directory)
    yield running
    running.close()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache with the models, made before, so that a daemon starts quickly."""
    cache = tmp_path_factory.mktemp("cache")
    for kind in miniature.KINDS:
        miniature.package(kind, cache)
    return cache


@pytest.fixture
def variables(runtime: Path, tmp_path: Path, models: Path) -> dict[str, str]:
    """Where the daemon of the test keeps things."""
    config = tmp_path / "config.toml"
    config.write_text('[daemon]\nsource = "none"\n')
    return {"STENO_RUNTIME_DIR": str(runtime), "STENO_CACHE_DIR": str(models), "STENO_CONFIG": str(config)}


@pytest.fixture
def steno(manager: UserManager, variables: dict[str, str]) -> Steno:
    """Runs `steno service`, as who logged in to that manager's session would."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "clients.cli", "service", *arguments]
        environ = manager.environ | variables | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(line, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.mark.parametrize("folder", ["plain", "a dir $HOME %h", AWKWARD])
def test_systemd_finds_nothing_wrong_with_the_units_and_the_program_gets_its_words(
    folder: str, manager: UserManager, tmp_path: Path
) -> None:
    units = manager.home / ".config" / "systemd" / "user"
    units.mkdir(parents=True)
    program = tmp_path / folder / "steno"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" "$STENO_CONFIG" > "{tmp_path}/$1.heard"\n'
        "exec systemd-notify --ready --exec ';' sleep 60\n"
    )
    program.chmod(0o755)
    paths = []
    for name in NAMES:
        unit = systemd_unit(Job(name, [str(program), name, AWKWARD], {"STENO_CONFIG": f"/{AWKWARD}"}))
        paths.append(units / unit_name(name))
        paths[-1].write_text(unit)
    verify = ["systemd-analyze", "--user", "verify", *map(str, paths)]
    done = subprocess.run(verify, env=manager.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    manager.systemctl("daemon-reload")
    manager.systemctl("start", "--no-block", unit_name("type"))
    heard = tmp_path / "type.heard"
    until(lambda: heard.exists() and heard.read_text().count("\n") == 3, 10)
    assert heard.read_text().splitlines() == ["type", AWKWARD, f"/{AWKWARD}"]


def test_installed_the_daemon_runs_and_removed_it_is_gone(steno: Steno, manager: UserManager, runtime: Path) -> None:
    done = steno("install", "--only", "daemon", "--only", "type")
    assert done.returncode == 0, done.stderr
    assert "steno-daemon.service: " in done.stdout
    assert "steno-type.service: will start with graphical-session.target" in done.stdout
    unit = unit_name("daemon")
    until(lambda: manager.show(unit, "ActiveState") == "active", 60)
    assert manager.show(unit, "Type") == "notify"
    assert manager.show(unit, "UnitFileState") == "enabled"
    assert (runtime / "command.sock").exists()
    status = steno("status").stdout.splitlines()
    pid = manager.show(unit, "MainPID")
    assert status[0].startswith(f"daemon   enabled, running (process {pid}); {manager.home}")
    assert status[1].startswith("type     enabled, not running; ")
    assert status[2] == "hotkey   not installed"
    assert steno("install", "--only", "daemon").stdout.startswith("already there: ")
    assert manager.show(unit, "MainPID") == pid  # nothing new: it goes on
    assert steno("remove").stdout.count("ended and removed: ") == 2
    assert not (runtime / "command.sock").exists()
    assert manager.show(unit, "LoadState") == "not-found"
    assert not [path for path in (manager.home / ".config" / "systemd").rglob("*") if path.is_file()]
    assert steno("remove").stdout == "nothing is installed\n"


def test_a_daemon_that_is_killed_or_hangs_is_started_again(steno: Steno, manager: UserManager, runtime: Path) -> None:
    unit = unit_name("daemon")
    drop_in = manager.home / ".config" / "systemd" / "user" / f"{unit}.d"
    drop_in.mkdir(parents=True)
    (drop_in / "quick.conf").write_text("[Service]\nWatchdogSec=2\nRestartSec=0\n")
    assert steno("install", "--only", "daemon").returncode == 0
    until(lambda: manager.show(unit, "ActiveState") == "active", 30)
    first = int(manager.show(unit, "MainPID"))
    os.kill(first, signal.SIGKILL)
    until(lambda: manager.show(unit, "MainPID") not in ("0", str(first)), 30)
    until(lambda: manager.show(unit, "ActiveState") == "active", 30)
    second = int(manager.show(unit, "MainPID"))
    os.kill(second, signal.SIGSTOP)
    until(lambda: manager.show(unit, "MainPID") not in ("0", str(second)), 30)
    until(lambda: manager.show(unit, "ActiveState") == "active", 30)
    assert manager.show(unit, "NRestarts") == "2"


def test_a_unit_that_was_changed_by_hand_is_neither_overwritten_nor_removed(steno: Steno, manager: UserManager) -> None:
    unit = manager.home / ".config" / "systemd" / "user" / unit_name("type")
    assert steno("install", "--only", "type").returncode == 0
    unit.write_text(unit.read_text().replace("RestartSec=2", "RestartSec=5"))
    before = unit.read_text()
    for action in ("install", "remove"):
        done = steno(action)
        assert done.returncode == 1
        assert f"{unit} was changed by hand" in done.stderr
    assert unit.read_text() == before
    assert "changed by hand" in steno("status").stdout
    assert not unit.with_name(unit_name("daemon")).exists()


def test_a_daemon_that_is_started_by_a_manager_says_when_it_is_ready_and_that_it_lives(
    variables: dict[str, str],
) -> None:
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0steno-test-{os.getpid()}")
        manager.settimeout(30)
        environ = (
            os.environ
            | variables
            | {
                "PYTHONPATH": str(ROOT),
                "NOTIFY_SOCKET": f"@steno-test-{os.getpid()}",
                "WATCHDOG_USEC": "400000",
            }
        )
        daemon = subprocess.Popen([sys.executable, "-m", "clients.cli", "daemon"], env=environ, cwd=ROOT)
        try:
            while heard.count("WATCHDOG=1") < 3 or "READY=1" not in heard:
                heard += manager.recv(4096).decode().splitlines()
            daemon.terminate()
            daemon.wait(20)
            manager.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    heard += manager.recv(4096).decode().splitlines()
        finally:
            daemon.kill()
            daemon.wait()
    assert heard.count("READY=1") == 1
    assert "STOPPING=1" in heard
