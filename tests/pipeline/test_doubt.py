"""Texts and the speech that they are said to be."""

from __future__ import annotations

import pytest

from pipeline.doubt import (
    UNSURE,
    VERY_UNSURE,
    Kept,
    behind,
    count_words,
    is_doubtful,
    is_noise,
    places,
    unheard,
    without,
)
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


def voiced() -> float:
    return 0.5


def unvoiced() -> float:
    return 0.0


def never() -> float:
    raise AssertionError("nobody needs to know")


ALWAYS = ((0, 26 * S),)
MUSIC = "Anne came and opened, and opened, and and and and and and and and and and and and"


def test_an_unsure_text_of_a_sound_without_voice_is_noise() -> None:
    assert is_noise("Fish, how are you.", UNSURE - 0.01, ((0, 2 * S),), unvoiced)
    assert is_noise("Knocked up, kicked. Stop the podcast!", VERY_UNSURE - 0.01, ((0, 2 * S),), unvoiced)


def test_no_sign_alone_makes_noise_of_speech() -> None:
    spans = ((0, 2 * S),)
    assert not is_noise("Fish, how are you.", -3.0, spans, voiced), "a strange accent"
    assert not is_noise("Fish, how are you.", UNSURE, spans, never), "whispered"
    assert not is_noise("Yes.", VERY_UNSURE, ALWAYS, voiced), "one word in a noise that the VAD takes for speech"


def test_a_longer_text_is_noise_only_if_it_is_less_sure() -> None:
    assert not is_noise("He put the book on the table", VERY_UNSURE, ((0, 2 * S),), never)


def test_a_very_unsure_text_of_few_different_words_is_noise_though_it_has_a_voice() -> None:
    assert is_noise(MUSIC, -1.3, ((0, 10 * S),), never), "its words are many, but always the same"
    assert not is_noise(MUSIC, VERY_UNSURE, ALWAYS, voiced)
    assert not is_noise(MUSIC, -1.3, ((0, 2 * S),), voiced)
    assert is_noise("An older, and a pupil.", -1.3, ((0, 4 * S),), never)
    assert not is_noise("An older, and a pupil.", -1.1, ((0, 4 * S),), voiced)
    assert not is_noise("Oh!", -1.3, ((0, S),), voiced), "one word, drawn out"


def test_no_text_is_no_noise() -> None:
    assert not is_noise("", 0.0, ALWAYS, never)


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


def test_of_the_silent_words_those_in_the_settled_part_of_the_text_stay() -> None:
    text = " so — and\n你好"
    words = [Word(word, 0, 0) for word in ("so —", "and", "你", "好")]
    assert behind(text, words, {0, 1, 3}, len(" so —")) == {1, 3}
    assert behind(text, words, {0, 1, 3}, 0) == {0, 1, 3}
    assert behind("something else", words, {0, 1}, 0) == set()


def test_a_text_that_is_not_that_of_the_words_stays_whole() -> None:
    assert without("something else", [Word("some", 0, 0), Word("other", 0, 0)], {0}) == Kept("something else", "")
