"""Many utterances in one decoder: each as if it were alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from model import decoder as decoder_module
from model.decoder import Decoder
from model.llama_batch import SEQUENCES
from model.package import Package
from tests.model.conftest import Floats
from tests.model.growing import CONTEXT, FEW, Grown, every, follow, hear, prompt_length


@pytest.fixture
def small(asr: Package, monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoder]:
    """A decoder that has to make do with 1024 tokens until it needs more for one utterance."""
    monkeypatch.setattr(decoder_module, "ROOM", 1024)
    one = Decoder(asr)
    yield one
    one.close()


def test_utterances_that_interleave_do_not_disturb_each_other(stream: Decoder, grown: Grown) -> None:
    for steps in itertools.zip_longest(*map(grown, FEW)):
        for utterance, step in enumerate(steps):
            if step is not None:
                follow(stream, utterance, [step])
                assert stream.step(utterance).generate_tokens == 1


def test_more_utterances_than_sequences_cost_time_but_no_token(stream: Decoder, grown: Grown) -> None:
    for number, step in enumerate(every(2, grown("01_short_seen"))):
        for utterance in range(SEQUENCES + 1):
            found = follow(stream, utterance, [step])[0]
            assert (found.draft_tokens > 0) == (number > 0)


def test_who_has_not_spoken_for_longest_gives_up_its_place(stream: Decoder, grown: Grown) -> None:
    rows = grown("01_short_seen")[-1].rows
    for utterance in range(SEQUENCES - 1):
        stream.hear(utterance, 0, rows)
        stream.step(utterance)
    stream.step(0)
    stream.hear(SEQUENCES, 0, rows)
    stream.step(SEQUENCES)
    assert stream.step(0).reused_tokens == prompt_length(stream) + len(rows)
    assert stream.step(2).reused_tokens == prompt_length(stream) + len(rows)
    assert stream.step(1).reused_tokens == prompt_length(stream)


def test_a_prompt_is_computed_once_for_all_utterances(stream: Decoder, grown: Grown) -> None:
    rows = grown("01_short_seen")[-1].rows
    new = []
    for utterance in range(4):
        stream.hear(utterance, 0, rows)
        new.append(stream.step(utterance, context="Unheard-of words, and more").reused_tokens)
        if utterance == 2:
            stream.forget(1)
    assert new[0] < prompt_length(stream)
    assert new[1] == new[2] == new[3] > 15


def test_writing_from_scratch_in_between_disturbs_no_step(stream: Decoder, grown: Grown) -> None:
    rows = grown("05_corpus_held")[-1].rows
    stream.hear(1, 0, rows)
    stream.step(1)
    stream.decode(grown("09_long_pause")[-1].rows, context=CONTEXT)
    stream.first_logits(rows)
    assert stream.step(1).reused_tokens == prompt_length(stream) + len(rows)


def test_room_that_grows_in_the_middle_costs_time_but_no_token(small: Decoder, grown: Grown) -> None:
    before, last = grown("05_corpus_held")[-2:]
    small.hear(1, 0, before.rows)
    assert small.step(1).tokens == before.tokens
    small.decode(before.rows, context="word " * 1_000)
    hear(small, 1, last)
    found = small.step(1)
    assert found.tokens == last.tokens
    assert found.reused_tokens == 0
    assert found.draft_tokens >= len(before.tokens)


def test_utterances_that_do_not_fit_in_together_take_turns(small: Decoder, grown: Grown) -> None:
    rows = grown("01_short_seen")[-1].rows
    contexts = {1: "alpha " * 200, 2: "gamma " * 200}
    expected = {one: small.decode(rows, context=context).tokens for one, context in contexts.items()}
    for utterance in (1, 2, 1):
        small.hear(utterance, 0, rows)
        found = small.step(utterance, context=contexts[utterance])
        assert found.tokens == expected[utterance]
        assert found.reused_tokens < prompt_length(small)


def test_what_was_forgotten_or_never_heard_is_no_utterance(stream: Decoder, grown: Grown) -> None:
    stream.hear(1, 0, grown("01_short_seen")[-1].rows)
    stream.forget(1)
    stream.forget(1)
    with pytest.raises(ValueError, match="utterance 1"):
        stream.step(1)
    with pytest.raises(ValueError, match="only 0"):
        stream.hear(1, 1, grown("01_short_seen")[-1].rows)
    with pytest.raises(ValueError, match="utterance 1"):
        stream.step(1)


def test_after_silence_no_earlier_text_returns(
    stream: Decoder, grown: Grown, features: Callable[[str], Floats]
) -> None:
    speech, silence = grown("01_short_seen"), features("11_silence")
    first = follow(stream, 1, speech)[-1]
    stream.forget(1)
    stream.hear(2, 0, silence)
    assert stream.step(2).text == ""
    follow(stream, 3, speech)
    stream.hear(3, 0, silence)
    assert stream.step(3).text == ""
    stream.hear(3, 0, speech[-1].rows)
    assert stream.step(3).text == first.text != ""
