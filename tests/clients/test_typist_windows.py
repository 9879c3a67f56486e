"""Which window a text goes to: ids that are given anew, a focus that is nowhere for a while, keys that come between."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clients.desktop.window import Window, same
from clients.subscription import Subscription
from pipeline.sockets import Wire
from tests.clients.typist_world import A, B, Make, World, world

__all__ = ["world"]

OTHER = Window(A.id, "Browser", "x", "browser", 9)
"""A window that got the id of one that is gone."""


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (A, A, True),
        (A, replace(A, title="now another title"), True),
        (A, Window(A.id), True),
        (A, OTHER, False),
        (A, B, False),
        (A, None, False),
        (None, None, True),
    ],
)
def test_a_window_is_known_by_its_id_and_its_process(one: Window | None, other: Window | None, expected: bool) -> None:
    assert same(one, other) is expected
    assert same(other, one) is expected


def test_a_text_that_waits_does_not_go_to_a_window_that_got_the_same_id(world: Make) -> None:
    w = world(typing={"focus_moves": "hold"})
    w.press(1)
    w.begin(1, 1)
    w.desktop.window = B
    w.final(1, "For the first.", 1)
    w.desktop.window = OTHER
    w.work()
    assert w.a == ""
    assert w.session.hearing.nothing_for(OTHER)
    w.say("For the other.", 2)
    assert w.a == "For the other."
    w.session.hearing.vanished(A)
    w.work()
    assert w.a == "For the other."
    assert "its window is gone" in w.heard


def test_what_stood_in_a_window_says_nothing_of_one_that_got_the_same_id(world: Make) -> None:
    w = world()
    w.say("First.", 1)
    w.desktop.window, w.desktop.texts[A.id] = OTHER, ""
    w.say("Second.", 2)
    assert w.a == "Second."
    w.desktop.window = A
    w.tell("undo-last")
    assert "does not have the focus" in w.heard


def test_words_follow_the_focus_to_a_window_that_got_the_same_id(world: Make) -> None:
    w = world()
    log = w.session.hearing.log
    log.note(w.ns, A)
    log.note(w.ns + 5, OTHER)
    log.note(w.ns + 1, B)
    assert [log.at(w.ns + after) for after in (0, 4, 5)] == [A, A, B]


def test_speech_that_begins_when_a_window_has_the_focus_again_goes_there(world: Make) -> None:
    w = world()
    w.desktop.window = None
    w.press(1)
    w.desktop.window = B
    w.begin(1, 1)
    w.desktop.window = A
    w.final(1, "Hello.", 1)
    assert "another window has the focus" in w.heard
    w.desktop.window = None
    w.press(2)
    w.desktop.window = B
    w.begin(2, 2)
    w.final(2, "Hello.", 2)
    assert (w.a, w.b) == ("", "Hello.")


def touched_as_typing_begins(w: World) -> None:
    """The user presses a key between the look at the keys and the first of the next keys of ours."""
    put = w.journal.put

    def touch(*entries: Any) -> None:
        put(*entries)
        w.journal.put = put  # type: ignore[method-assign]
        w.desktop.touch("X")

    w.journal.put = touch  # type: ignore[method-assign]


def live(w: World) -> None:
    w.press(1)
    w.begin(1, 1)
    w.partial(1, "", "abc", 1)


def test_a_key_that_comes_just_before_a_correction_stops_it(world: Make) -> None:
    w = world(typing={"mode": "live"})
    live(w)
    touched_as_typing_begins(w)
    w.partial(1, "", "axy", 1)
    w.final(1, "axyz", 1)
    assert w.a == "abcX"
    assert "could not be corrected safely" in w.heard


def test_a_key_that_comes_just_before_more_is_typed_is_never_taken_back(world: Make) -> None:
    w = world(typing={"mode": "live"})
    live(w)
    touched_as_typing_begins(w)
    w.partial(1, "", "abcd", 1)
    w.partial(1, "", "axy", 1)
    w.final(1, "axyz", 1)
    assert w.a == "abcXd"


def test_a_key_that_comes_just_before_an_undo_stops_it(world: Make) -> None:
    w = world()
    w.say("Hello.", 1)
    touched_as_typing_begins(w)
    w.tell("undo-last")
    assert w.a == "Hello.X"
    assert "6 characters were not taken back: keys or mouse buttons were pressed meanwhile" in w.heard
    w.tell("undo-last")
    assert w.a == "Hello.X"


def test_the_desktop_s_news_end_the_wait_for_events(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with Wire(tmp_path) as wire:
        stream = Subscription(wire)
        os.write(writer, b"news")
        stream.wait(600, reader)
        assert stream.receive(0.0) == []
    os.close(reader)
    os.close(writer)
