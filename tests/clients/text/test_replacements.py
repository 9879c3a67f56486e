"""The user's own words in the place of others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.text import whole_words
from clients.text.replacements import MOST_CHARACTERS, MOST_TO_FIND, Replacements
from pipeline.desktop_settings import Replacement
from pipeline.errors import UsageError


def applied(text: str, *pairs: tuple[str, str]) -> str:
    done, notes = Replacements([Replacement(find=find, replace=put) for find, put in pairs], 0.2).apply(text)
    assert notes == ()
    return done


def substituted(text: str, find: str, put: str, seconds: float = 0.2) -> tuple[str, tuple[str, ...]]:
    return Replacements([Replacement(find=find, replace=put, regex=True)], seconds).apply(text)


@pytest.mark.parametrize(
    ("text", "find", "put", "written"),
    [
        ("Ask stino now.", "stino", "Steno", "Ask Steno now."),
        ("STINO, stino.", "Stino", "Steno", "Steno, Steno."),
        ("stino's and stino\u2019s", "stino", "Steno", "Steno's and Steno\u2019s"),
        ("new  york", "New York", "NYC", "NYC"),
        ("new\nyork", "New York", "NYC", "new\nyork"),
        ("c++ and C++11", "c++", "Cpp", "Cpp and Cpp11"),
        ("a well-known", "well", "WELL", "a WELL-known"),
        ("l'api, d\u2019api", "api", "API", "l'API, d\u2019API"),
        ("die straße, STRAẞE", "Straße", "Str.", "die Str., Str."),
        ("οδός ΟΔΌΣ", "οδός", "δρόμος", "δρόμος δρόμος"),
        ("cafe\u0301", "caf\u00e9", "bar", "cafe\u0301"),
        ("caf\u00e9", "cafe\u0301", "bar", "bar"),
        ("это стено.", "стено", "Steno", "это Steno."),
        ("我用斯泰诺说话", "斯泰诺", "Steno", "我用Steno说话"),
        ("我用iphone手机", "iphone", "iPhone", "我用iPhone手机"),
        ("ステノは ステノデーモン", "ステノ", "Steno", "Stenoは ステノデーモン"),
        ("스테노는 좋다", "스테노", "Steno", "Steno는 좋다"),
        ("새스테노", "스테노", "Steno", "새스테노"),
        ("ผมใช้สเตโนครับ", "สเตโน", "Steno", "ผมใช้Stenoครับ"),
        ("هذا ستينو.", "ستينو", "Steno", "هذا Steno."),
        ("say br now", "br", "a\nb", "say a\nb now"),
        ("one break two", "break", "\n  - ", "one\n  - two"),
        ("one dash two", "dash", " \u2014 ", "one \u2014 two"),
        ("put tab", "tab", "a\tb\x1b", "put a b"),
    ],
)
def test_a_word_is_replaced(text: str, find: str, put: str, written: str) -> None:
    assert applied(text, (find, put)) == written


@pytest.mark.parametrize(
    ("text", "find"),
    [
        ("category", "cat"),
        ("concat", "cat"),
        ("cat_name", "cat"),
        ("cat5", "cat"),
        ("can't, can\u2019t", "can"),
        ("don't", "t"),
        ("it's I'll we've", "s"),
        ("it's I'll we've", "ll"),
        ("it's I'll we've", "ve"),
        ("3.5 and 1,000", "5"),
        ("3.5 and 1,000", "3"),
        ("steno.py", "steno"),
        ("example.com", "com"),
        ("cafe\u0301", "cafe"),
        ("สเตโน้", "สเตโน"),
        ("メールアドレス", "メール"),
    ],
)
def test_a_part_of_a_word_is_none(text: str, find: str) -> None:
    assert applied(text, (find, "X")) == text


def test_the_longest_counts_and_nothing_is_replaced_twice() -> None:
    assert applied("new york city", ("new york", "A"), ("new york city", "B"), ("new", "C")) == "B"
    assert applied("new york state", ("new york", "A"), ("new york city", "B"), ("new", "C")) == "A state"
    assert applied("new year", ("new york", "A"), ("new york city", "B"), ("new", "C")) == "C year"
    assert applied("a b", ("a", "b"), ("b", "a")) == "b a"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("I um think", "I think"),
        ("I, um, think", "I, think"),
        ("I think, um.", "I think,."),
        ("I think um.", "I think."),
        ("Um, so we go", "so we go"),
        ("um um um", ""),
        ("first\num, second", "first\nsecond"),
    ],
)
def test_a_word_replaced_by_nothing_takes_its_space_along(text: str, written: str) -> None:
    assert applied(text, ("um", "")) == written


@pytest.mark.parametrize(
    ("text", "find", "put", "written"),
    [
        ("5 percent of 10 percent", r"(\d+) percent", r"\1%", "5% of 10%"),
        ("due at noon", r"(?P<what>due) at", r"\g<what>:", "due: noon"),
        ("Color", r"(?i)colou?r", "Farbe", "Farbe"),
        ("abc", r"x*", "-", "-a-b-c-"),
        ("Straße 5", r"\p{Lu}\p{Ll}+", "W", "W 5"),
        ("a then b", " then ", r"\n", "a\nb"),
        ("a esc b", "esc", "\x1b[31m\x00", "a  b"),
    ],
)
def test_an_expression_is_replaced(text: str, find: str, put: str, written: str) -> None:
    assert substituted(text, find, put) == (written, ())


def test_expressions_follow_each_other_behind_the_plain_ones() -> None:
    several = [
        Replacement(find="b", replace="c", regex=True),
        Replacement(find="a", replace="b"),
        Replacement(find="c", replace="d", regex=True),
    ]
    assert Replacements(several, 0.2).apply("a") == ("d", ())


def test_an_expression_that_never_ends_is_left_out_and_the_others_count() -> None:
    several = [
        Replacement(find=r"(a|aa)+$", replace="x", regex=True),
        Replacement(find="b", replace="c", regex=True),
    ]
    text, notes = Replacements(several, 0.05).apply("a" * 60 + "b")
    assert text == "a" * 60 + "c"
    assert notes == ("text.replacements[0].find took longer than 50 ms and was left out",)


def test_an_expression_that_blows_the_text_up_is_left_out() -> None:
    text, notes = substituted("a" * 1000, "a|", "x" * 1000)
    assert text == "a" * 1000
    assert notes == (f"text.replacements[0] made the text longer than {MOST_CHARACTERS} characters and was left out",)


@pytest.mark.parametrize(
    ("replacement", "named"),
    [
        (Replacement(find="(", regex=True), "text.replacements[1].find: '('"),
        (Replacement(find="", regex=True), "text.replacements[1].find is empty"),
        (Replacement(find="a", replace=r"\2", regex=True), "text.replacements[1].replace: "),
        (Replacement(find="a", replace=r"\g<x>", regex=True), "text.replacements[1].replace: "),
        (Replacement(find=" \u200b"), "text.replacements[1].find is empty"),
        (Replacement(find="GOOD "), "text.replacements[1].find: 'GOOD ' is there twice"),
        (Replacement(find="x" * (MOST_TO_FIND + 1)), "text.replacements[1].find is longer"),
    ],
)
def test_one_that_makes_no_sense_is_named(replacement: Replacement, named: str) -> None:
    with pytest.raises(UsageError) as raised:
        Replacements([Replacement(find="good"), replacement], 0.2)
    assert raised.value.message.startswith(named)


def test_words_that_begin_alike_are_told_apart_however_many() -> None:
    several = ["a" * length for length in range(1, MOST_TO_FIND)]
    found = whole_words.any_of(several)
    for length in (1, 2, 7, MOST_TO_FIND - 1):
        assert found.fullmatch("a" * length)
    assert not found.search("a" * MOST_TO_FIND)


@given(st.sets(st.text(st.sampled_from("abAB 你メ'."), min_size=1, max_size=6).filter(lambda s: s.strip()), min_size=1))
def test_every_word_that_is_sought_is_found_when_it_stands_alone(several: set[str]) -> None:
    found = whole_words.any_of(several)
    for words in several:
        match = found.search(words.strip())
        assert match
        assert whole_words.key(match[0]) in {whole_words.key(other) for other in several}


@given(st.text(st.sampled_from("ab'.,5 \nメ你"), max_size=30))
def test_words_replaced_by_themselves_change_nothing(text: str) -> None:
    assert applied(text, ("ab", "ab"), ("5", "5"), ("メ", "メ")) == text
