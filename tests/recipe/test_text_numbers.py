import re
from collections.abc import Callable
from random import Random

import pytest

from model.miniature.recipe.text import letters, numbers

MARKED = re.compile(r"\{([^|{}]+)\|([^|{}]+)\}")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (21, "twenty one"),
        (100, "one hundred"),
        (1204, "one thousand two hundred and four"),
        (1_000_001, "one million and one"),
        (999_999, "nine hundred and ninety nine thousand nine hundred and ninety nine"),
    ],
)
def test_numbers_in_words(number: int, words: str) -> None:
    assert numbers.cardinal(number, " and ") == words


@pytest.mark.parametrize(
    ("number", "words", "figures"),
    [(1, "first", "1st"), (12, "twelfth", "12th"), (23, "twenty third", "23rd"), (30, "thirtieth", "30th")],
)
def test_ordinals(number: int, words: str, figures: str) -> None:
    assert (numbers.ordinal(number), numbers.suffixed(number)) == (words, figures)


@pytest.mark.parametrize(
    ("year", "words"), [(1984, "nineteen eighty four"), (1900, "nineteen hundred"), (1905, "nineteen oh five")]
)
def test_years(year: int, words: str) -> None:
    assert numbers.year_words(year, Random(1)) == words


MAKERS = (
    numbers.number, numbers.decimal, numbers.money, numbers.time, numbers.date, numbers.percent, numbers.measure,
    numbers.length, numbers.weight, numbers.room, numbers.nth, numbers.decade, numbers.calculation, numbers.large,
    letters.phone, letters.digit_code, letters.postcode, letters.code, letters.acronym, letters.identifier,
    letters.file_name, letters.version,
)  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
def test_what_has_digits_is_spoken_in_letters(make: Callable[[Random], str]) -> None:
    rng = Random(3)
    for _ in range(300):
        text = make(rng)
        assert not re.search(r"[\d{}|]", MARKED.sub("", text)), text
        assert all(re.fullmatch("[a-z']+( [a-z']+)*", spoken) for _, spoken in MARKED.findall(text)), text


def test_calculations_are_right() -> None:
    rng = Random(4)
    for _ in range(100):
        first, word, second, _, result = MARKED.sub(r"\1", numbers.calculation(rng)).split()
        one, two, three = (
            letters.DIGITS.index(x) if x.isalpha() else int(x.replace(",", "")) for x in (first, second, result)
        )
        assert {"plus": one + two, "and": one + two, "times": one * two, "minus": one - two}[word] == three


def test_a_spelled_word_is_its_letters() -> None:
    rng = Random(6)
    for _ in range(20):
        pairs = MARKED.findall(letters.spelled(rng, "Keth"))
        assert "".join(written for written, _ in pairs).replace("-", "") == "KETH"
        assert " ".join(spoken for _, spoken in pairs) == "kay ee tee aitch"
