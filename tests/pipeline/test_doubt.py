"""Texts and the speech that they are said to be."""

from __future__ import annotations

import pytest

from pipeline.doubt import Kept, count_words, is_doubtful, places, unheard, without
from pipeline.messages import SAMPLE_RATE, Word

S = SAMPLE_RATE


@pytest.mark.parametrize(
    ("text", "words"),
    [("", 0), ("Hello there.", 2), ("- so -", 1), ("你好世界", 2), ("这是 Steno 啊", 2.5), ("3.5 can't", 2)],
)
def test_words_are_counted_and_of_ideographs_half(text: str, words: float) -> None:
    assert count_words(text) == words


def test_more_words_than_anybody_can_say_in_so_much_speech_are_doubtful() -> None:
    assert is_doubtful("one two three four five six seven eight", 0, 2 * S, ((S, 2 * S),))
    assert not is_doubtful("one two three four five six seven", 0, 2 * S, ((S, 2 * S),))


def test_a_sentence_in_an_utterance_that_is_hardly_speech_is_doubtful_and_one_word_is_not() -> None:
    spans = ((3 * S, 4 * S),)
    assert is_doubtful("Thank you.", 0, 10 * S, spans)
    assert not is_doubtful("Thanks.", 0, 10 * S, spans)
    assert not is_doubtful("Thank you.", 0, 6 * S, spans)


def test_a_short_answer_with_its_pre_roll_is_not_doubtful() -> None:
    assert not is_doubtful("Yes, please.", 0, 23 * S // 16, ((S, 5 * S // 4),))


def test_no_text_is_never_doubtful() -> None:
    assert not is_doubtful("", 0, 9 * S, ())


def test_a_word_far_from_all_speech_is_unheard_and_one_near_to_it_is_not() -> None:
    words = (
        Word("far", 0, S // 2),
        Word("near", S, S + S // 4),
        Word("in", 3 * S // 2, 2 * S),
        Word("after", 3 * S, 4 * S),
    )
    assert unheard(words, 10 * S, ((10 * S + 3 * S // 2, 12 * S),)) == {0, 3}


def test_a_word_without_length_in_the_middle_of_speech_is_heard() -> None:
    assert unheard((Word("a", S, S),), 0, ((0, 2 * S),)) == set()


def test_each_word_is_found_in_the_text_whatever_white_space_stands_between() -> None:
    text = " so —  and\n你好"
    words = [Word(word, 0, 0) for word in ("so —", "and", "你", "好")]
    assert [text[a:b] for a, b in places(text, words)] == ["so —", "and", "你", "好"]


def test_words_of_another_text_have_no_place() -> None:
    words = [Word(word, 0, 0) for word in ("so", "what")]
    assert places("so be it", words) == [(0, 2)]
    assert places("", words) == []
    assert places("so", [Word("", 0, 0)]) == []


def test_silent_words_are_taken_out_with_their_marks_and_kept_in_order() -> None:
    text = "Hello there. Thank you. Bye!"
    words = [Word(word, 0, 0) for word in text.split()]
    assert without(text, words, {2, 3}) == Kept("Hello there. Bye!", "Thank you.")
    assert without(text, words, {0, 4}) == Kept("there. Thank you.", "Hello Bye!")
    assert without(text, words, set(range(5))) == Kept("", text)
    assert without(text, words, set()) == Kept(text, "")
    assert without("你好吗", [Word(c, 0, 0) for c in "你好吗"], {1}) == Kept("你吗", "好")


def test_a_text_that_is_not_that_of_the_words_stays_whole() -> None:
    assert without("something else", [Word("some", 0, 0), Word("other", 0, 0)], {0}) == Kept("something else", "")
