"""When steps come: early ones, in a pause, at the end; and what the final is then."""

from __future__ import annotations

import pytest

from daemon.cadence import QUICK_STEPS
from daemon.utterance import Moment, Utterance
from pipeline.settings import StreamSettings
from tests.daemon.steps import NS, OPTIONS, S, hear, next_step


@pytest.fixture
def utterance() -> Utterance:
    return Utterance(7, "network-1", 1 * S, OPTIONS, StreamSettings(interval_ms=500))


def test_the_final_overtakes_a_partial_in_flight_and_tells_it_to_stop(utterance: Utterance) -> None:
    next_step(utterance, 2 * S)
    utterance.close(5 * S, 0)
    final = next_step(utterance, 9 * S)
    assert final is not None
    assert final.speech.last
    assert final.to_sample == 5 * S
    assert final.cancel is not None
    assert (final.cancel.epoch, final.cancel.below_seq) == (0, 1)
    assert hear(utterance, 0, "late partial") is None
    hear(utterance, 1, "the text", last=True)
    assert utterance.outcome is not None
    assert utterance.outcome.text == "the text"
    assert next_step(utterance, 99 * S) is None


def test_a_partial_that_is_answered_behind_the_end_is_not_shown_and_commits_nothing(utterance: Utterance) -> None:
    for seq in range(4):
        next_step(utterance, (2 + seq) * S, now_ns=seq * NS)
        if seq < 3:
            hear(utterance, seq, "one two three four", samples=(2 + seq) * S)
    before = utterance.committed
    utterance.close(8 * S, 0)
    assert hear(utterance, 3, "one two three four", samples=9 * S) is None
    assert utterance.committed == before
    final = next_step(utterance, 9 * S)
    assert final is not None
    assert final.cancel is None
    hear(utterance, 4, "the text", last=True)
    assert utterance.outcome is not None


def test_a_cut_before_what_was_sent_makes_the_encoder_forget_only_what_lies_behind_it(utterance: Utterance) -> None:
    next_step(utterance, 6 * S)
    utterance.close(4 * S, 0)
    final = next_step(utterance, 6 * S)
    assert final is not None
    assert (final.speech.epoch, final.speech.from_sample, final.speech.last) == (0, 3 * S, True)
    assert (final.from_sample, final.to_sample) == (4 * S, 4 * S)
    assert final.cancel is not None
    assert (final.cancel.epoch, final.cancel.below_seq) == (0, 1)


def test_a_pause_asks_for_what_the_final_would_be_and_the_answer_is_the_final(utterance: Utterance) -> None:
    next_step(utterance, 3 * S)
    hear(utterance, 0, "so")
    utterance.pause(3 * S + 320)
    early = next_step(utterance, 3 * S + 640)
    assert early is not None
    assert (early.from_sample, early.to_sample, early.speech.last) == (3 * S, 3 * S + 320, False)
    assert hear(utterance, 1, "so far", now_ns=5) is not None
    assert next_step(utterance, 9 * S) is None
    utterance.close(3 * S + 320, 7)
    assert utterance.outcome is not None
    assert utterance.outcome.text == "so far"
    assert next_step(utterance, 9 * S) is None
    last = utterance.outcome.step
    assert last is not None
    assert (last.seq, last.answered_ns) == (1, 5)


def test_where_it_breaks_off_in_speech_the_final_is_a_step_of_its_own_with_silence_behind_it(
    utterance: Utterance,
) -> None:
    partial = next_step(utterance, 3 * S)
    assert partial is not None
    assert partial.speech.hush == 0
    hear(utterance, 0, "the tex")
    utterance.close(3 * S, 0, ((2 * S, 3 * S),))
    final = next_step(utterance, 3 * S)
    assert final is not None
    assert (final.from_sample, final.to_sample, final.speech.last) == (3 * S, 3 * S, True)
    assert final.speech.hush > 0
    utterance.replay("the decoder was killed")
    again = next_step(utterance, 3 * S)
    assert again is not None
    assert again.speech.hush == final.speech.hush
    hear(utterance, again.speech.seq, "the text", last=True)
    assert utterance.outcome is not None
    assert utterance.outcome.text == "the text"


def test_an_early_final_that_is_still_in_work_when_the_end_is_certain_is_the_final_too(utterance: Utterance) -> None:
    utterance.pause(3 * S)
    next_step(utterance, 3 * S)
    utterance.close(3 * S, 0)
    assert utterance.deciding
    assert next_step(utterance, 3 * S) is None
    assert hear(utterance, 0, "all of it") is None
    assert utterance.outcome is not None
    assert utterance.outcome.text == "all of it"


def test_an_early_final_that_came_to_nothing_was_a_partial_like_any_other(utterance: Utterance) -> None:
    utterance.pause(3 * S)
    next_step(utterance, 3 * S)
    utterance.resume()
    assert hear(utterance, 0, "so") is not None
    utterance.close(5 * S, 0)
    final = next_step(utterance, 5 * S)
    assert final is not None
    assert (final.from_sample, final.speech.last, final.cancel) == (3 * S, True, None)


def test_an_early_final_waits_for_the_partial_in_flight_and_a_quick_end_overtakes_both(utterance: Utterance) -> None:
    next_step(utterance, 3 * S)
    utterance.pause(4 * S)
    assert next_step(utterance, 4 * S) is None
    utterance.close(4 * S, 0)
    final = next_step(utterance, 4 * S)
    assert final is not None
    assert (final.speech.last, final.to_sample) == (True, 4 * S)
    assert final.cancel is not None


def test_an_early_final_that_fails_is_tried_again_only_when_the_end_is_certain(utterance: Utterance) -> None:
    utterance.pause(3 * S)
    next_step(utterance, 3 * S)
    utterance.fail(0, 0, "no memory")
    assert next_step(utterance, 3 * S) is None
    utterance.close(3 * S, 0)
    final = next_step(utterance, 3 * S)
    assert final is not None
    assert (final.speech.last, final.speech.from_sample, final.from_sample, final.to_sample) == (
        True,
        2 * S,
        3 * S,
        3 * S,
    )


def test_an_early_final_whose_process_dies_is_sent_again_with_all_sound(utterance: Utterance) -> None:
    utterance.pause(3 * S)
    next_step(utterance, 3 * S)
    utterance.close(3 * S, 0)
    utterance.replay("the decoder was killed")
    again = next_step(utterance, 3 * S)
    assert again is not None
    assert (again.speech.epoch, again.speech.last, again.from_sample, again.to_sample) == (1, True, S, 3 * S)


def test_without_speculation_nothing_is_sent_in_a_pause() -> None:
    patient = Utterance(1, "s", 0, OPTIONS, StreamSettings(speculate=False))
    patient.pause(3 * S)
    assert next_step(patient, 3 * S) is None
    patient.close(3 * S, 0)
    final = next_step(patient, 3 * S)
    assert final is not None
    assert final.speech.last


def test_before_the_first_text_steps_come_twice_as_often(utterance: Utterance) -> None:
    next_step(utterance, 2 * S)
    hear(utterance, 0, "")
    assert next_step(utterance, 2 * S + 3999) is None
    assert next_step(utterance, 2 * S + 4000) is not None
    hear(utterance, 1, "a")
    assert next_step(utterance, 2 * S + 4000 + 7999) is None
    assert next_step(utterance, 2 * S + 4000 + 8000) is not None


def test_what_has_no_text_after_a_few_steps_is_looked_at_no_more_often_than_speech(utterance: Utterance) -> None:
    at = 2 * S
    for step in range(1 + QUICK_STEPS):
        assert next_step(utterance, at) is not None
        hear(utterance, step, "")
        at += S // 4
    assert next_step(utterance, at) is None
    assert next_step(utterance, at + S // 4) is not None


def test_after_a_step_that_cost_much_the_next_one_waits_twice_as_long(utterance: Utterance) -> None:
    next_step(utterance, 2 * S, now_ns=0)
    hear(utterance, 0, "a", now_ns=NS)
    assert next_step(utterance, 4 * S - 1, now_ns=2 * NS - 1) is None
    given = next_step(utterance, 4 * S, now_ns=2 * NS)
    assert given is not None
    assert given.to_sample == 4 * S
    assert utterance.strain == 2.0


def test_in_a_replay_the_clock_of_the_sound_counts(utterance: Utterance) -> None:
    utterance.next_step(Moment(2 * S, heard_ns=0, now_ns=0))
    hear(utterance, 0, "a", now_ns=NS)
    assert utterance.next_step(Moment(4 * S - 1, heard_ns=2 * NS - 1, now_ns=NS)) is None
    assert utterance.next_step(Moment(4 * S, heard_ns=2 * NS, now_ns=NS)) is not None


def test_when_there_is_no_time_for_partials_only_the_pause_and_the_end_are_steps(utterance: Utterance) -> None:
    assert next_step(utterance, 3 * S, partials=False) is None
    utterance.pause(3 * S)
    assert next_step(utterance, 3 * S, partials=False, speculate=False) is None
    given = next_step(utterance, 3 * S, partials=False)
    assert given is not None
    assert given.to_sample == 3 * S
