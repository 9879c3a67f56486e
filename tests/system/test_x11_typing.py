"""The `x11` back-end in a real xterm and a real GTK entry: exact, in the right window only, and no key left down."""

from __future__ import annotations

import itertools
import os
import random
import re
import threading
import time

import pytest

from clients.typist.backend import Outcome, Place
from clients.typist.backends.x11 import X11Backend
from tests.system.screen import Field, Screen
from tests.system.x11_person import KEYCODES, Person, burning, focuser, killed_while_typing
from tests.system.x11_texts import latin, mixed

pytestmark = pytest.mark.system

LAYOUTS = [("us",), ("de",), ("fr",), ("us(dvorak)",), ("us", "ru"), ("ru", "us")]
"""Of two layouts the first is the active one."""
A_KEY = 38
ENTRY = 100
"""Characters that a GTK entry is given before it is emptied: it draws all of its text anew for each."""


def ignore(sent: int) -> None:
    pass


@pytest.mark.parametrize("layout", LAYOUTS, ids="+".join)
def test_2000_characters_of_many_scripts_arrive_exactly_in_a_terminal_with_and_without_caps_lock(
    screen: Screen, person: Person, backend: X11Backend, layout: tuple[str, ...]
) -> None:
    screen.layout(*layout)
    terminal = screen.xterm()
    place = Place(person.focus(terminal))
    expected = ""
    for caps in (False, True):
        person.caps_lock(caps)
        text = mixed(2000, seed=caps)
        assert backend.type(text, place, ignore) == Outcome(len(text))
        expected += text
        terminal.wait_for(expected)
    assert person.keys_down() == []


@pytest.mark.parametrize("layout", LAYOUTS, ids="+".join)
def test_2000_characters_of_many_scripts_arrive_exactly_in_a_gtk_entry_with_and_without_caps_lock(
    screen: Screen, person: Person, backend: X11Backend, layout: tuple[str, ...]
) -> None:
    screen.layout(*layout)
    entry = screen.gtk()
    place = Place(person.focus(entry))
    text = mixed(2000, seed=2)
    for begin in range(0, len(text), ENTRY):
        part = text[begin : begin + ENTRY]
        person.caps_lock(begin // ENTRY % 2 == 1)
        assert backend.type(part, place, ignore) == Outcome(len(part))
        entry.wait_for(part, 20)
        assert backend.chord("ctrl+a", place) == Outcome(1)
        assert backend.press("backspace", 1, place) == Outcome(1)
        entry.wait_for("")
    assert person.keys_down() == []


def test_the_layout_may_change_while_text_is_typed(screen: Screen, person: Person, backend: X11Backend) -> None:
    terminal = screen.xterm()
    place = Place(person.focus(terminal))
    text = mixed(1500, seed=3)
    layouts = [("de",), ("us", "ru"), ("fr",)]

    def change(sent: int) -> None:
        if layouts and sent > 1500 - 300 * len(layouts):
            # Keys that a program has not read yet are read by the new layout, whoever has struck them.
            person.read(terminal)
            screen.layout(*layouts.pop())

    assert backend.type(text, place, change) == Outcome(len(text))
    terminal.wait_for(text)
    assert not layouts


def test_of_200_changes_of_the_focus_none_lets_a_character_into_the_wrong_window(
    screen: Screen, person: Person, backend: X11Backend
) -> None:
    right, wrong = screen.xterm(), screen.gtk()
    window = person.focus(right)
    text = latin(150) + mixed(150, seed=4)
    began = time.monotonic()
    backend.type(text, Place(window), ignore)
    whole_s = time.monotonic() - began
    expected, stopped = text, 0
    dice = random.Random(5)
    with focuser(screen) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        for _ in range(200):
            person.set_focus(right)
            other.stdin.write(f"{dice.uniform(0, 1.1 * whole_s)} {wrong.id}\n")
            other.stdin.flush()
            became = backend.type(text, Place(window), ignore)
            assert other.stdout.readline() == "done\n"
            assert became.stopped == ("" if became.done == len(text) else "focus")
            stopped += bool(became.stopped)
            expected += text[: became.done]
    right.wait_for(expected)
    assert person.read(wrong) == ""
    assert stopped > 50, "most changes came too late to matter"


def test_200_typists_killed_while_modifiers_come_and_go_leave_no_key_down_and_press_no_shortcut(
    screen: Screen, person: Person
) -> None:
    terminal = screen.xterm()
    window = person.focus(terminal)
    dice = random.Random(6)
    texts = [f"[{run}:{latin(60)}{mixed(40, seed=run)}" for run in range(200)]
    for text in texts:
        code = KEYCODES[dice.choice(sorted(KEYCODES))]
        holds = threading.Thread(target=hold, args=(person, code, dice.uniform(0, 0.04), dice.uniform(0, 0.03)))
        holds.start()
        killed_while_typing(screen, text, window, dice.uniform(0, 0.1))
        holds.join()
        assert person.keys_down() == []
    arrived = {int(run): part for run, part in re.findall(r"\[(\d+):([^[]*)", person.read(terminal))}
    for run, part in arrived.items():
        assert texts[run].startswith(f"[{run}:{part}"), (part, texts[run])
    whole = sum(len(part) == 100 for part in arrived.values())
    assert len(arrived) - whole > 20, "few died in the middle"


def hold(person: Person, code: int, after_s: float, for_s: float) -> None:
    time.sleep(after_s)
    person.press(code)
    time.sleep(for_s)
    person.release(code)


@pytest.mark.parametrize("kind", ["xterm", "gtk"])
def test_typing_is_exact_while_all_cores_are_busy(
    screen: Screen, person: Person, backend: X11Backend, kind: str
) -> None:
    field: Field = getattr(screen, kind)()
    place = Place(person.focus(field))
    expected = ""
    with burning(2 * (os.cpu_count() or 1)):
        for run in range(3):
            text = mixed(120, seed=run)
            assert backend.type(text, place, ignore) == Outcome(len(text))
            expected += text
    field.wait_for(expected, 20)


def test_a_text_of_20000_characters_arrives_and_is_announced_piece_by_piece(
    screen: Screen, person: Person, backend: X11Backend
) -> None:
    terminal = screen.xterm()
    text = latin(20_000)
    announced: list[int] = []
    assert backend.type(text, Place(person.focus(terminal)), announced.append) == Outcome(len(text))
    terminal.wait_for(text)
    assert announced == sorted(announced)
    assert announced[-1] == len(text)
    assert max(b - a for a, b in itertools.pairwise([0, *announced])) <= 12


def test_enter_shift_enter_and_backspace_are_pressed_in_every_layout(
    screen: Screen, person: Person, backend: X11Backend
) -> None:
    screen.layout("ru", "us")
    entry = screen.gtk("--multiline")
    place = Place(person.focus(entry))
    assert backend.type("abc", place, ignore) == Outcome(3)
    assert backend.press("backspace", 2, place) == Outcome(2)
    assert backend.press("enter", 1, place) == Outcome(1)
    assert backend.press("shift+enter", 12, place) == Outcome(12)
    entry.wait_for("a" + 13 * "\n")
    assert person.keys_down() == []
