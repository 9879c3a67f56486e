"""What is shown follows what hypotheses agree on, always reads as a text, and ends up as the hypothesis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.display import AGREEING, Display


def shown(*texts: str, committed: str = "") -> str:
    """What is shown after these hypotheses."""
    display = Display()
    for text in texts:
        last = display.step(text, committed if text.startswith(committed) else "")
    return last


def test_the_first_text_is_shown_when_a_second_hypothesis_has_it() -> None:
    display = Display()
    assert display.step("She") == ""
    assert display.step("Thank you") == ""
    assert display.step("Thank you for") == "Thank you for"


def test_text_that_follows_a_hypothesis_without_any_is_shown_at_once() -> None:
    assert shown("", "Thank you") == "Thank you"


def test_new_words_behind_what_hypotheses_agree_on_are_shown_at_once() -> None:
    display = Display()
    display.step("The meeting")
    assert display.step("The meeting starts") == "The meeting starts"
    assert display.step("The meeting starts on Thursday") == "The meeting starts on Thursday"


def test_a_word_that_flips_back_is_never_shown_changed() -> None:
    display = Display()
    for text in ("Inum class", "Inum class decorator", "Inum class decorator that"):
        display.step(text)
    assert display.step("In some class decorator that ensures") == "Inum class decorator that"
    assert display.step("Inum class decorator that ensures only") == "Inum class decorator that"
    assert display.step("Inum class decorator that ensures only one") == "Inum class decorator that ensures"
    last = display.step("Inum class decorator that ensures only one name")
    assert last == "Inum class decorator that ensures only one name"


def test_a_change_is_shown_once_three_hypotheses_have_it_even_if_the_end_still_changes() -> None:
    display = Display()
    for text in ("we know a way of it", "we know a way of it all"):
        display.step(text)
    for text in ("we knew a way of it alone", "we knew a way of it along"):
        assert display.step(text) == "we know a way of it all"
    assert display.step("we knew a way of it along the road") == "we knew a way of it all"


def test_of_a_changed_end_as_much_is_shown_as_is_agreed_on() -> None:
    display = Display()
    for text in ("to the white", "to the white", "to the right man of", "to the right man are"):
        last = display.step(text)
    assert last == "to the white"
    assert display.step("to the right man altogether") == "to the right man"


def test_words_that_vanish_for_a_moment_stay() -> None:
    assert shown("one two three", "one two three", "one two", "one two three") == "one two three"


def test_words_that_stay_away_are_taken_away() -> None:
    assert shown("so one two three", "so one two three", "so three", "so three four", "so three five") == "so three"


def test_case_and_punctuation_are_those_of_the_newest_hypothesis() -> None:
    assert shown("it is over.", "it is over.", "It is over, and") == "It is over, and"


def test_a_word_that_is_kept_before_others_keeps_its_space() -> None:
    assert shown("Oh go on", "Oh go on", "Go on") == "Oh Go on"


def test_ideographs_are_words_of_their_own() -> None:
    assert shown("你好世界", "你好世界", "你号世界上") == "你好世界"
    assert shown("你好世界", "你号世界", "你号世界", "你号世界上") == "你号世界上"


def test_what_is_committed_is_shown_even_against_what_was_shown() -> None:
    display = Display()
    display.step("one two three")
    display.step("one two three")
    assert display.step("won two three", committed="won two") == "won two three"


def test_a_hypothesis_that_overrules_what_is_committed_changes_nothing() -> None:
    display = Display()
    for _ in range(2):
        display.step("one two three")
    assert display.step("won too", committed="one two") == "one two three"
    fresh = Display()
    assert fresh.step("won too", committed="one two") == "one two"


def test_words_committed_meanwhile_do_not_hold_back_those_behind_them() -> None:
    display = Display()
    display.step("one.")
    display.step("One two")
    assert display.step("One two three", committed="One two") == "One two three"


ENGLISH = st.lists(st.sampled_from(["oh", "go", "on", "and", "the", "they", "then"]), max_size=7).map(" ".join)
CHINESE = st.text("你好世界上", max_size=7)
MIXED = st.text("ab 。你ほ\u3099'.-\n👍🏽", max_size=12)


@given(st.lists(ENGLISH, max_size=12))
def test_words_stay_apart(texts: list[str]) -> None:
    display = Display()
    for text in texts:
        told = display.step(text)
        assert told == " ".join(told.split())
        assert set(told.split()) <= {word for other in texts for word in other.split()}


@given(st.lists(st.one_of(ENGLISH, CHINESE, MIXED), max_size=10), st.one_of(ENGLISH, CHINESE, MIXED))
def test_a_hypothesis_that_persists_is_shown(texts: list[str], last: str) -> None:
    assert shown(*texts, *[last] * AGREEING) == last


@given(st.lists(st.tuples(st.one_of(ENGLISH, CHINESE, MIXED), st.integers(0, 3)), max_size=10))
def test_what_is_committed_always_begins_what_is_shown(steps: list[tuple[str, int]]) -> None:
    display, committed = Display(), ""
    for following, more in steps:
        text = committed + following
        committed = text[: len(committed) + more]
        assert display.step(text, committed).startswith(committed)


@pytest.mark.parametrize("text", ["the " * 400, "你" * 400])
def test_a_loop_of_one_word_is_no_obstacle(text: str) -> None:
    assert shown(text, text + "end", text, text, text) == text
