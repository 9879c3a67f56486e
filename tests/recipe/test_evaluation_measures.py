"""What the recipe measures: error rates, recall and echo of context words, errors of word times."""

from __future__ import annotations

import random

import numpy as np
import pytest

from clients.error_rate import error_rate, words_of
from model.miniature.recipe.evaluation.measures import (
    Listed,
    compared,
    context_measures,
    edits,
    mentions,
    nothing_said,
    rate,
    time_errors,
    word_edits,
)


def table_edits(expected: str, heard: str) -> int:
    """The textbook's table."""
    row = list(range(len(heard) + 1))
    for i, one in enumerate(expected, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (one != other))
    return row[-1]


def test_edits_are_those_of_the_table() -> None:
    draw = random.Random(1)
    for _ in range(300):
        expected = "".join(draw.choices("abc", k=draw.randrange(0, 90)))
        heard = "".join(draw.choices("abcd", k=draw.randrange(0, 90)))
        assert edits(expected, heard) == table_edits(expected, heard)


@pytest.mark.parametrize(
    "text",
    [
        "I'll say it again: half-past 5, no?",
        "“Curly” and don\u2019t",
        "ONE two\nthree",
        "你好 a",
        "",
        "—",
        "$42.50",
        "Café Ångström",
        "今天2024年",
    ],
)
def test_english_is_compared_as_the_program_compares_it(text: str) -> None:
    assert compared(text, "English") == words_of(text)


def test_an_english_rate_is_the_program_s() -> None:
    reference, heard = "The train to Boston leaves at 5:30 PM.", "the trains to boston leave at 5 30"
    wrong, said = word_edits(reference, heard, "English")
    assert wrong / said == error_rate(reference, heard)


def test_mandarin_is_compared_character_by_character() -> None:
    assert compared("今天\uff0c２０２４年\uff01OK。", "Chinese") == [*"今天2024年ok"]
    assert word_edits("今天很好。", "今天不好", "Chinese") == (1, 4)


def test_a_rate_lies_in_its_interval_and_weighs_words_alike() -> None:
    found = rate([(0, 10)] * 50 + [(2, 2)] * 50)
    assert found.value == pytest.approx(100 / 600)
    assert found.low < found.value < found.high < 0.25
    assert (found.utterances, found.said) == (100, 600)
    assert rate([]).value == 0.0


def test_a_word_is_mentioned_only_as_a_word_of_its_own() -> None:
    assert mentions("Ask SEAN's friend.", "Sean")
    assert not mentions("Ask Seana.", "Sean")
    assert mentions("He wrote C++, then left.", "C++")
    assert mentions("我叫王小明。", "王小明")


def test_recall_counts_the_spelling_and_echo_what_was_not_said() -> None:
    found = context_measures(
        [
            Listed("Ask Shaun.", "Ask Shaun.", "Shaun", ("Kethrun", "Ask")),
            Listed("Ask Sean.", "Ask Shaun.", "Sean", ("Kethrun", "Zelvario")),
            Listed("Hello there.", "Hello Kethrun.", "", ("Kethrun", "Zelvario")),
        ]
    )
    assert found["recall"] == 0.5
    # "Ask" is said in the first, and so no distractor there.
    assert (found["echo"], found["distractors"]) == (1 / 5, 5)
    assert found["echo_utterances"] == pytest.approx(1 / 3)


def test_words_of_silence_are_counted_for_an_hour() -> None:
    found = nothing_said([("", ""), ("English", "Hello there."), ("Chinese", "你好吗")], 1800.0)
    assert found["words_per_hour"] == 10.0
    assert (found["clips_with_text"], found["clips_with_language"]) == (2, 2)


def test_errors_of_times_are_of_starts_and_ends_alike() -> None:
    expected = [np.array([[0.0, 1.0], [1.0, 2.0]])]
    found = time_errors(expected, [np.array([[0.1, 1.0], [1.0, 2.3]])])
    assert found["mean_ms"] == pytest.approx(100.0)
    assert found["median_ms"] == pytest.approx(50.0)
    assert (found["start_mean_ms"], found["end_mean_ms"]) == (pytest.approx(50.0), pytest.approx(150.0))
