from __future__ import annotations

import pytest

from tests.clients.typist_world import A, B, Make, world

__all__ = ["world"]


@pytest.mark.parametrize("mode", ["final", "commit", "live"])
def test_scratch_that_takes_the_last_insertion_back(world: Make, mode: str) -> None:
    w = world(typing={"mode": mode})
    w.say("First.", 1)
    w.say("Second.", 2)
    w.press(3)
    w.begin(3, 3)
    w.partial(3, "", "scratch that", 3)
    w.final(3, "Scratch that.", 3)
    assert w.a == "First."
    w.say("Third.", 4)
    assert w.a == "First. Third."


def test_undo_goes_further_back_each_time(world: Make) -> None:
    w = world()
    for number, text in enumerate(("One.", "Two.", "Three."), 1):
        w.say(text, number)
    w.tell("undo-last")
    assert w.a == "One. Two."
    w.tell("undo-last")
    w.tell("undo-last")
    assert w.a == ""
    w.tell("undo-last")
    assert "nothing was typed that could be taken back" in w.heard


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("touch", "were pressed since"),
        ("focus", "does not have the focus"),
        ("unknown", "does not tell whether"),
        ("secret", "a password field"),
    ],
)
def test_undo_is_refused_when_it_would_not_be_exact(world: Make, what: str, why: str) -> None:
    w = world()
    w.say("Hello.", 1)
    if what == "touch":
        w.desktop.touch("!")
    elif what == "focus":
        w.desktop.window = B
    elif what == "unknown":
        w.desktop.count = None
    else:
        w.desktop.secret_why = "a password field"
    w.tell("undo-last")
    assert w.a == ("Hello.!" if what == "touch" else "Hello.")
    assert w.b == ""
    assert why in w.heard


@pytest.mark.parametrize("text", ["a\U0001f44d\U0001f3fd", "नि", "e\u0323\u0302x\u0332"])
def test_undo_is_refused_where_a_backspace_may_take_more_or_less(world: Make, text: str) -> None:
    w = world(text={"capitals": False})
    w.say(text, 1)
    typed = w.a
    w.tell("undo-last")
    assert (w.a == typed) == ("not take back exactly" in w.heard)


def test_undo_is_refused_behind_an_enter(world: Make) -> None:
    w = world(typing={"rules": [{"submit": True}]})
    w.say("Hello.", 1)
    w.tell("undo-last")
    assert w.a == "Hello.⏎"
    assert "Enter was pressed" in w.heard


def test_undo_after_a_kept_text_takes_nothing_back_that_was_said_before_it(world: Make) -> None:
    w = world()
    w.say("First.", 1)
    w.press(2)
    w.desktop.window = B
    w.final(2, "Second.", 2)
    w.desktop.window = A
    w.tell("undo-last")
    assert w.a == "First."
    assert "was not typed" in w.heard
    w.tell("undo-last")
    assert w.a == ""
