"""Mandarin numerals of the recipe: how they are said."""

from random import Random

import pytest

from model.miniature.recipe.sentence import MANDARIN, Sentence
from model.miniature.recipe.text.mandarin_numbers import MAKERS, cardinal, counted, decimal, digits


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "零"),
        (7, "七"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (99, "九十九"),
        (100, "一百"),
        (105, "一百零五"),
        (110, "一百一十"),
        (215, "二百一十五"),
        (1000, "一千"),
        (1001, "一千零一"),
        (1010, "一千零一十"),
        (2024, "二千零二十四"),
        (10_000, "一万"),
        (10_005, "一万零五"),
        (12_345, "一万二千三百四十五"),
        (120_000, "十二万"),
        (105_020, "十万五千零二十"),
    ],
)
def test_a_number_is_said_as_people_say_it(number: int, said: str) -> None:
    assert cardinal(number) == said


def test_what_has_no_numeral_is_refused() -> None:
    for number in (-1, 10**8):
        with pytest.raises(ValueError, match=str(number)):
            cardinal(number)


def test_years_are_said_by_their_digits_and_fractions_behind_a_point() -> None:
    assert digits("2024") == "二零二四"
    assert decimal("3.50") == "三点五零"
    assert decimal("12") == "十二"
    assert counted(2) == "两"
    assert counted(12) == "十二"


@pytest.mark.parametrize("slot", sorted(MAKERS))
def test_every_number_is_written_with_digits_and_said_without(slot: str) -> None:
    for seed in range(50):
        sentence = Sentence.from_line(f"zh-numbers\t{MAKERS[slot](Random(seed))}", MANDARIN)
        assert any(character.isascii() for character in sentence.text)
        assert all("一" <= character <= "鿿" for word in sentence.words for character in word.spoken)
