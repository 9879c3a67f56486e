"""What is committed stays, is whole words, and was agreed upon."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.doubt import UNSURE
from pipeline.messages import SAMPLE_RATE, Hypothesis
from pipeline.settings import StreamSettings
from pipeline.stabiliser import Stabiliser

SETTINGS = StreamSettings(commit_after=2, hold_back_words=2, hold_back_s=1.0)
TAG = (-3, -2, -1)
"""Stands for the tokens of `language English<asr_text>`."""


def hypothesis(text: str, seconds: float, confidence: float = -0.1) -> Hypothesis:
    """Each byte of the text is a token, so that characters of several bytes are split between tokens."""
    tokens, ends = list(TAG), [0, 0, 0]
    for at, character in enumerate(text):
        data = character.encode()
        tokens += data
        ends += [-1] * (len(data) - 1) + [at + 1]
    return Hypothesis(
        utterance=1,
        epoch=0,
        seq=0,
        last=False,
        samples=int(seconds * SAMPLE_RATE),
        language="English",
        text=text,
        tokens=tuple(tokens),
        ends=tuple(ends),
        encode_ns=0,
        prefill_ns=0,
        prefill_tokens=0,
        generate_ns=0,
        generate_tokens=0,
        confidence=confidence,
    )


def test_words_are_committed_once_two_hypotheses_agree_and_words_follow() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    assert stabiliser.step(hypothesis("The meeting", 1.0)).committed == ""
    shown = stabiliser.step(hypothesis("The meeting starts on", 2.0))
    assert (shown.committed, shown.tail) == ("The meeting", " starts on")
    shown = stabiliser.step(hypothesis("The meeting starts on Thursday", 3.0))
    assert (shown.committed, shown.tail) == ("The meeting starts", " on Thursday")
    assert bytes(t for t in shown.forced if t >= 0).decode() == shown.committed
    assert shown.forced[:3] == TAG


def test_nothing_is_committed_of_a_text_that_may_be_that_of_a_noise() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    text = "Fish how are you now"
    for second in range(2, 6):
        shown = stabiliser.step(hypothesis(text, second, confidence=UNSURE - 0.01))
        assert (shown.committed, shown.forced) == ("", ())
    stabiliser.step(hypothesis(text, 6, confidence=UNSURE))
    assert stabiliser.step(hypothesis(text, 7, confidence=UNSURE)).committed == "Fish how are"


def test_once_something_is_committed_an_unsure_end_does_not_stop_the_rest() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    stabiliser.step(hypothesis("The meeting", 1.0))
    assert stabiliser.step(hypothesis("The meeting starts on", 2.0)).committed == "The meeting"
    shown = stabiliser.step(hypothesis("The meeting starts on Thursday", 3.0, confidence=-2.0))
    assert shown.committed == "The meeting starts"


def test_a_word_that_changes_is_not_committed() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    stabiliser.step(hypothesis("I scream for more of it", 2.0))
    assert stabiliser.step(hypothesis("Ice cream for more of it", 3.5)).committed == ""


def test_agreement_within_the_last_second_of_sound_is_not_enough() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    for seconds in (2.0, 2.3, 2.6):
        assert stabiliser.step(hypothesis("one two three four", seconds)).committed == ""
    assert stabiliser.step(hypothesis("one two three four", 3.1)).committed == "one two"


def test_without_commit_everything_is_tail() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=False)
    for seconds in (1.0, 3.0, 5.0):
        shown = stabiliser.step(hypothesis("one two three four", seconds))
    assert (shown.committed, shown.tail, shown.forced) == ("", "one two three four", ())


def test_ideographs_are_committed_one_by_one() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    stabiliser.step(hypothesis("你好世界", 1.0))
    assert stabiliser.step(hypothesis("你好世界", 2.5)).committed == "你好"


@pytest.mark.parametrize(
    ("before", "after", "committed"),
    [
        ("we can meeting at", "we can meet now or never", "we can"),
        ("it is 3.5 by", "it is 3 or 4 of", "it is"),
        ("at 10:30 on", "at 10 of them", "at"),
        ("my dog's tail", "my dog is not here", "my"),
    ],
)
def test_a_word_with_which_another_hypothesis_goes_on_is_not_committed(before: str, after: str, committed: str) -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    stabiliser.step(hypothesis(before, 1.0))
    assert stabiliser.step(hypothesis(after, 2.5)).committed == committed


def test_a_full_stop_that_stood_at_the_end_of_the_sound_does_not_hold_a_word_back() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    stabiliser.step(hypothesis("The meeting.", 1.0))
    assert stabiliser.step(hypothesis("The meeting starts on Thursday.", 2.5)).committed == "The meeting"


def test_a_kana_is_not_committed_without_the_mark_behind_it() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    stabiliser.step(hypothesis("ほか\u3099い", 1.0))
    assert stabiliser.step(hypothesis("ほか\u3099いこく", 2.5)).committed == "ほか\u3099い"
    stabiliser = Stabiliser(SETTINGS, commit=True)
    stabiliser.step(hypothesis("ほか", 1.0))
    assert stabiliser.step(hypothesis("ほか\u3099いこく", 2.5)).committed == "ほ"


def test_nothing_is_committed_behind_bytes_that_are_no_character() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    for seconds in (1.0, 2.5):
        shown = stabiliser.step(hypothesis("one two \ufffd three four five", seconds))
    assert shown.committed == "one two"


def test_a_hypothesis_that_overrules_what_is_committed_changes_nothing_and_is_no_witness() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    stabiliser.step(hypothesis("one two three four", 1.0))
    before = stabiliser.step(hypothesis("one two three four", 2.5))
    other = stabiliser.step(hypothesis("won too three four five six", 4.0))
    assert (other.committed, other.tail, other.forced) == ("one two", " three four", before.forced)
    assert stabiliser.step(hypothesis("one two three four five six", 5.5)).committed == "one two"
    assert stabiliser.step(hypothesis("one two three four five six", 7.0)).committed == "one two three four"


def test_after_a_replay_agreement_begins_anew_and_what_was_committed_stays() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    stabiliser.step(hypothesis("one two three four", 1.0))
    before = stabiliser.step(hypothesis("one two three four", 2.5))
    stabiliser.restart()
    after = stabiliser.step(hypothesis("one two three four five", 3.0))
    assert after.committed == before.committed == "one two"


def test_words_that_a_cut_may_still_take_away_are_not_committed() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True, certain_samples=2 * SAMPLE_RATE)
    stabiliser.step(hypothesis("one two three", 2.0))
    for seconds in (4.0, 6.0, 8.0):
        shown = stabiliser.step(hypothesis("one two three four five six seven", seconds))
    assert shown.committed == "one two three"


def test_the_tail_follows_a_change_once_hypotheses_agree_on_it_and_what_is_forced_does_not_wait_for_that() -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    stabiliser.step(hypothesis("one two three four", 1.0))
    stabiliser.step(hypothesis("one two three four", 2.5))
    changed = stabiliser.step(hypothesis("one two tree for five", 3.0))
    assert (changed.committed, changed.tail) == ("one two", " three four")
    changed = stabiliser.step(hypothesis("one two tree for five six", 4.5))
    assert (changed.committed, changed.tail) == ("one two tree for", " five six")
    assert bytes(t for t in changed.forced if t >= 0).decode() == "one two tree for"


texts = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30), max_size=12)


@given(texts, st.lists(st.floats(0.1, 2.0), min_size=12, max_size=12))
def test_committed_text_only_ever_grows_and_is_never_half_a_character(said: list[str], gaps: list[float]) -> None:
    stabiliser = Stabiliser(SETTINGS, commit=True)
    committed, seconds = "", 0.0
    for text, gap in zip(said, gaps, strict=False):
        seconds += gap
        # As a decoder with a forced beginning does: what is committed begins every later hypothesis.
        shown = stabiliser.step(hypothesis(committed + text, seconds))
        assert shown.committed.startswith(committed)
        following = (committed + text)[len(shown.committed) :][:1]
        if shown.committed != committed and following:
            assert not unicodedata.combining(following)
        assert bytes(t for t in shown.forced if t >= 0).decode() == shown.committed
        committed = shown.committed


@given(texts, st.text("one two 你好", max_size=20))
def test_a_hypothesis_that_persists_becomes_what_is_shown(said: list[str], last: str) -> None:
    stabiliser = Stabiliser(SETTINGS, commit=False)
    for text in [*said, last, last, last]:
        shown = stabiliser.step(hypothesis(text, 1.0))
    assert (shown.committed, shown.tail, shown.forced) == ("", last, ())
