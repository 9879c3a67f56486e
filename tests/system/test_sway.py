"""A real sway: which window has the focus, and when that changed."""

from __future__ import annotations

import argparse
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.desktop import desktops, doctor_desktop, wayland_keymap, wayland_socket
from clients.desktop.accessibility import PASSWORD_FIELD
from clients.desktop.sway_desktop import SwayDesktop
from clients.desktop.window import Window
from pipeline.errors import StenoError
from tests.system.screen import GTK_FIELD, GTK_PYTHON
from tests.system.session_bus import SessionBusDaemon
from tests.system.sound_server import until
from tests.system.wayland_screen import WaylandField, WaylandScreen

pytestmark = pytest.mark.system


@pytest.fixture
def sway(wayland: WaylandScreen) -> Iterator[SwayDesktop]:
    made = desktops.open_desktop(wayland.environ)
    assert isinstance(made, SwayDesktop)
    yield made
    made.close()


@pytest.fixture
def session(wayland: WaylandScreen, tmp_path: Path) -> Iterator[SessionBusDaemon]:
    bus = SessionBusDaemon(tmp_path / "bus", wayland.environ)
    bus.environ["WAYLAND_DISPLAY"] = str(wayland.runtime / wayland.environ["WAYLAND_DISPLAY"])
    yield bus
    bus.close()


def of(field: WaylandField) -> str:
    return f"sway:{field.id}"


def followed(sway: SwayDesktop, *ids: str | None) -> list[tuple[int, Window | None]]:
    """The changes, when they end with these."""
    log: list[tuple[int, Window | None]] = []

    def ends() -> bool:
        log.extend(sway.focus_log())
        seen = [window and window.id for _, window in log]
        return seen[-len(ids) :] == list(ids)

    until(ends)
    return log


def test_the_focused_window_is_told(wayland: WaylandScreen, sway: SwayDesktop) -> None:
    assert sway.sees_focus
    assert sway.focused() is None
    field = wayland.foot()
    window = sway.focused()
    assert window is not None
    assert (window.id, window.program, window.title, window.process) == (of(field), "foot", field.title, "foot")
    assert window.pid == field.process.pid


def test_changes_of_the_focus_are_told_in_their_order(wayland: WaylandScreen, sway: SwayDesktop) -> None:
    first, second = wayland.foot(), wayland.foot()
    followed(sway, of(second))
    assert sway.focus_log() == []
    began = time.monotonic_ns()
    first.focus()
    second.focus()
    first.focus()
    assert select.select([sway.fileno() or -1], [], [], 5)[0]
    log = followed(sway, of(first), of(second), of(first))
    times = [at_ns for at_ns, _ in log]
    assert began < times[0] <= times[-1] < time.monotonic_ns()
    assert times == sorted(times)


def test_an_empty_workspace_has_no_focused_window(wayland: WaylandScreen, sway: SwayDesktop) -> None:
    field = wayland.foot()
    followed(sway, of(field))
    wayland.run("swaymsg", "workspace 5")
    followed(sway, None)
    assert sway.focused() is None
    wayland.run("swaymsg", "workspace 1")
    followed(sway, of(field))
    field.close()
    followed(sway, None)


def test_a_floating_window_is_found_too(wayland: WaylandScreen, sway: SwayDesktop) -> None:
    wayland.foot()
    field = wayland.foot()
    wayland.run("swaymsg", "floating enable")
    until(lambda: (sway.focused() or Window("")).id == of(field))


def test_a_password_field_is_seen_on_wayland_too(wayland: WaylandScreen, session: SessionBusDaemon) -> None:
    sway = desktops.open_desktop(session.environ)
    assert sway.secret() == ""
    line = [GTK_PYTHON, str(GTK_FIELD), "secret", str(wayland.runtime / "field"), "--secret"]
    program = subprocess.Popen(line, env=session.environ | {"GDK_BACKEND": "wayland"})
    try:
        until(lambda: sway.secret() == PASSWORD_FIELD, 20)
        assert (sway.focused() or Window("")).title == "secret"
        wayland.foot()
        until(lambda: sway.secret() == "")
    finally:
        program.kill()
        program.wait()
        sway.close()


def test_the_doctor_says_what_there_is(
    wayland: WaylandScreen, session: SessionBusDaemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in session.environ.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "config.toml").touch()
    found = doctor_desktop.check(argparse.Namespace(config=str(tmp_path / "config.toml")))
    assert (found.state, found.name, found.hint) == ("ok", "desktop", "")
    assert found.text.startswith("sway; wtype types")
    assert found.details[0] == "focus: it tells which window has it"
    assert "seen in GTK and Qt programs" in found.details[1]
    assert any(line.startswith("wtype: can type") for line in found.details)
    assert any(line.startswith("portal: cannot") for line in found.details)


def test_the_keyboard_s_layout_is_seen_without_the_focus(wayland: WaylandScreen) -> None:
    # The keymap of its virtual keyboard has what it is about to type, and nothing else.
    keyboard = subprocess.Popen(["wtype", "-s", "60000", "aä世"], env=wayland.environ)
    try:
        until(lambda: wayland_keymap.missing("aä世 x", wayland_socket.keymap(wayland.environ) or b"") == {" ", "x"})
    finally:
        keyboard.kill()
        keyboard.wait()


def test_a_sway_that_hangs_or_goes_is_an_error_and_no_hang(wayland: WaylandScreen, sway: SwayDesktop) -> None:
    wayland.foot()
    os.kill(wayland.server.pid, signal.SIGSTOP)
    with pytest.raises(StenoError, match="did not answer"):
        sway.focused()
    sway.focus_log()
    os.kill(wayland.server.pid, signal.SIGCONT)
    until(lambda: sway.focused() is not None)
    wayland.server.kill()
    wayland.server.wait()
    with pytest.raises(StenoError, match="sway has gone"):
        sway.focused()
    with pytest.raises(StenoError, match="sway has gone"):
        until(lambda: bool(sway.focus_log()) and False)
