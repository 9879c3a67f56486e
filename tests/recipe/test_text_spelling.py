import time
from random import Random

import pytest

from model.miniature.recipe.text.spelling import respell


@pytest.mark.parametrize(
    "word", ["Filkar", "Sean", "Philip", "Catherine", "Brown", "Kubernetes", "Tom", "Zoe", "Jackson"]
)
def test_another_spelling_differs_and_keeps_the_capitals(word: str) -> None:
    found = {respell(word, Random(seed)) for seed in range(50)}
    assert found - {word}
    assert all(one[0].isupper() and one[1:] == one[1:].lower() for one in found)


def test_a_word_in_capitals_stays_in_capitals() -> None:
    assert all(respell("PHILIP", Random(seed)).isupper() for seed in range(20))


def test_the_sound_of_f_is_spelled_in_both_ways() -> None:
    assert "Philkar" in {respell("Filkar", Random(seed)) for seed in range(100)}
    assert any(one.startswith("F") for one in (respell("Phelan", Random(seed)) for seed in range(100)))


def test_nearly_every_word_has_another_spelling() -> None:
    words = ["table", "Robert", "kitchen", "window", "Nakamura", "insulin", "green", "quick", "Edinburgh", "mail"]
    same = sum(respell(word, Random(seed)) == word for word in words for seed in range(100))
    assert same < 50


def test_marks_and_digits_survive() -> None:
    assert respell("2024", Random(1)) == "2024"
    assert respell("", Random(1)) == ""
    assert respell("O'Neil-", Random(3)).count("'") == 1


def test_it_is_quick_enough_for_training() -> None:
    rng = Random(5)
    start = time.perf_counter()
    for _ in range(2000):
        respell("Featherstone", rng)
    assert time.perf_counter() - start < 2
