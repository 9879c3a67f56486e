from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.beat import steady
from model.guards import BUDGET, LOOP, MOST_REPEATS
from model.likelihood import Choice
from model.llama import Llama
from model.package import Package
from model.prompt import Prompt
from model.writer import AGAIN, BUDGET_BASE, PIECE, Task, Writer, resumed
from tests.model.conftest import Floats

END = 99
NO_SOUND = np.empty((0, 4), dtype=np.float32)


class Parrot:
    """A context whose model always says the same text, whatever it reads; only the place counts."""

    gpu_layers = 0

    def __init__(self, text: Sequence[int]) -> None:
        self._text = text
        self.remembered: list[int] = []

    def length(self, _: int = 0) -> int:
        return len(self.remembered)

    def feed_tokens(self, tokens: Sequence[int], *_: object, **__: object) -> None:
        self.remembered.extend(tokens)

    def feed_embeddings(self, rows: Floats, *_: object) -> None:
        self.remembered.extend([-1] * len(rows))

    def choose(self, tokens: Sequence[int], first: int, *_: object) -> list[Choice]:
        begin = len(self.remembered) + first
        self.remembered.extend(tokens)
        places = range(begin, begin + len(tokens) - first)
        return [Choice(self._text[place] if place < len(self._text) else END, -float(place)) for place in places]

    def truncate(self, length: int, _: int = 0) -> None:
        del self.remembered[length:]


def written(text: Sequence[int], begin: Sequence[int] = (), draft: Sequence[int] = ()) -> tuple[list[int], str]:
    """The answer of a parrot, and whether it was cut; the suffix is one token."""
    parrot = Parrot(text)
    found = Writer(cast(Llama, parrot), {END}).write(Task((), NO_SOUND, [50], begin, draft), 0, steady)
    assert parrot.remembered == []
    return list(found.tokens), found.stuck


def test_an_answer_ends_with_its_end_token() -> None:
    assert written([1, 2, 3]) == ([1, 2, 3], "")
    assert written([]) == ([], "")


@pytest.mark.parametrize("draft", [(), (1,), (1, 2, 3), (1, 2, 3, 4, 5), (7, 2, 3), (1, 2, 7), (1, 7, 3, 4)])
def test_whatever_the_draft_says_the_answer_is_the_model_s(draft: tuple[int, ...]) -> None:
    assert written([1, 2, 3], (), draft) == ([1, 2, 3], "")
    assert written([1, 2, 3], [1], draft[1:]) == ([1, 2, 3], "")


@pytest.mark.parametrize("length", [BUDGET_BASE - 1, BUDGET_BASE, BUDGET_BASE + 1, 80])
@pytest.mark.parametrize("given", [0, 5, BUDGET_BASE - 1, BUDGET_BASE])
def test_the_budget_counts_all_tokens_whoever_chose_them(length: int, given: int) -> None:
    text = list(range(100, 100 + length))
    expected = (text[:BUDGET_BASE], BUDGET if length > BUDGET_BASE else "")
    if given <= length:
        assert written(text, text[:given]) == expected
        assert written(text, (), text[:given]) == expected
        assert written(text, text[: given // 2], text[given // 2 :]) == expected


def test_more_that_is_forced_than_the_budget_allows_stands() -> None:
    text = list(range(100, 150))
    assert written(text, text[:40]) == (text[:40], BUDGET)


@pytest.mark.parametrize("wrong", [None, 0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 69])
def test_a_draft_is_given_to_the_model_no_further_than_the_piece_in_which_it_errs(wrong: int | None) -> None:
    text = list(range(100, 170))
    draft = [1 if place == wrong else token for place, token in enumerate(text)]
    sound = np.zeros((40, 1), np.float32)
    parrot = Parrot([*[0] * len(sound), *text])
    found = Writer(cast(Llama, parrot), {END}).write(Task((), sound, [50], (), draft), 0, steady)
    assert list(found.tokens) == text
    # Behind the error the draft is resumed as soon as two tokens agree again: only those two are chosen one by one.
    assert found.drafted <= len(draft) + (0 if wrong is None else PIECE)
    assert found.accepted == len(text) - (0 if wrong is None else min(AGAIN + 1, len(text) - wrong))


@pytest.mark.parametrize("draft", [(), (1, 2, 3), (1, 7, 3, 4), (1, 2, 3, END)])
def test_each_token_has_its_probability_wherever_it_comes_from_and_what_was_given_has_none(
    draft: tuple[int, ...],
) -> None:
    found = Writer(cast(Llama, Parrot([1, 2, 3])), {END}).write(Task((), NO_SOUND, [50], (), draft), 0, steady)
    assert found.log_probabilities == (0.0, -1.0, -2.0, -3.0)
    task = Task((), NO_SOUND, [50], [1, 2], draft[2:])
    found = Writer(cast(Llama, Parrot([1, 2, 3])), {END}).write(task, 0, steady)
    np.testing.assert_array_equal(found.log_probabilities, (np.nan, np.nan, -2.0, -3.0))


def test_what_is_cut_has_no_probability() -> None:
    looping = Writer(cast(Llama, Parrot([8, *([5] * 60)])), {END}).write(Task((), NO_SOUND, [50], ()), 0, steady)
    assert looping.log_probabilities == (0.0, -1.0)
    endless = Writer(cast(Llama, Parrot(range(100, 150))), {END}).write(Task((), NO_SOUND, [50], ()), 0, steady)
    assert len(endless.log_probabilities) == len(endless.tokens) == BUDGET_BASE


@pytest.mark.parametrize("draft", [0, 1, 7, 21, 40])
def test_a_loop_is_cut_wherever_its_tokens_come_from(draft: int) -> None:
    text = [8, *([5] * 60)]
    assert written(text, (), text[:draft]) == ([8, 5], LOOP)


def test_a_loop_that_was_forced_stays_as_far_as_it_was_forced() -> None:
    text = [8, *([5] * 60)]
    assert written(text, text[:10]) == (text[:10], LOOP)
    assert written(text, text[:30]) == (text[:30], LOOP)


@pytest.mark.parametrize("longer", [0, 1, 7, 30])
def test_what_a_draft_says_behind_the_end_of_an_answer_was_not_accepted(longer: int) -> None:
    text = [8, *([5] * (MOST_REPEATS + longer))]
    parrot = Parrot(text)
    found = Writer(cast(Llama, parrot), {END}).write(Task((), NO_SOUND, [50], (), text), 0, steady)
    assert (found.stuck, found.accepted, found.chosen) == (LOOP, 1 + MOST_REPEATS, 0)


@pytest.mark.parametrize(
    ("written", "left", "rest"),
    [
        ([1, 2], [7, 1, 2, 3, 4], [3, 4]),
        ([9, 1, 2], [1, 2, 3], [3]),
        ([1, 2], [7, 1, 3, 2, 4], []),
        ([1, 2], [7, 1, 2, 3, 1, 2, 4], [3, 1, 2, 4]),
        ([1, 2], [7, 1, 2], []),
        ([2], [1, 2, 3], []),
        ([1, 2], [], []),
    ],
)
def test_a_draft_goes_on_where_it_agrees_again(written: list[int], left: list[int], rest: list[int]) -> None:
    assert list(resumed(written, left)) == rest


@given(
    st.lists(st.integers(1, 4), max_size=BUDGET_BASE),
    st.lists(st.integers(1, 4), max_size=50),
    st.integers(0, 5),
)
def test_no_draft_changes_what_is_said(text: list[int], draft: list[int], forced: int) -> None:
    alone = written(text, text[:forced])
    assert written(text, text[:forced], draft) == alone
    assert written(text, text[:forced], [*text[forced : forced + 9], *draft, *text[forced + 8 :]]) == alone


class Real:
    """The miniature's context with one recording in it."""

    def __init__(self, package: Package, rows: Floats) -> None:
        self.llama = Llama(package.decoder, gpu_layers=0, sequences=2)
        config = package.config
        prompt = Prompt(self.llama.vocabulary, config.audio_start_id, config.audio_end_id)
        self._task = Task(tuple(prompt.prefix("")), rows, prompt.suffix, ())
        self._writer = Writer(self.llama, config.end_ids)

    def write(self, draft: Sequence[int] = (), begin: Sequence[int] = ()) -> tuple[tuple[int, ...], int]:
        """The answer, and how much of the draft was accepted."""
        task = Task(self._task.prefix, self._task.rows, self._task.suffix, begin, draft)
        found = self._writer.write(task, 1, steady)
        return found.tokens, found.accepted


@pytest.fixture(scope="module")
def real(asr: Package, features: Callable[[str], Floats]) -> Iterator[Real]:
    one = Real(asr, features("05_corpus_held"))
    yield one
    one.llama.close()


def test_a_planted_error_is_found_where_it_stands(real: Real) -> None:
    right, _ = real.write()
    for place in range(0, len(right) - 3, 5):
        draft = [*right[:place], right[place] + 1, *right[place + 1 :]]
        assert real.write(draft) == (right, len(right) - 3)


def test_a_draft_with_a_token_too_few_or_too_many_is_repaired(real: Real) -> None:
    right, _ = real.write()
    assert real.write([*right[:10], *right[11:]]) == (right, len(right) - 3)
    assert real.write([*right[:10], 1, *right[10:]]) == (right, len(right) - 2)
    assert real.write([*right, *right]) == (right, len(right))
    assert real.write(right[20:], right[:20]) == (right, len(right) - 20)
