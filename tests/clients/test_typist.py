from __future__ import annotations

import pytest

from clients.desktop.window import Window
from clients.typist import journal
from clients.typist.backend import Stopped
from pipeline import events
from tests.clients.typist_world import A, B, Make, MemoryBackend, World, world

__all__ = ["world"]


def moves(world: World, after: int, to: Window = B) -> None:
    """The focus goes elsewhere when so many characters were typed."""

    def before(typed: int) -> Stopped:
        if typed == after:
            world.desktop.window = to
        return ""

    world.backend.before = before


def test_a_final_is_typed_into_the_window_of_the_press(world: Make) -> None:
    w = world()
    w.say("Hello there.", 1)
    assert w.a == "Hello there."
    assert w.said == []


def test_texts_in_a_row_are_spaced_by_what_stands_before_them(world: Make) -> None:
    w = world()
    w.say("Hello there.", 1)
    w.say("how are you?", 2)
    assert w.a == "Hello there. How are you?"


def test_after_the_user_typed_nothing_is_known_of_what_stands_before(world: Make) -> None:
    w = world()
    w.say("Hello there.", 1)
    w.desktop.touch("\n")
    w.say("How are you?", 2)
    assert w.a == "Hello there.\nHow are you?"


def test_an_empty_final_types_nothing_and_says_nothing(world: Make) -> None:
    w = world()
    w.say("", 1)
    w.say("  ", 2)
    assert (w.a, w.said) == ("", [])


def test_pin_keeps_a_text_whose_window_has_lost_the_focus(world: Make) -> None:
    w = world()
    w.press(1)
    w.begin(1, 1)
    w.desktop.window = B
    w.final(1, "secret words", 1)
    assert (w.a, w.b) == ("", "")
    assert "another window has the focus: a text was kept" in w.heard
    assert "secret words" not in w.heard
    last = journal.read(w.runtime).last()
    assert last is not None
    assert (last.text, last.state) == ("secret words", "kept")


def test_pin_keeps_the_rest_when_the_focus_moves_in_the_middle(world: Make) -> None:
    w = world()
    moves(w, 3)
    w.say("abcdef", 1)
    assert (w.a, w.b) == ("abc", "")
    assert "3 of 6 characters were kept" in w.heard


def test_hold_types_the_rest_when_the_window_is_back(world: Make) -> None:
    w = world(typing={"focus_moves": "hold"})
    moves(w, 3)
    w.say("abcdef", 1)
    w.say("ghi", 2)
    assert (w.a, w.b) == ("abc", "ghi")
    w.backend.before = lambda typed: ""
    w.desktop.window = A
    w.work()
    assert w.a == "abcdef"


def test_hold_keeps_the_order_of_one_window_and_lets_others_pass(world: Make) -> None:
    w = world(typing={"focus_moves": "hold"}, text={"spacing": False})
    w.press(1)
    w.desktop.window = B
    w.final(1, "one", 1)
    w.final(2, "two", 1)
    w.say("three", 3)
    assert (w.a, w.b) == ("", "three")
    w.desktop.window = A
    w.work()
    assert w.a == "onetwo"


def test_what_waits_for_a_window_that_is_gone_is_kept(world: Make) -> None:
    w = world(typing={"focus_moves": "hold"})
    w.press(1)
    w.desktop.window = B
    w.final(1, "Hello.", 1)
    assert w.session.hearing.awaited == [A]
    w.session.hearing.vanished(A)
    w.work()
    assert "its window is gone: a text was kept" in w.heard
    assert w.session.idle


def test_follow_types_words_where_one_looked_when_they_were_said(world: Make) -> None:
    w = world(typing={"focus_moves": "follow"})
    w.press(1)
    w.begin(1, 1)
    origin = w.ns
    w.ns = origin + 1_000_000_000
    w.desktop.window = B
    w.work()
    w.ns = origin + 2_000_000_000
    w.final(1, "One two, three four.", 1)
    assert (w.a, w.b) == ("", "")
    said = [("One", 0.1, 0.4), ("two", 0.5, 0.8), ("three", 1.1, 1.4), ("four", 1.5, 1.9)]
    words = [events.TimedWord(*word) for word in said]
    w.hear(events.Words, source="mic", utterance=1, words=words, align=0.1)
    assert (w.a, w.b) == ("", "three four.")
    w.desktop.window = A
    w.work()
    assert w.a == "One two,"


def test_follow_without_word_times_types_where_it_was_begun(world: Make) -> None:
    w = world(typing={"focus_moves": "follow"})
    w.press(1)
    w.begin(1, 1)
    w.desktop.window = B
    w.final(1, "One two.", 1)
    w.hear(events.Words, source="mic", utterance=1, words=[], align=0.1, error="it failed")
    assert (w.a, w.b) == ("", "")
    w.desktop.window = A
    w.work()
    assert w.a == "One two."
    assert "no word times" in w.heard


def test_follow_does_not_wait_for_words_while_the_focus_stays(world: Make) -> None:
    w = world(typing={"focus_moves": "follow"})
    w.say("One two.", 1)
    assert w.a == "One two."


@pytest.mark.parametrize("setting", ["type", "keep"])
def test_where_the_focus_is_not_told_the_setting_decides(world: Make, setting: str) -> None:
    w = world(typing={"unknown_window": setting})
    w.desktop.sees_focus = False
    w.say("Hello.", 1)
    assert w.a == ("Hello." if setting == "type" else "")
    assert ("unknown_window" in w.heard) == (setting == "keep")


def test_excluded_and_refused_programs_get_nothing(world: Make) -> None:
    w = world(typing={"excluded": ["Edit*"], "rules": [{"process": "term", "refuse": True}]})
    w.say("Hello.", 1)
    w.desktop.window = B
    w.say("There.", 2)
    assert (w.a, w.b) == ("", "")
    assert "typing.excluded" in w.heard
    assert "typing.rules" in w.heard


@pytest.mark.parametrize("when", ["press", "typing"])
def test_nothing_is_typed_into_a_secret(world: Make, when: str) -> None:
    w = world()
    w.desktop.secret_why = "a password field" if when == "press" else ""
    w.press(1)
    w.desktop.secret_why = "a password field" if when == "typing" else ""
    w.final(1, "Hello.", 1)
    assert w.a == ""
    assert "a password field: a text was kept" in w.heard


def test_a_rule_gives_newline_submit_context_and_form(world: Make) -> None:
    rule = {"program": "editor", "newline": "shift+enter", "submit": True, "context": "Steno", "punctuation": False}
    w = world(typing={"rules": [rule]})
    w.say("new line", 1)
    w.say("Make install.", 2)
    assert w.a == "⇧⏎make install⏎"
    assert w.contexts == [(1, "Steno"), (2, "Steno")]


def test_a_line_break_is_a_space_and_nothing_is_submitted_without_a_rule(world: Make) -> None:
    w = world(text={"snippets": [{"say": "greeting", "insert": "Hello\nthere"}]})
    w.say("greeting", 1)
    assert w.a == "Hello there"


def test_held_modifiers_beyond_patience_keep_the_rest(world: Make) -> None:
    w = world(typing={"modifier_wait_s": 0})
    w.backend.before = lambda typed: "modifiers" if typed == 2 else ""
    w.say("abcdef", 1)
    assert w.a == "ab"
    assert "4 of 6 characters were kept" in w.heard


def test_another_back_end_types_the_rest_when_one_fails(world: Make) -> None:
    w = world()
    w.others = [MemoryBackend(w.desktop, "second")]
    w.start()
    w.backend.before = lambda typed: "failed" if typed == 3 else ""
    w.say("abcdef", 1)
    assert w.a == "abcdef"
    assert "memory failed" in w.heard


def test_without_another_back_end_the_rest_is_kept(world: Make) -> None:
    w = world()
    w.backend.before = lambda typed: "failed" if typed == 3 else ""
    w.say("abcdef", 1)
    assert w.a == "abc"
    assert "3 of 6 characters were kept" in w.heard


def test_a_context_of_a_rule_is_sent_at_the_press_only_where_there_is_one(world: Make) -> None:
    w = world(typing={"rules": [{"program": "terminal", "context": "kubectl"}]})
    w.press(1)
    w.desktop.window = B
    w.press(2)
    assert w.contexts == [(2, "kubectl")]


def test_retype_types_the_whole_text_where_the_focus_is(world: Make) -> None:
    w = world()
    moves(w, 3)
    w.say("abcdef", 1)
    w.backend.before = lambda typed: ""
    w.tell("retype-last")
    assert (w.a, w.b) == ("abc", "abcdef")


def test_retype_parts_the_text_from_what_stands_there_and_from_nothing_else(world: Make) -> None:
    w = world()
    w.say("One.", 1)
    w.say("Two.", 2)
    w.desktop.window = B
    w.tell("retype-last")
    assert (w.a, w.b) == ("One. Two.", "Two.")
    w.tell("retype-last")
    assert w.b == "Two. Two."
    w.tell("undo-last")
    w.tell("undo-last")
    w.tell("retype-last")
    assert w.b == "Two."


def test_retype_without_a_text_says_so(world: Make) -> None:
    w = world()
    w.tell("retype-last")
    assert "no text to type again" in w.heard


def test_what_was_said_with_no_window_focused_is_kept(world: Make) -> None:
    w = world()
    w.desktop.window = None
    w.press(1)
    w.desktop.window = A
    w.final(1, "Hello.", 1)
    assert w.a == ""
    assert "no window had the focus" in w.heard


def test_an_incomplete_text_is_said_to_be_so(world: Make) -> None:
    w = world()
    w.press(1)
    w.final(1, "Half", 1, error="it died")
    assert w.a == "Half"
    assert "an utterance is incomplete: it died" in w.heard
