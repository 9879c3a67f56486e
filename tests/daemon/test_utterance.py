"""One utterance's way, step by step, without any process."""

from __future__ import annotations

import pytest

from daemon.utterance import ATTEMPTS, PARTIAL_ATTEMPTS, Options, Utterance
from pipeline.messages import SAMPLE_RATE, Hypothesis
from pipeline.settings import StreamSettings

S = SAMPLE_RATE
OPTIONS = Options(language="", context="names", commit=True, partials=True, align=True)


@pytest.fixture
def utterance() -> Utterance:
    return Utterance(7, "network-1", 1 * S, OPTIONS, StreamSettings(interval_ms=500))


def heard(utterance: Utterance, seq: int, text: str, *, last: bool = False, epoch: int | None = None) -> Hypothesis:
    return Hypothesis(
        utterance=utterance.number,
        epoch=utterance.epoch if epoch is None else epoch,
        seq=seq,
        last=last,
        samples=seq * S,
        language="English",
        text=text,
        tokens=tuple(range(len(text))),
        ends=tuple(range(1, len(text) + 1)),
        encode_ns=1,
        prefill_ns=2,
        prefill_tokens=3,
        generate_ns=4,
        generate_tokens=5,
    )


def test_the_first_step_waits_for_its_interval_and_each_brings_only_what_is_new(utterance: Utterance) -> None:
    assert utterance.next_step(1 * S + 7999) is None
    first = utterance.next_step(2 * S)
    assert first is not None
    assert (first.from_sample, first.to_sample, first.speech.from_sample, first.speech.last) == (S, 2 * S, 0, False)
    assert first.speech.context == "names"
    utterance.hear(heard(utterance, 0, "a"))
    second = utterance.next_step(3 * S)
    assert second is not None
    assert (second.from_sample, second.to_sample, second.speech.from_sample, second.speech.seq) == (2 * S, 3 * S, S, 1)


def test_one_step_is_in_flight_however_much_sound_comes(utterance: Utterance) -> None:
    assert utterance.next_step(2 * S) is not None
    assert utterance.next_step(20 * S) is None
    utterance.hear(heard(utterance, 0, "a"))
    step = utterance.next_step(20 * S)
    assert step is not None
    assert step.to_sample == 20 * S


def test_the_final_overtakes_a_partial_in_flight_and_tells_it_to_stop(utterance: Utterance) -> None:
    utterance.next_step(2 * S)
    utterance.close(5 * S, 0)
    final = utterance.next_step(9 * S)
    assert final is not None
    assert final.speech.last
    assert final.to_sample == 5 * S
    assert final.cancel is not None
    assert (final.cancel.epoch, final.cancel.below_seq) == (0, 1)
    assert utterance.hear(heard(utterance, 0, "late partial")) is None
    utterance.hear(heard(utterance, 1, "the text", last=True))
    assert utterance.outcome is not None
    assert utterance.outcome.text == "the text"
    assert utterance.next_step(99 * S) is None


def test_a_cut_before_what_was_sent_makes_the_encoder_forget(utterance: Utterance) -> None:
    utterance.next_step(6 * S)
    utterance.close(4 * S, 0)
    final = utterance.next_step(6 * S)
    assert final is not None
    assert final.speech.epoch == 1
    assert (final.from_sample, final.to_sample, final.speech.from_sample) == (S, 4 * S, 0)
    assert final.cancel is not None
    assert final.cancel.epoch == 1


def test_a_replay_begins_with_all_sound_in_a_new_epoch_and_old_words_no_longer_count(utterance: Utterance) -> None:
    utterance.next_step(2 * S)
    utterance.replay("the decoder was killed")
    assert utterance.hear(heard(utterance, 0, "old", epoch=0)) is None
    again = utterance.next_step(3 * S)
    assert again is not None
    assert (again.speech.epoch, again.speech.seq, again.speech.from_sample) == (1, 0, 0)
    assert (again.from_sample, again.to_sample) == (S, 3 * S)


def test_what_kills_a_process_again_and_again_is_set_aside_with_what_was_committed(utterance: Utterance) -> None:
    utterance.close(2 * S, 0)
    for _ in range(ATTEMPTS):
        utterance.next_step(2 * S)
        utterance.replay("the decoder was killed by SIGKILL")
    assert utterance.outcome is not None
    assert utterance.outcome.text == ""
    assert "SIGKILL" in utterance.outcome.error


def test_an_innocent_utterance_may_be_replayed_for_ever(utterance: Utterance) -> None:
    for _ in range(10):
        utterance.next_step(2 * S)
        utterance.replay()
    assert utterance.outcome is None
    assert utterance.epoch == 10


def test_a_partial_that_fails_is_forgotten_and_a_final_that_fails_is_tried_again(utterance: Utterance) -> None:
    utterance.next_step(2 * S)
    utterance.fail(0, last=False, error="x")
    assert utterance.next_step(3 * S) is not None
    utterance.close(4 * S, 0)
    final = utterance.next_step(4 * S)
    assert final is not None
    assert utterance.is_final(final.speech.seq)
    utterance.fail(0, last=True, error="x")
    again = utterance.next_step(4 * S)
    assert again is not None
    assert again.speech.epoch == 1


def test_costs_of_all_steps_are_added_up(utterance: Utterance) -> None:
    utterance.next_step(2 * S)
    utterance.hear(heard(utterance, 0, "a"))
    utterance.close(3 * S, 0)
    utterance.next_step(3 * S)
    utterance.hear(heard(utterance, 1, "a", last=True))
    assert (utterance.cost.steps, utterance.cost.prefill_tokens, utterance.cost.generate_tokens) == (2, 6, 10)


def test_without_partials_only_the_final_is_a_step() -> None:
    quiet = Utterance(1, "s", 0, Options("", "", False, False, True), StreamSettings())
    assert quiet.next_step(9 * S) is None
    quiet.close(9 * S, 0)
    step = quiet.next_step(9 * S)
    assert step is not None
    assert step.speech.last


def test_partials_that_kill_a_process_are_given_up_and_the_final_is_still_tried(utterance: Utterance) -> None:
    for _ in range(PARTIAL_ATTEMPTS):
        assert utterance.next_step(3 * S) is not None
        utterance.replay("the decoder was killed")
    assert utterance.next_step(9 * S) is None
    utterance.close(20 * S, 0)
    for _ in range(ATTEMPTS - 1):
        utterance.next_step(20 * S)
        utterance.replay("the decoder was killed")
    step = utterance.next_step(20 * S)
    assert step is not None
    utterance.hear(heard(utterance, step.speech.seq, "all of it", last=True))
    assert utterance.outcome is not None
    assert utterance.outcome.text == "all of it"


def test_deaths_with_partials_between_them_are_no_poison(utterance: Utterance) -> None:
    for second in range(3, 13):
        assert utterance.next_step(second * S) is not None
        utterance.replay("the decoder was killed")
        step = utterance.next_step(second * S)
        assert step is not None
        assert utterance.hear(heard(utterance, step.speech.seq, "so far")) is not None
    assert utterance.outcome is None
