from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from model import llama_abort, miniature
from model.errors import Cancelled, ModelError
from model.llama import Llama
from model.package import Package


@pytest.fixture(scope="module")
def llama(asr: Package) -> Iterator[Llama]:
    one = Llama(asr.decoder)
    yield one
    one.close()


@pytest.fixture
def several(asr: Package) -> Iterator[Llama]:
    """Three sequences that share 1024 cells."""
    one = Llama(asr.decoder, gpu_layers=0, sequences=3)
    yield one
    one.close()


TEXT = "The meeting starts on Thursday afternoon, at 5:30 PM. Ünïcödé 你好 🎤"


def test_text_survives_its_tokens(llama: Llama) -> None:
    assert b"".join(map(llama.vocabulary.piece, llama.vocabulary.tokenise(TEXT))).decode() == TEXT


def test_control_tokens_are_recognised_only_on_request(llama: Llama) -> None:
    added = json.loads((miniature.checkpoint("asr") / "tokenizer_config.json").read_text())["added_tokens_decoder"]
    numbers = {token["content"]: int(number) for number, token in added.items()}
    assert llama.vocabulary.tokenise("<|im_end|>", special=True) == [numbers["<|im_end|>"]]
    assert numbers["<|im_end|>"] not in llama.vocabulary.tokenise("<|im_end|>")
    assert numbers["<asr_text>"] not in llama.vocabulary.tokenise("<asr_text>")


def test_control_tokens_stand_for_no_text(llama: Llama) -> None:
    assert llama.vocabulary.piece(llama.vocabulary.control("<|im_end|>")) == b""


def test_a_control_token_that_is_not_there_is_named(llama: Llama) -> None:
    with pytest.raises(ModelError, match=r"<\|no_such\|>"):
        llama.vocabulary.control("<|no_such|>")


def test_a_token_that_is_not_there_is_refused(llama: Llama) -> None:
    with pytest.raises(ModelError, match="no token 99999"):
        llama.vocabulary.piece(99_999)


def test_one_batch_and_many_give_the_same_logits(llama: Llama) -> None:
    tokens = llama.vocabulary.tokenise(TEXT * 20)
    llama.clear()
    once = llama.feed_tokens(tokens, outputs=3)
    llama.clear()
    for token in tokens[:-1]:
        llama.feed_tokens([token])
    last = llama.feed_tokens(tokens[-1:], outputs=1)
    assert once.shape == (3, llama.vocabulary.size)
    assert llama.length() == len(tokens)
    assert np.abs(once[-1] - last[0]).max() < 0.2


def test_outputs_may_lie_across_two_calls_of_the_library(llama: Llama) -> None:
    tokens = llama.vocabulary.tokenise("a b c d " * 150)
    assert len(tokens) > 520
    llama.clear()
    rows = llama.feed_tokens(tokens[:520], outputs=20)
    llama.clear()
    llama.feed_tokens(tokens[:500])
    alone = llama.feed_tokens(tokens[500:520], outputs=20)
    assert np.abs(rows - alone).max() < 0.2


@pytest.mark.parametrize("hidden", [False, True])
def test_results_come_out_at_the_places_that_were_asked_for(asr: Package, hidden: bool) -> None:
    llama = Llama(asr.decoder, hidden=hidden)
    tokens = llama.vocabulary.tokenise("a b c d " * 60)
    rows = llama.feed_tokens(tokens, outputs=len(tokens))
    places = [0, 5, *range(60, 200, 3), len(tokens) - 1]
    llama.clear()
    assert np.abs(llama.feed_tokens(tokens, outputs=places) - rows[places]).max() < 0.2
    llama.close()


def test_a_decoder_on_a_gpu_beats_before_each_batch(llama: Llama, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[int] = []

    def beat() -> bool:
        beats.append(llama.length())
        return llama.length() > 600

    llama.clear()
    llama.reserve(2_000)
    monkeypatch.setattr(llama, "gpu_layers", 5)
    with pytest.raises(Cancelled):
        llama.feed_tokens([1] * 2_000, beat)
    assert sorted(set(beats)) == [0, 512, 1024]
    assert llama.length() == 1024


def test_what_was_cut_off_is_forgotten(llama: Llama) -> None:
    tokens = llama.vocabulary.tokenise("The meeting starts")
    llama.clear()
    expected = llama.feed_tokens(tokens, outputs=1)
    llama.clear()
    llama.feed_tokens([*tokens[:-1], 5, 6, 7])
    llama.truncate(len(tokens) - 1)
    assert np.abs(llama.feed_tokens(tokens[-1:], outputs=1) - expected).max() < 0.2


def test_sequences_know_nothing_of_each_other(several: Llama) -> None:
    tokens = several.vocabulary.tokenise("The meeting starts")
    alone = several.feed_tokens(tokens, outputs=1)
    several.feed_tokens([9, 8, 7], sequence=1)
    several.clear()
    several.feed_tokens(tokens[:1])
    several.feed_tokens([6, 5], sequence=1)
    assert np.abs(several.feed_tokens(tokens[1:], outputs=1) - alone).max() < 0.2
    assert (several.length(0), several.length(1), several.length(2)) == (len(tokens), 5, 0)


def test_a_copied_beginning_is_as_good_as_a_computed_one_and_takes_no_room(several: Llama) -> None:
    tokens = several.vocabulary.tokenise("The meeting starts on Thursday")
    expected = several.feed_tokens(tokens, outputs=1)
    free = several.free
    several.feed_tokens([1, 2, 3], sequence=2)
    several.copy(0, 2, len(tokens) - 2)
    assert (several.length(2), several.free) == (len(tokens) - 2, free)
    several.clear(0)
    assert np.abs(several.feed_tokens(tokens[-2:], outputs=1, sequence=2) - expected).max() < 0.2
    assert several.free == several.capacity - len(tokens)


@pytest.mark.parametrize("after", [0, 3, 200])
def test_who_gives_up_loses_only_what_was_being_computed(
    several: Llama, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llama_abort, "_BEAT_NS", 0)
    other = several.feed_tokens([4, 5, 6], outputs=1, sequence=1)
    tokens = several.vocabulary.tokenise("a b c d " * 180)[:720]
    expected = several.feed_tokens(tokens, outputs=1)
    several.truncate(after)
    several.feed_tokens([7], sequence=1)
    with pytest.raises(Cancelled):
        several.feed_tokens(tokens[after:], lambda: several.length() >= after + 512)
    assert several.length() == after + 512
    assert np.abs(several.feed_tokens(tokens[several.length() :], outputs=1) - expected).max() < 0.2
    several.truncate(2, 1)
    assert np.abs(several.feed_tokens([6], outputs=1, sequence=1) - other).max() < 0.2


def test_a_sequence_that_finds_no_room_leaves_the_others_alone(several: Llama) -> None:
    several.feed_tokens([1] * 1_000, sequence=1)
    several.feed_tokens([1] * 20)
    with pytest.raises(ModelError, match="is full"):
        several.feed_tokens([1] * 5)
    assert (several.length(0), several.length(1), several.free) == (20, 1_000, 4)


def test_room_that_grows_forgets_everything(several: Llama) -> None:
    several.feed_tokens([1, 2, 3], sequence=1)
    several.reserve(several.capacity)
    assert several.length(1) == 3
    several.reserve(several.capacity + 1)
    assert (several.length(1), several.free) == (0, 2_048)


def test_the_likeliest_tokens_are_those_with_the_highest_logits(llama: Llama) -> None:
    tokens = llama.vocabulary.tokenise("a b c d " * 60)
    llama.clear()
    rows = llama.feed_tokens(tokens, outputs=150)
    llama.clear()
    chosen = llama.choose(tokens, len(tokens) - 150)
    assert (len(chosen), llama.length()) == (150, len(tokens))
    assert [choice.token for choice in chosen] == rows.argmax(axis=1).tolist()
    exact = rows.astype(np.float64)
    expected = exact.max(axis=1) - np.log(np.exp(exact).sum(axis=1))
    np.testing.assert_allclose([choice.log_probability for choice in chosen], expected, atol=1e-2)


def test_a_full_context_is_an_error(llama: Llama) -> None:
    llama.clear()
    with pytest.raises(ModelError, match="is full"):
        llama.feed_tokens([1] * 5_000)


def test_more_than_the_model_can_hold_is_an_error(llama: Llama) -> None:
    with pytest.raises(ModelError, match="do not fit"):
        llama.reserve(llama.longest + 1)


def test_hidden_states_have_the_model_s_width(asr: Package) -> None:
    llama = Llama(asr.decoder, hidden=True)
    llama.feed_tokens([1, 2, 3])
    assert llama.feed_tokens([4, 5], outputs=2).shape == (2, 256)
    llama.close()


def test_the_library_says_nothing(asr: Package, capfd: pytest.CaptureFixture[str]) -> None:
    llama = Llama(asr.decoder)
    llama.feed_tokens([1, 2, 3], outputs=1)
    llama.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("cut", [[1] * 8, [3, 1, 4], [2, 6], [7, 1]])
def test_results_are_the_same_bit_for_bit_however_the_tokens_are_cut_into_batches(llama: Llama, cut: list[int]) -> None:
    begin, tokens = list(range(40, 90)), list(range(200, 208))
    llama.clear()
    llama.feed_tokens(begin)
    at_once = llama.feed_tokens(tokens, outputs=len(tokens))
    llama.clear()
    # A lone token, and a lone result, are what the library computes otherwise.
    llama.feed_tokens(begin[:-1])
    llama.feed_tokens(begin[-1:])
    parts, given = [], iter(tokens)
    for count in cut:
        llama.feed_tokens([next(given) for _ in range(count - 1)])
        parts.append(llama.feed_tokens([next(given)], outputs=1))
    last = [sum(cut[: number + 1]) - 1 for number in range(len(cut))]
    assert np.array_equal(np.concatenate(parts), at_once[last])
    assert llama.length() == len(begin) + len(tokens)
