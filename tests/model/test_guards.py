from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.guards import BUDGET, ECHO, LOOP, MOST_REPEATS, Said, echoes, edits, repeated, suspicious, verdict, words

NAMES = "Anna Kowalczyk, Sven Lindqvist, Göteborg; Kubernetes"


@pytest.mark.parametrize(
    ("tokens", "surplus"),
    [([], 0), ([7] * 19, 0), ([7] * 20, 19), ([1, 2] * 20, 38), ([9, *([1, 2, 3] * 20)], 57), ([1, 2] * 19, 0)],
)
def test_a_stuck_answer_is_seen(tokens: list[int], surplus: int) -> None:
    assert repeated(tokens) == surplus


@given(st.lists(st.integers(0, 50)), st.lists(st.integers(51, 99), min_size=1, max_size=8, unique=True))
def test_a_loop_of_any_period_is_cut_to_one_round(before: list[int], loop: list[int]) -> None:
    tokens = [*before, *(loop * MOST_REPEATS)]
    assert tokens[: len(tokens) - repeated(tokens)] == [*before, *loop]
    assert repeated(tokens[:-1]) == 0


def test_a_loop_of_nine_is_not_seen() -> None:
    assert repeated([1, 2, 3, 4, 5, 6, 7, 8, 9] * 30) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  ,;.  ", []),
        ("Hello, WORLD!", ["hello", "world"]),
        ("It's Anna\u2019s; co-op.", ["its", "annas", "co", "op"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("你好, Anna。", ["你", "好", "anna"]),
        ("カタカナ", ["カ", "タ", "カ", "ナ"]),
        ("안녕 세상", ["안녕", "세상"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("5:30 PM", ["5", "30", "pm"]),
    ],
)
def test_words_are_compared_without_case_and_punctuation(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "context", "runs"),
    [
        ("anna kowalczyk sven", NAMES, []),
        ("Anna Kowalczyk. Sven Lindqvist!", NAMES, [4]),
        ("I met Anna Kowalczyk, Sven Lindqvist in Göteborg.", NAMES, [4]),
        ("Anna Kowalczyk, Sven Lindqvist, Göteborg; Kubernetes", NAMES, [6]),
        ("Anna Kowalczyk Sven Lindqvist and Kowalczyk Sven Lindqvist Göteborg", NAMES, [4, 4]),
        ("Anna Sven Kowalczyk Lindqvist", NAMES, []),
        ("Steno", "Steno", [1]),
        ("Steno Steno", "Steno", []),
        ("Use Steno", "Steno", []),
        ("我在北京大学读书。", "北京大学", []),
        ("今天天气很好我们", "今天天气很好我们去公园", [8]),
        ("", "", []),
        ("", NAMES, []),
        ("one two three four", "", []),
    ],
)
def test_runs_of_the_context_s_words_are_found(text: str, context: str, runs: list[int]) -> None:
    assert [len(run) for run in echoes(text, context)] == runs


def test_a_word_that_only_ends_like_one_of_the_context_is_another() -> None:
    assert echoes("xone two three four", "one two three four five") == []
    assert echoes("one two three fourth", "one two three four five") == []


@pytest.mark.parametrize(
    ("said", "clean", "context", "expected"),
    [
        # Nothing to complain of.
        (Said("Hello there."), Said("Hello there."), NAMES, (False, "")),
        # Stuck: the clean answer, unless it is stuck too.
        (Said("the the", LOOP), Said("the end"), "", (True, LOOP)),
        (Said("the the", LOOP), Said("the the", LOOP), "", (False, LOOP)),
        (Said("the the", BUDGET), Said("the the", LOOP), NAMES, (False, BUDGET)),
        (Said(NAMES, LOOP), Said("", BUDGET), NAMES, (True, LOOP)),
        # A list where nothing was said.
        (Said(NAMES), Said(""), NAMES, (True, ECHO)),
        (Said("Steno."), Said(""), "Steno", (True, ECHO)),
        # A list in the place of what was said, or behind it.
        (Said(NAMES), Said("The weather is nice today, is it not?"), NAMES, (True, ECHO)),
        (Said(f"Hello there. {NAMES}"), Said("Hello there."), NAMES, (True, ECHO)),
        # Somebody really said it, and the context helps with the spelling.
        (Said("Steno"), Said("Stenno"), "Steno", (False, "")),
        (Said(NAMES), Said(NAMES), NAMES, (False, "")),
        (
            Said("Anna Kowalczyk, Sven Lindqvist from Göteborg."),
            Said("Anna Kovalchik, Sven Linkvist from Gothenburg."),
            NAMES,
            (False, ""),
        ),
    ],
)
def test_of_two_answers_the_likelier_is_believed(
    said: Said, clean: Said, context: str, expected: tuple[bool, str]
) -> None:
    assert verdict(said, clean, context) == expected
    assert suspicious(said, context) == (expected != (False, "") or bool(echoes(said.text, context)))


def test_an_ordinary_answer_is_not_suspicious() -> None:
    assert not suspicious(Said("My doctor is Anna Kowalczyk."), NAMES)


@given(st.text("ab ", max_size=8), st.text("abc ", max_size=12))
def test_edits_are_those_of_the_table_of_distances(sought: str, text: str) -> None:
    row = [0] * (len(text) + 1)
    for count, wanted in enumerate(sought, start=1):
        below = [count]
        for place, there in enumerate(text, start=1):
            below.append(min(row[place] + 1, below[-1] + 1, row[place - 1] + (wanted != there)))
        row = below
    assert edits(sought, text) == min(row)


def test_a_paragraph_that_was_dictated_is_believed_and_one_that_was_not_is_no_text() -> None:
    """Both at once, too: comparing them gives no sign of life."""
    paragraph = " ".join(f"word{number} and more" for number in range(400))
    other = " ".join(f"thing{number} or less" for number in range(500))
    assert verdict(Said(paragraph), Said(other), paragraph) == (True, ECHO)
    assert verdict(Said(paragraph), Said(paragraph.replace("word", "world")), paragraph) == (False, "")
