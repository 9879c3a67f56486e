"""What an X server tells of its windows, password prompts and of keys that somebody else presses."""

from __future__ import annotations

import select
import time

import pytest

from clients.desktop.window import Window
from clients.desktop.x11_desktop import X11Desktop
from clients.typist.backend import Outcome, Place
from clients.typist.backends.x11 import X11Backend
from pipeline.errors import StenoError
from tests.system.screen import Screen
from tests.system.sound_server import until
from tests.system.x11_person import Person
from tests.system.x11_texts import mixed

pytestmark = pytest.mark.system

ASKS = "echo ready > '{file}.ready' && stty -echo && read -r line"
EDITS = "stty raw -echo && echo ready > '{file}.ready' && exec cat > '{file}'"
READS = "echo ready > '{file}.ready' && exec cat > '{file}'"


def test_the_focused_window_is_named_with_program_title_and_process(
    screen: Screen, person: Person, desktop: X11Desktop
) -> None:
    entry, terminal = screen.gtk(), screen.xterm()
    assert desktop.sees_focus
    assert person.focus(terminal).id == f"x11:{terminal.id:#x}"
    assert desktop.focused() == Window(f"x11:{terminal.id:#x}", "XTerm", terminal.title, "xterm", terminal.process.pid)
    person.focus(entry)
    found = desktop.focused()
    assert found is not None
    assert (found.id, found.title, found.pid) == (f"x11:{entry.id:#x}", entry.title, entry.process.pid)


def test_no_window_is_focused_on_an_empty_screen(screen: Screen, desktop: X11Desktop) -> None:
    assert desktop.focused() is None


@pytest.mark.parametrize(("command", "secret"), [(ASKS, "a password prompt"), (EDITS, ""), (READS, "")])
def test_a_terminal_asks_for_a_password_when_it_reads_a_line_unseen(
    screen: Screen, person: Person, desktop: X11Desktop, command: str, secret: str
) -> None:
    person.focus(screen.xterm(command))
    until(lambda: desktop.secret() == secret, 5)
    person.focus(screen.gtk())
    assert desktop.secret() == ""


def test_what_accessibility_knows_of_password_fields_is_told(screen: Screen) -> None:
    class Fields:
        def focused_is_password(self) -> bool:
            return True

        def follow(self) -> None:
            pass

    desktop = X11Desktop(screen.environ["DISPLAY"], Fields())
    assert desktop.secret() == "a password field"
    desktop.close()


def elsewhere(screen: Screen, command: str) -> None:
    """Run xdotool in a shell: a program that this process starts itself counts as its own."""
    screen.run("sh", "-c", f"xdotool {command}; true")


def test_programs_that_we_start_to_type_count_as_ours(screen: Screen, desktop: X11Desktop) -> None:
    before = desktop.disturbances()
    screen.run("xdotool", "key", "--delay", "100", "a")
    assert desktop.disturbances() == before


def test_keys_and_clicks_of_somebody_else_are_counted_and_our_own_are_not(
    screen: Screen, person: Person, desktop: X11Desktop
) -> None:
    terminal = screen.xterm()
    place = Place(person.focus(terminal))
    backend = X11Backend(screen.environ["DISPLAY"])
    before = desktop.disturbances()
    assert before is not None
    text = mixed(300, seed=1)
    assert backend.type(text, place, lambda sent: None) == Outcome(300)
    assert backend.press("backspace", 5, place) == Outcome(5)
    assert backend.chord("ctrl+shift+v", place) == Outcome(1)
    assert desktop.disturbances() == before
    elsewhere(screen, "key a b")
    assert desktop.disturbances() == before + 2
    elsewhere(screen, "click 1")
    assert desktop.disturbances() == before + 3
    elsewhere(screen, "click 4")
    elsewhere(screen, "keydown Control_L keyup Control_L")
    assert desktop.disturbances() == before + 3, "a wheel or a modifier alone changes no text"
    for _ in range(10):
        backend.type("own", place, lambda sent: None)
        elsewhere(screen, "key c")
    assert desktop.disturbances() == before + 13
    backend.close()


def test_moves_of_the_focus_are_told_when_they_happen_and_by_window(
    screen: Screen, person: Person, desktop: X11Desktop
) -> None:
    first, second = screen.xterm(), screen.xterm()
    person.focus(first)
    time.sleep(0.2)
    desktop.focus_log()
    assert desktop.focus_log() == []
    number = desktop.fileno()
    assert number is not None
    assert select.select([number], [], [], 0)[0] == []
    began = time.monotonic_ns()
    person.focus(second)
    assert select.select([number], [], [], 5)[0] == [number]
    desktop.focused()
    changes = desktop.focus_log()
    at, window = changes[-1]
    assert began - 50_000_000 <= at <= time.monotonic_ns()
    assert window is not None
    assert window.id == f"x11:{second.id:#x}"


def test_a_server_that_is_not_there_or_goes_away_is_an_error_with_a_remedy(screen: Screen, desktop: X11Desktop) -> None:
    with pytest.raises(StenoError, match="987"):
        X11Desktop(":987")
    screen.server.kill()
    screen.server.wait()
    for question in (desktop.focused, desktop.secret, desktop.disturbances, desktop.focus_log):
        with pytest.raises(StenoError, match="gone away"):
            question()
