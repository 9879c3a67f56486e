"""One utterance's way, step by step, without any process."""

from __future__ import annotations

import pytest

from daemon.utterance import ATTEMPTS, PARTIAL_ATTEMPTS, Options, Utterance
from pipeline.settings import StreamSettings
from tests.daemon.steps import OPTIONS, S, hear, next_step


@pytest.fixture
def utterance() -> Utterance:
    return Utterance(7, "network-1", 1 * S, OPTIONS, StreamSettings(interval_ms=500))


def test_the_first_step_comes_with_the_onset_and_each_brings_only_what_is_new(utterance: Utterance) -> None:
    assert next_step(utterance, 1 * S) is None
    first = next_step(utterance, 2 * S)
    assert first is not None
    assert (first.from_sample, first.to_sample, first.speech.from_sample, first.speech.last) == (S, 2 * S, 0, False)
    assert first.speech.context == "names"
    hear(utterance, 0, "a")
    second = next_step(utterance, 3 * S)
    assert second is not None
    assert (second.from_sample, second.to_sample, second.speech.from_sample, second.speech.seq) == (2 * S, 3 * S, S, 1)


def test_one_step_is_in_flight_however_much_sound_comes(utterance: Utterance) -> None:
    assert next_step(utterance, 2 * S) is not None
    assert next_step(utterance, 20 * S) is None
    hear(utterance, 0, "a")
    given = next_step(utterance, 20 * S)
    assert given is not None
    assert given.to_sample == 20 * S


def test_a_replay_begins_with_all_sound_in_a_new_epoch_and_old_words_no_longer_count(utterance: Utterance) -> None:
    next_step(utterance, 2 * S)
    utterance.replay("the decoder was killed")
    assert hear(utterance, 0, "old", epoch=0) is None
    again = next_step(utterance, 3 * S)
    assert again is not None
    assert (again.speech.epoch, again.speech.seq, again.speech.from_sample) == (1, 0, 0)
    assert (again.from_sample, again.to_sample) == (S, 3 * S)


def test_what_kills_a_process_again_and_again_is_set_aside_with_what_was_committed(utterance: Utterance) -> None:
    utterance.close(2 * S, 0)
    for _ in range(ATTEMPTS):
        next_step(utterance, 2 * S)
        utterance.replay("the decoder was killed by SIGKILL")
    assert utterance.outcome is not None
    assert utterance.outcome.text == ""
    assert "SIGKILL" in utterance.outcome.error


def test_an_innocent_utterance_may_be_replayed_for_ever(utterance: Utterance) -> None:
    for _ in range(10):
        next_step(utterance, 2 * S)
        utterance.replay()
    assert utterance.outcome is None
    assert utterance.epoch == 10


def test_a_partial_that_fails_is_forgotten_and_a_final_that_fails_is_tried_again(utterance: Utterance) -> None:
    next_step(utterance, 2 * S)
    utterance.fail(0, 0, "x")
    assert next_step(utterance, 3 * S) is not None
    utterance.close(4 * S, 0)
    final = next_step(utterance, 4 * S)
    assert final is not None
    utterance.fail(0, final.speech.seq - 1, "an old one")
    assert utterance.epoch == 0
    utterance.fail(0, final.speech.seq, "x")
    again = next_step(utterance, 4 * S)
    assert again is not None
    assert again.speech.epoch == 1


def test_costs_of_all_steps_are_added_up(utterance: Utterance) -> None:
    next_step(utterance, 2 * S)
    hear(utterance, 0, "a")
    utterance.close(3 * S, 0)
    next_step(utterance, 3 * S)
    hear(utterance, 1, "a", last=True)
    cost = utterance.cost
    assert (cost.steps, cost.prefill_tokens, cost.generate_tokens) == (2, 6, 10)
    assert (cost.reused_tokens, cost.draft_tokens, cost.accepted_tokens, cost.slowest_ns) == (12, 14, 16, 7)


def test_without_partials_only_what_may_be_the_final_is_a_step() -> None:
    quiet = Utterance(1, "s", 0, Options("", "", False, False, True), StreamSettings())
    assert next_step(quiet, 8 * S) is None
    quiet.pause(8 * S)
    assert next_step(quiet, 8 * S) is not None
    quiet.resume()
    quiet.close(9 * S, 0)
    given = next_step(quiet, 9 * S)
    assert given is not None
    assert given.speech.last


def test_partials_that_kill_a_process_are_given_up_and_the_final_is_still_tried(utterance: Utterance) -> None:
    for _ in range(PARTIAL_ATTEMPTS):
        assert next_step(utterance, 3 * S) is not None
        utterance.replay("the decoder was killed")
    assert next_step(utterance, 9 * S) is None
    utterance.close(20 * S, 0)
    for _ in range(ATTEMPTS - 1):
        next_step(utterance, 20 * S)
        utterance.replay("the decoder was killed")
    given = next_step(utterance, 20 * S)
    assert given is not None
    hear(utterance, given.speech.seq, "all of it", last=True)
    assert utterance.outcome is not None
    assert utterance.outcome.text == "all of it"


def test_deaths_with_partials_between_them_are_no_poison(utterance: Utterance) -> None:
    for second in range(3, 13):
        assert next_step(utterance, second * S) is not None
        utterance.replay("the decoder was killed")
        given = next_step(utterance, second * S)
        assert given is not None
        assert hear(utterance, given.speech.seq, "so far") is not None
    assert utterance.outcome is None
