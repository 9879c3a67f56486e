"""The `x11` back-end types into the window that is meant, or not at all: same ids, frames, keys that come between."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from clients.desktop.window import Window
from clients.desktop.x11_desktop import X11Desktop
from clients.desktop.x11_library import X
from clients.typist.backend import DISTURBED, Outcome, Place
from clients.typist.backends.x11 import X11Backend
from tests.system.screen import Screen
from tests.system.sound_server import until
from tests.system.x11_person import Person

pytestmark = pytest.mark.system

SHOWS_A_WINDOW = """
import sys, time
from Xlib import X, display
server = display.Display()
window = server.screen().root.create_window(0, 0, 90, 90, 0, X.CopyFromParent, event_mask=X.KeyPressMask)
window.set_wm_name("shown")
window.map()
server.sync()
print(window.id, flush=True)
while True:
    server.next_event()
    print("event", flush=True)
"""


@pytest.fixture
def backend(screen: Screen, desktop: X11Desktop) -> Iterator[X11Backend]:
    made = X11Backend(screen.environ["DISPLAY"], desktop)
    yield made
    made.close()


def ignore(sent: int) -> None:
    pass


def shown(screen: Screen, desktop: X11Desktop) -> tuple[subprocess.Popen[str], Window]:
    """A program with one window that has the focus."""
    line = [sys.executable, "-c", SHOWS_A_WINDOW]
    process = subprocess.Popen(line, env=screen.environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    number = int(process.stdout.readline())
    screen.run("xdotool", "windowactivate", "--sync", str(number))
    until(lambda: (found := desktop.focused()) is not None and found.id == f"x11:{number:#x}", 5)
    found = desktop.focused()
    assert found is not None
    return process, found


def test_a_window_that_got_the_id_of_one_that_is_gone_gets_no_text(
    screen: Screen, desktop: X11Desktop, backend: X11Backend
) -> None:
    first, meant = shown(screen, desktop)
    first.kill()
    first.wait()
    until(lambda: desktop.focused() is None or desktop.focused() != meant, 5)
    second, now = shown(screen, desktop)
    assert now.id == meant.id, "the server gives a free client's ids to the next one"
    assert now.pid != meant.pid
    assert backend.type("text", Place(meant), ignore).stopped == "focus"
    assert backend.type("text", Place(now), ignore) == Outcome(4)
    assert backend.type("text", Place(replace(now, pid=0)), ignore) == Outcome(4), "if the process is not known"
    second.kill()
    second.wait()


def test_a_frame_of_the_window_manager_is_no_window(
    screen: Screen, person: Person, desktop: X11Desktop, backend: X11Backend
) -> None:
    terminal = screen.xterm()
    person.focus(terminal)
    frame = person.display.create_resource_object("window", terminal.id).query_tree().parent
    assert frame.id != person.display.screen().root.id
    person.display.set_input_focus(frame, X.RevertToParent, X.CurrentTime)
    person.display.sync()
    assert desktop.focused() is None
    assert backend.type("lost", Place(None), ignore) == Outcome(0, "focus", "no window has the focus")


def test_no_window_manager_s_window_is_ever_focused_while_windows_close(
    screen: Screen, person: Person, desktop: X11Desktop
) -> None:
    for _ in range(5):
        terminal = screen.xterm()
        person.focus(terminal)
        terminal.close()
        deadline = time.monotonic() + 0.7
        while time.monotonic() < deadline:
            found = desktop.focused()
            assert found is None or found.id == f"x11:{terminal.id:#x}"
            time.sleep(0.005)


def test_backspaces_end_at_the_first_key_of_somebody_else(
    screen: Screen, person: Person, desktop: X11Desktop, backend: X11Backend
) -> None:
    field = screen.gtk()
    window = person.focus(field)
    before = desktop.disturbances()
    assert backend.press("backspace", 9, Place(window, undisturbed=before)) == Outcome(9)
    screen.run("sh", "-c", "xdotool key a; true")
    assert backend.press("backspace", 9, Place(window, undisturbed=before)) == Outcome(0, "disturbed", DISTURBED)
    assert person.read(field) == "a"
    assert backend.press("backspace", 1, Place(window, undisturbed=desktop.disturbances())) == Outcome(1)
    for turn in range(20):
        assert backend.type("own " * 30, Place(window), ignore) == Outcome(120)
        assert person.read(field) == "own " * 30
        keys = threading.Timer(0.002 * turn, screen.run, ["sh", "-c", "xdotool type --delay 3 XYZ; true"])
        keys.start()
        outcome = backend.press("backspace", 120, Place(window, undisturbed=desktop.disturbances()))
        keys.join()
        assert person.read(field) == ("own " * 30)[: 120 - outcome.done] + "XYZ", turn
        assert outcome.stopped == "disturbed" or outcome.done == 120
        assert backend.press("backspace", 123 - outcome.done, Place(window)) == Outcome(123 - outcome.done)
        assert person.read(field) == ""


def test_typing_ends_where_the_focus_comes_into_a_password_field(
    screen: Screen, person: Person, desktop: X11Desktop
) -> None:
    looks = itertools.count()

    class Fields:
        def focused_is_password(self) -> bool:
            return next(looks) > 2

        def follow(self) -> None:
            pass

    seer = X11Desktop(screen.environ["DISPLAY"], Fields())
    backend = X11Backend(screen.environ["DISPLAY"], seer)
    field = screen.xterm()
    window = person.focus(field)
    outcome = backend.type("one two three four five six seven eight nine ten", Place(window), ignore)
    assert (outcome.stopped, outcome.detail) == ("secret", "the focus is in a password field")
    assert 0 < outcome.done < 40
    assert person.read(field) == "one two three four five six seven eight nine ten"[: outcome.done]
    backend.close()
    seer.close()
