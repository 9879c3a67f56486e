from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.typist import journal
from pipeline import events
from tests.clients.fake_daemon import TIMINGS
from tests.clients.typist_world import A, B, Killed, Make, World, world

__all__ = ["world"]

TEXT = "The quick brown fox jumps over the lazy dog, twice."


def kill_at(w: World, place: int, within: int = 0) -> None:
    w.backend.dies = place, within


def dies(w: World, doing: Callable[[], None]) -> None:
    with pytest.raises(Killed):
        doing()
    w.backend.dies = None


@pytest.mark.parametrize("place", range(0, len(TEXT) - 5, 5))
def test_a_typist_killed_between_two_pieces_goes_on_where_it_was(world: Make, place: int) -> None:
    w = world()
    w.backend.piece = 5
    kill_at(w, place)
    dies(w, lambda: w.say(TEXT, 1))
    w.start()
    # That the piece was on its way had been written, and nobody knows whether it arrived: it is not typed again.
    assert w.a == TEXT[:place] + TEXT[place + 5 :]
    assert "up to 5 characters may be missing" in w.heard
    w.start()
    assert w.a == TEXT[:place] + TEXT[place + 5 :]


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_nothing_is_ever_typed_twice_wherever_typists_die(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        w = World(patch, Path(tmp_path_factory.mktemp("r")))
        w.backend.piece = data.draw(st.integers(1, 7))
        places = sorted(data.draw(st.lists(st.integers(0, len(TEXT)), min_size=1, max_size=4)))
        for number, place in enumerate(places):
            w.backend.typed = len(w.a)
            kill_at(w, place, data.draw(st.integers(0, w.backend.piece)))
            with contextlib.suppress(Killed):
                w.start() if number else w.say(TEXT, 1)
            w.backend.dies = None
        w.start()
        standing, at = w.a, 0
        for character in standing:  # in order, nothing twice: a subsequence
            at = TEXT.index(character, at) + 1
        assert len(standing) >= len(TEXT) - len(places) * w.backend.piece


def test_the_rest_is_kept_if_another_window_has_the_focus(world: Make) -> None:
    w = world()
    kill_at(w, 10)
    dies(w, lambda: w.say(TEXT, 1))
    w.desktop.window = B
    w.start()
    assert (w.a, w.b) == (TEXT[:10], "")
    assert "another window has the focus: 40 of 51 characters were kept" in w.heard


def test_a_missed_final_is_typed_if_it_is_young(world: Make) -> None:
    w = world()
    w.say("One.", 1)
    w.finals.append(missed(w, 2, "Two."))
    w.wall += 5
    w.start()
    assert w.a == "One.Two."


def missed(w: World, utterance: int, text: str) -> events.Final:
    """A final that came while no typist ran."""
    fields: dict[str, Any] = {"language": "", "start": 0.0, "end": 1.0, "timings": TIMINGS}
    final: events.Final = w.make(events.Final, source="mic", utterance=utterance, text=text, **fields)
    return final


def test_a_missed_final_that_is_old_is_kept_and_said(world: Make) -> None:
    w = world()
    w.say("One.", 1)
    w.finals.append(missed(w, 2, "Two."))
    w.wall += 60
    w.start()
    assert w.a == "One."
    assert "too long ago" in w.heard
    last = journal.read(w.runtime).last()
    assert last is not None
    assert last.raw == "Two."


def test_after_an_orderly_end_nothing_is_caught_up_with(world: Make) -> None:
    w = world()
    w.say("One.", 1)
    w.journal.close()
    w.finals.append(missed(w, 2, "Two."))
    w.start()
    assert w.a == "One."
    w.start()
    assert w.a == "One."


def test_finals_before_the_first_typist_are_not_typed(world: Make) -> None:
    w = world()
    w.journal.close()
    w.finals.append(missed(w, 1, "Before."))
    w.start()
    w.start()
    assert w.a == ""


def test_of_another_daemon_nothing_is_resumed(world: Make) -> None:
    w = world()
    kill_at(w, 10)
    dies(w, lambda: w.say(TEXT, 1))
    w.daemon, w.finals = "two", []
    w.start()
    assert w.a == TEXT[:10]


def test_a_text_that_waited_waits_on(world: Make) -> None:
    w = world(typing={"focus_moves": "hold"})
    w.press(1)
    w.desktop.window = B
    w.final(1, "Hello.", 1)
    w.start()
    assert (w.a, w.b) == ("", "")
    w.desktop.window = A
    w.work()
    assert w.a == "Hello."


def test_an_utterance_of_which_words_were_typed_goes_on(world: Make) -> None:
    w = world(typing={"mode": "commit"})
    w.press(1)
    w.begin(1, 1)
    w.partial(1, "The quick", "", 1)
    w.finals.append(missed(w, 1, TEXT))
    w.start()
    assert w.a == TEXT


def test_an_enter_that_may_have_been_pressed_is_not_pressed_again(world: Make) -> None:
    w = world(typing={"rules": [{"submit": True}]})
    w.backend.piece = 100
    kill_at(w, 0, 100)
    dies(w, lambda: w.say(TEXT, 1))
    w.start()
    assert w.a == TEXT


def test_a_text_that_was_being_corrected_is_kept(world: Make) -> None:
    w = world(typing={"mode": "live"})
    w.press(1)
    w.begin(1, 1)
    w.partial(1, "", "The slow", 1)
    kill_at(w, 0)
    dies(w, lambda: w.partial(1, "", "The quick", 1))
    w.finals.append(missed(w, 1, TEXT))
    w.start()
    assert w.a == "The slow"
    assert "what stands of it is not known" in w.heard
