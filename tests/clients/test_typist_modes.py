from __future__ import annotations

from typing import Any

import pytest

from clients.typist.backend import Outcome
from pipeline import events
from tests.clients.typist_world import B, Make, World, world

__all__ = ["world"]

LIVE = {"mode": "live"}
COMMIT = {"mode": "commit"}


def open_take(w: World, output: str = "") -> None:
    w.press(1, output)
    w.begin(1, 1)


def test_commit_types_committed_words_as_they_come_and_no_tail(world: Make) -> None:
    w = world(typing=COMMIT)
    open_take(w)
    w.partial(1, "", "hel", 1)
    assert w.a == ""
    w.partial(1, "Hello", "there", 1)
    assert w.a == "Hello"
    w.partial(1, "Hello there,", "how", 1)
    assert w.a == "Hello there,"
    w.final(1, "Hello there, how are you?", 1)
    assert w.a == "Hello there, how are you?"
    assert w.said == []


def test_a_take_s_own_output_comes_before_the_setting(world: Make) -> None:
    w = world()
    open_take(w, "commit")
    w.partial(1, "Hello", "", 1)
    assert w.a == "Hello"
    w = world(typing=COMMIT)
    open_take(w, "final")
    w.partial(1, "Hello", "", 1)
    assert w.a == ""


def test_commit_never_deletes_even_if_a_final_contradicts(world: Make) -> None:
    w = world(typing=COMMIT)
    open_take(w)
    w.partial(1, "Hello", "", 1)
    w.final(1, "Yellow there.", 1)
    assert w.a == "Hello"
    assert "could not be corrected safely" in w.heard


def test_commit_goes_on_after_the_user_has_typed(world: Make) -> None:
    w = world(typing=COMMIT)
    open_take(w)
    w.partial(1, "Hello", "", 1)
    w.desktop.touch("!")
    w.final(1, "Hello there.", 1)
    assert w.a == "Hello! there."


def test_commit_waits_for_modifiers_without_blocking_and_goes_on_at_the_final(world: Make) -> None:
    w = world(typing=COMMIT)
    open_take(w)
    w.backend.before = lambda typed: "modifiers" if typed == 3 else ""
    w.partial(1, "Hello", "", 1)
    assert w.a == "Hel"
    w.backend.before = lambda typed: ""
    w.final(1, "Hello there.", 1)
    assert w.a == "Hello there."


def test_commit_keeps_the_rest_when_the_focus_has_moved(world: Make) -> None:
    w = world(typing=COMMIT)
    open_take(w)
    w.partial(1, "Hello", "", 1)
    w.desktop.window = B
    w.partial(1, "Hello there", "", 1)
    w.final(1, "Hello there.", 1)
    assert (w.a, w.b) == ("Hello", "")
    assert "7 of 12 characters were kept" in w.heard


def test_live_corrects_its_own_characters(world: Make) -> None:
    w = world(typing=LIVE)
    open_take(w)
    w.partial(1, "", "I scream", 1)
    assert w.a == "I scream"
    w.partial(1, "", "Ice cream is", 1)
    assert w.a == "Ice cream is"
    w.final(1, "Ice cream is good.", 1)
    assert w.a == "Ice cream is good."


def test_live_deletes_nothing_after_the_user_has_typed_and_keeps_what_it_cannot_correct(world: Make) -> None:
    w = world(typing=LIVE)
    open_take(w)
    w.partial(1, "", "I scream", 1)
    w.desktop.touch("mine")
    w.partial(1, "", "Ice cream is", 1)
    w.final(1, "Ice cream is good.", 1)
    assert w.a == "I screammine"
    assert "could not be corrected safely" in w.heard


def test_live_appends_what_only_adds_after_the_user_has_typed_but_corrects_no_more(world: Make) -> None:
    w = world(typing=LIVE)
    open_take(w)
    w.partial(1, "", "Ice", 1)
    w.desktop.touch("!")
    w.partial(1, "", "Ice cream", 1)
    assert w.a == "Ice! cream"
    w.partial(1, "", "I scream", 1)
    w.final(1, "I scream", 1)
    assert w.a == "Ice! cream"


def test_live_corrects_nothing_that_was_typed_while_the_user_typed(world: Make) -> None:
    w = world(typing=LIVE)
    open_take(w)

    def before(typed: int) -> str:
        if typed == 2:
            w.desktop.touch("x")
            w.backend.before = lambda typed: ""
        return ""

    w.backend.before = before  # type: ignore[assignment]
    w.partial(1, "", "Ice", 1)
    w.final(1, "Hot", 1)
    assert w.a == "Icxe"


def test_live_corrects_nothing_in_another_window(world: Make) -> None:
    w = world(typing=LIVE)
    open_take(w)
    w.partial(1, "", "Ice", 1)
    w.desktop.window = B
    w.desktop.put("other")
    w.partial(1, "", "Nice", 1)
    w.final(1, "Nice", 1)
    assert (w.a, w.b) == ("Ice", "other")


def test_live_corrects_no_grapheme_of_several_code_points(world: Make) -> None:
    w = world(typing=LIVE)
    open_take(w)
    w.partial(1, "", "a 👍🏽", 1)
    assert w.a == "a 👍🏽"
    w.final(1, "a b", 1)
    assert w.a == "a 👍🏽"
    assert "could not be corrected safely" in w.heard


def test_live_types_as_commit_where_nobody_tells_what_is_typed_meanwhile(world: Make) -> None:
    w = world(typing=LIVE)
    w.desktop.count = None
    open_take(w)
    w.partial(1, "Ice", " cream", 1)
    assert w.a == "Ice"
    w.final(1, "Ice cream", 1)
    w.press(2)
    assert w.a == "Ice cream"
    assert w.heard.count("types as `commit`") == 1


@pytest.mark.parametrize("mode", ["commit", "live"])
def test_a_cancelled_take_is_taken_back_if_that_is_safe(world: Make, mode: str) -> None:
    for touched in (False, True):
        w = world(typing={"mode": mode})
        open_take(w)
        w.partial(1, "Hello", "", 1)
        if touched:
            w.desktop.touch("!")
        w.final(1, "", 1)
        assert w.a == ("Hello!" if touched else "")
        assert ("stays" in w.heard) == touched


def test_words_of_the_next_utterance_wait_for_the_final_of_the_one_before(world: Make) -> None:
    w = world(typing=COMMIT)
    open_take(w)
    w.partial(1, "One", "", 1)
    w.begin(2, 1)
    w.partial(2, "Three", "", 1)
    assert w.a == "One"
    w.final(1, "One two.", 1)
    assert w.a == "One two. Three"


def test_the_key_that_has_steno_listen_is_no_disturbance(world: Make) -> None:
    w = world()
    w.key_press = True
    w.say("First.", 1)
    w.desktop.touch()
    w.say("Second.", 2)
    assert w.a == "First. Second."
    w.tell("undo-last")
    w.tell("undo-last")
    assert w.a == ""


def test_that_key_is_none_either_while_the_text_before_is_still_typed(
    world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = world()
    w.key_press = True
    typed = w.backend.type

    def pressed_meanwhile(*arguments: Any) -> Outcome:
        outcome = typed(*arguments)
        w.desktop.touch()
        return outcome

    monkeypatch.setattr(w.backend, "type", pressed_meanwhile)
    w.say("First.", 1)
    w.say("Second.", 2)
    assert w.a == "First. Second."
    w.desktop.touch("x")
    w.say("Third.", 3)
    assert w.a == "First. Second.xThird."


def test_nor_are_two_of_them_that_are_counted_before_the_first_is_told(world: Make) -> None:
    w = world()
    w.say("First.", 1)
    w.desktop.touch()
    w.desktop.touch()
    w.hear(events.Listening, on=True, take=2, at_ns=w.ns, held=True, output="", key_press=True)
    w.key_press = True
    w.say("Second.", 3)
    assert w.a == "First. Second."


def test_a_key_more_than_that_is_one(world: Make) -> None:
    w = world()
    w.key_press = True
    w.say("First.", 1)
    w.desktop.touch("x")
    w.desktop.touch()
    w.say("Second.", 2)
    assert w.a == "First.xSecond."


def test_a_modifier_is_not_counted_so_that_a_key_beside_it_is_the_user_s(world: Make) -> None:
    w = world(typing=LIVE)
    w.say("First.", 1)
    w.desktop.touch("x")
    w.say("Second.", 2)
    assert w.a == "First.xSecond."


def test_live_corrects_after_the_press_that_ends_a_take(world: Make) -> None:
    w = world(typing=LIVE)
    open_take(w)
    w.partial(1, "", "I scream", 1)
    w.desktop.touch()
    w.hear(events.Listening, on=False, take=1, at_ns=w.ns, held=False, output="", key_press=True)
    w.final(1, "Ice cream.", 1)
    assert w.a == "Ice cream."


def test_a_release_forgives_nothing(world: Make) -> None:
    w = world(typing=LIVE)
    open_take(w)
    w.partial(1, "", "I scream", 1)
    w.desktop.touch("x")
    w.hear(events.Listening, on=False, take=1, at_ns=w.ns, held=True, output="")
    w.final(1, "Ice cream.", 1)
    assert w.a == "I screamx"
