from __future__ import annotations

import pytest

from clients.error_rate import error_rate, matches, unit_of, words_of
from clients.latency import LatencyMeter, percentile, table
from clients.samples import SpokenWord

S = 1_000_000_000
ORIGIN = 50 * S
SPOKEN = [
    SpokenWord("The", 1.0, 1.2),
    SpokenWord("red", 1.2, 1.5),
    SpokenWord("fox,", 1.5, 2.0),
    SpokenWord("the", 3.0, 3.2),
    SpokenWord("end.", 3.2, 3.6),
]


def at(seconds: float) -> int:
    return ORIGIN + round(seconds * S)


def meter() -> LatencyMeter:
    meter = LatencyMeter(SPOKEN)
    meter.begin(ORIGIN)
    return meter


def test_a_words_latency_runs_from_its_end_to_the_first_text_in_which_it_stands() -> None:
    m = meter()
    m.shown(at(1.8), "the bed", 1.6)
    m.shown(at(2.5), "The red fox.", 2.2)
    m.shown(at(2.9), "The red fox.", 2.4)
    assert m.words == pytest.approx([0.6, 1.0, 0.5])
    assert m.expected == 5


def test_the_first_partial_is_measured_from_the_start_of_the_first_word() -> None:
    m = meter()
    m.shown(at(1.4), "nonsense", 1.3)
    assert m.first_partial is None
    m.shown(at(1.8), "the bed", 1.6)
    assert m.first_partial == pytest.approx(0.8)


def test_a_word_that_was_not_yet_spoken_is_not_taken_for_the_same_word_later() -> None:
    m = meter()
    m.shown(at(2.5), "the red fox the", 2.4)
    assert len(m.words) == 3


def test_the_final_is_measured_from_the_last_word_of_its_own_utterance() -> None:
    m = meter()
    m.final(at(2.9), 0.0, 2.6)
    m.final(at(4.4), 2.6, 4.2)
    m.final(at(9.0), 8.0, 8.5)
    assert m.finals == pytest.approx([0.9, 0.8])


def test_the_first_origin_counts_and_nothing_is_measured_before_it() -> None:
    m = LatencyMeter(SPOKEN)
    m.shown(at(2.0), "the", 2.0)
    m.begin(ORIGIN)
    m.begin(ORIGIN + S)
    m.shown(at(2.0), "the", 2.0)
    assert m.words == pytest.approx([0.8])


def test_percentiles_lie_between_neighbours() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert percentile([5.0], 95) == 5.0
    assert percentile([0.0, 10.0], 95) == 9.5


def test_the_table_names_all_figures() -> None:
    m = meter()
    m.shown(at(2.5), "the red fox", 2.2)
    m.final(at(2.9), 0.0, 2.6)
    text = "\n".join(table(m, 0.25))
    for part in ("first partial", "word latency", "3 of 5 words", "end of speech -> final", "1 utterance", "0.25"):
        assert part in text


def test_the_table_without_a_reference_has_the_rtf_alone() -> None:
    assert len(table(LatencyMeter([]), 0.1)) == 1


def test_words_are_compared_without_case_and_punctuation_but_with_apostrophes() -> None:
    assert words_of("Don't -- STOP, well-known: 5:30!") == ["don't", "stop", "well", "known", "5", "30"]


def test_a_character_of_chinese_or_japanese_is_a_word_and_a_word_of_another_script_within_is_one() -> None:
    assert words_of("我用iPhone手机，２０２４年。") == [*"我用", "iphone", *"手机", "2024", "年"]  # noqa: RUF001
    assert words_of("コーヒーを、どうぞ！") == list("コーヒーをどうぞ")  # noqa: RUF001
    assert words_of("Für l\u2019été, привет") == ["für", "l'été", "привет"]


@pytest.mark.parametrize(
    ("reference", "unit"),
    [
        ("Meet at five.", "word"),
        ("今天天气很好。", "character"),
        ("用iPhone", "word"),
        ("我用iPhone", "character"),
        ("", "word"),
    ],
)
def test_a_rate_is_one_of_characters_where_most_of_the_reference_is_written_without_spaces(
    reference: str, unit: str
) -> None:
    assert unit_of(reference) == unit


def test_the_error_rate_of_chinese_counts_characters_and_no_spaces_or_punctuation() -> None:
    assert error_rate("今天天气很好。", "今天天汽很好") == 1 / 6
    assert error_rate("今天天气很好。", "今天 天气，很好") == 0.0  # noqa: RUF001
    assert error_rate("今天天气很好。", "The weather") == 1.0


def test_the_error_rate_counts_substitutions_deletions_and_insertions() -> None:
    assert error_rate("a b c d", "a x c d") == 0.25
    assert error_rate("a b c d", "A, b.") == 0.5
    assert error_rate("a b", "a b c d") == 1.0
    assert error_rate("a b", "") == 1.0
    assert error_rate("...", "a") is None


def test_matches_are_the_words_of_the_best_alignment() -> None:
    assert matches(["a", "b", "c"], ["a", "c"]) == {0, 2}
    assert matches([], ["a"]) == set()
