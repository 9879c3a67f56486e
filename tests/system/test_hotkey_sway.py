"""The lines for sway, on a real sway: a key that is pressed and let go runs `steno start` and `steno stop`."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from clients.hotkey.desktop_lines import lines
from pipeline.desktop_settings import Binding
from tests.system.sound_server import until
from tests.system.wayland_screen import WaylandScreen

pytestmark = pytest.mark.system

STENO = "#!/bin/sh\necho \"$*\" >> '{log}'\n"
"""In the place of steno: the daemon of the test belongs to another user than sway may."""


@pytest.fixture
def sway() -> Iterator[WaylandScreen]:
    screen = WaylandScreen()
    yield screen
    screen.close()


@pytest.mark.parametrize(
    ("binding", "pressed", "expected"),
    [
        (Binding(key="f9", action="hold"), ["-P", "F9", "-s", "900", "-p", "F9"], "start\nstop\n"),
        (
            Binding(key="f9", language="German", output="commit"),
            ["-P", "F9", "-s", "300", "-p", "F9"],
            "start --language German --output commit\nstop\n",
        ),
        (Binding(key="f10", action="toggle"), ["-P", "F10", "-s", "900", "-p", "F10"], "toggle\n"),
        (Binding(key="ctrl_r", action="hold"), ["-P", "Control_R", "-s", "300", "-p", "Control_R"], "start\nstop\n"),
        (
            Binding(key="ctrl+alt+d", action="hold"),
            ["-M", "ctrl", "-M", "alt", "-P", "d", "-s", "300", "-m", "ctrl", "-m", "alt", "-p", "d"],
            "start\nstop\n",
        ),
    ],
)
def test_sway_runs_steno_by_the_lines(
    sway: WaylandScreen, monkeypatch: pytest.MonkeyPatch, binding: Binding, pressed: list[str], expected: str
) -> None:
    log, program = sway.runtime / "asked", sway.runtime / "steno"
    log.touch()
    log.chmod(0o666)
    program.write_text(STENO.format(log=log))
    program.chmod(0o755)
    field = sway.foot()
    field.focus()
    monkeypatch.setattr("clients.hotkey.desktop_lines.shutil.which", lambda name: name)
    for line in lines("sway", binding):
        assert " exec steno " in line
        # swaymsg takes the words of its command line apart as the file's parser does.
        sway.run("swaymsg", "--", *line.replace("exec steno", f"exec {program}").split(" "))
    sway.run("wtype", *pressed)
    until(lambda: len(log.read_text().splitlines()) >= len(expected.splitlines()), 10)
    time.sleep(0.2)
    assert log.read_text() == expected
    assert field.text() == ""
