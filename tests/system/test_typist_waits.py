"""`steno type` before its daemon, without its display, and at a password field: it waits, and says for what."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.clients.fake_daemon import FakeDaemon
from tests.system.screen import Screen
from tests.system.session_bus import PACKAGES, SessionBusDaemon
from tests.system.sound_server import until
from tests.system.typing_desk import Desk, desk

__all__ = ["desk"]

pytestmark = pytest.mark.system

LAUNCHER = Path("/usr/libexec/at-spi-bus-launcher")


def test_a_typist_that_is_started_first_is_ready_and_waits_for_the_daemon(desk: Desk) -> None:
    desk.daemon.__exit__()
    field = desk.screen.xterm()
    field.focus()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(desk.runtime.parent / "notify"))
        manager.settimeout(20)
        desk.environ |= {"NOTIFY_SOCKET": str(desk.runtime.parent / "notify"), "WATCHDOG_USEC": "900000"}
        typist = desk.start(ready="no daemon is running")
        assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    assert "yet; typing begins once one does" in desk.said()
    assert desk.said().count("no daemon is running") == 1
    desk.daemon = FakeDaemon(desk.runtime)
    desk.daemon.__enter__()
    desk.wait_for("Typing into")
    desk.say("Now.")
    field.wait_for("Now.")
    assert typist.poll() is None


def test_a_typist_makes_its_runtime_directory(desk: Desk) -> None:
    desk.daemon.__exit__()
    desk.environ["STENO_RUNTIME_DIR"] = str(desk.runtime.parent / "new")
    typist = desk.start(ready="no daemon is running")
    assert (desk.runtime.parent / "new").stat().st_mode & 0o777 == 0o700
    typist.terminate()
    assert typist.wait(10) == 143


def test_a_display_that_goes_away_while_nothing_is_said_is_noticed_and_found_again(desk: Desk, tmp_path: Path) -> None:
    desk.start()
    number = desk.screen.environ["DISPLAY"]
    desk.screen.server.kill()
    desk.screen.server.wait()
    desk.wait_for("the display is gone")
    assert desk.said().count("the display is gone") == 1
    server = subprocess.Popen(["Xvfb", number, "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"])
    try:
        until(lambda: desk.screen.run("xdotool", "getmouselocation", check=False) != "", 10)
        with subprocess.Popen(["openbox"], env=desk.screen.environ) as manager:
            desk.wait_for("the display is back", 20)
            field = desk.screen.xterm()
            field.focus()
            desk.say("Here again.")
            field.wait_for("Here again.")
            manager.kill()
    finally:
        server.kill()
        server.wait()


def test_a_password_field_gets_nothing_and_the_text_is_offered(screen: Screen, runtime: Path, tmp_path: Path) -> None:
    if not LAUNCHER.exists() or shutil.which("dbus-daemon") is None:
        pytest.fail(f"missing: at-spi2-core. Run `make test-system`, or: apt-get install {PACKAGES}")
    environ = {k: v for k, v in screen.environ.items() if k != "NO_AT_BRIDGE"}
    with contextlib.closing(SessionBusDaemon(tmp_path / "bus", environ)) as bus:
        screen.environ = bus.environ
        with Desk(screen, runtime) as desk:
            desk.start()
            secret, plain = screen.gtk("--secret"), screen.gtk()
            secret.focus()
            desk.say("My own words.")
            desk.wait_for("a password field: a text was kept")
            assert desk.steno("copy-last", "--print").stdout == "My own words.\n"
            plain.focus()
            desk.tell("retype-last")
            plain.wait_for("My own words.")
            assert secret.text() == ""
            assert "My own words" not in desk.said()
