"""Where the `x11` back-end waits, and where it ends before the text does."""

from __future__ import annotations

import signal
import threading

import pytest

from clients.typist.backend import Outcome, Place
from clients.typist.backends.x11 import X11Backend
from tests.system.screen import Screen
from tests.system.x11_person import KEYCODES, Person, killed_while_typing
from tests.system.x11_texts import mixed

pytestmark = pytest.mark.system

A_KEY = 38


def ignore(sent: int) -> None:
    pass


def test_a_modifier_is_waited_for_and_typing_ends_if_it_stays(
    screen: Screen, person: Person, backend: X11Backend
) -> None:
    terminal = screen.xterm()
    window = person.focus(terminal)
    person.press(KEYCODES["ctrl"])
    became = backend.type("never", Place(window, modifier_wait_s=0.1), ignore)
    assert (became.done, became.stopped) == (0, "modifiers")
    released = threading.Timer(0.3, person.release, [KEYCODES["ctrl"]])
    released.start()
    assert backend.type("later", Place(window), ignore) == Outcome(5)
    released.join()
    terminal.wait_for("later")


def test_a_menu_that_holds_the_keyboard_gets_no_text(screen: Screen, person: Person, backend: X11Backend) -> None:
    terminal = screen.xterm()
    window = person.focus(terminal)
    person.grab_keyboard()
    became = backend.type("never", Place(window, modifier_wait_s=0.1), ignore)
    assert (became.done, became.stopped, became.detail) == (
        0,
        "modifiers",
        "a menu or another program holds the keyboard",
    )
    person.ungrab_keyboard()
    assert backend.type("now", Place(window), ignore) == Outcome(3)
    terminal.wait_for("now")


def test_a_key_that_is_down_already_is_waited_for(screen: Screen, person: Person, backend: X11Backend) -> None:
    terminal = screen.xterm()
    window = person.focus(terminal)
    person.press(A_KEY)
    assert backend.type("xyz", Place(window, modifier_wait_s=0.1), ignore) == Outcome(3)
    became = backend.type("abc", Place(window, modifier_wait_s=0.1), ignore)
    assert (became.done, became.stopped) == (0, "modifiers")
    person.release(A_KEY)
    assert "xyz" in person.read(terminal)


def test_what_is_borrowed_is_given_back_and_what_a_killed_typist_left_is_taken_over(
    screen: Screen, person: Person
) -> None:
    terminal = screen.xterm()
    window = person.focus(terminal)
    before = person.keyboard()
    killed_while_typing(screen, "你好世界", window, 0.5)
    left = person.keyboard()
    assert left != before
    backend = X11Backend(screen.environ["DISPLAY"])
    assert "19 keycodes" in backend.probe().text
    text = mixed(300, seed=9)
    assert backend.type(text, Place(window), ignore) == Outcome(len(text))
    backend.close()
    terminal.wait_for("你好世界" + text)
    assert person.keyboard() == before


def test_without_free_keycodes_only_what_stands_on_a_key_is_typed(screen: Screen, person: Person) -> None:
    terminal = screen.xterm()
    window = person.focus(terminal)
    person.fill_keyboard()
    backend = X11Backend(screen.environ["DISPLAY"])
    assert backend.probe().usable
    became = backend.type("ab你", Place(window), ignore)
    assert (became.done, became.stopped) == (2, "failed")
    assert "U+4F60" in became.detail
    terminal.wait_for("ab")


def test_a_control_character_is_never_typed(screen: Screen, person: Person, backend: X11Backend) -> None:
    place = Place(person.focus(screen.xterm()))
    assert backend.type("ls\n", place, ignore).stopped == "failed"


def test_a_program_that_hangs_is_not_given_the_wrong_text(screen: Screen, person: Person, backend: X11Backend) -> None:
    terminal = screen.xterm()
    window = person.focus(terminal)
    text = mixed(200, seed=10)
    terminal.process.send_signal(signal.SIGSTOP)
    became = backend.type(text, Place(window), ignore)
    terminal.process.send_signal(signal.SIGCONT)
    assert became.stopped == "failed"
    assert 0 < became.done < len(text)
    terminal.wait_for(text[: became.done])


def test_a_server_that_is_not_there_or_goes_away_is_an_outcome(
    screen: Screen, person: Person, backend: X11Backend
) -> None:
    nowhere = X11Backend(":987")
    assert not nowhere.probe().usable
    assert nowhere.type("text", Place(None), ignore).stopped == "failed"
    place = Place(person.focus(screen.xterm()))
    killed: list[int] = []

    def kill(sent: int) -> None:
        if sent > 100 and not killed:
            killed.append(sent)
            screen.server.kill()
            screen.server.wait()

    became = backend.type(mixed(400, seed=11), place, kill)
    assert became.stopped == "failed"
    assert "gone away" in became.detail
    assert not backend.probe().usable
    backend.close()
