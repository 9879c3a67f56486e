"""All utterances of a daemon, with scripted workers in the place of processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.utterance import ATTEMPTS
from daemon.utterances import FINALS_IN_FLIGHT
from pipeline import events
from pipeline.messages import SAMPLE_RATE, Align, Cancel, Failed, Forget, Word
from pipeline.segmenter import Closed, Opened
from tests.daemon.world import World

S = SAMPLE_RATE


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_finals_leave_in_the_order_they_were_said_whatever_order_they_are_decided_in(world: World) -> None:
    for at in (0, 3, 6):
        world.utter(at, at + 2)
    world.advance()
    first, second, third = world.speeches()
    world.answer(third, "three")
    world.answer(second, "two")
    world.advance()
    assert world.script.finals() == []
    world.answer(first, "one")
    world.advance()
    assert world.script.finals() == ["one", "two", "three"]


def test_a_final_is_published_once_though_it_is_heard_twice(world: World) -> None:
    world.utter(0, 2)
    world.advance()
    (speech,) = world.speeches()
    for _ in range(3):
        world.answer(speech, "once")
        world.advance()
    assert world.script.finals() == ["once"]


def test_a_backlog_waits_in_the_spool_and_not_with_the_encoder(world: World) -> None:
    for at in range(0, 50, 3):
        world.utter(at, at + 2)
    world.advance()
    assert len(world.speeches()) == FINALS_IN_FLIGHT
    world.answer(world.speeches()[0], "one")
    world.advance()
    assert len(world.speeches()) == FINALS_IN_FLIGHT + 1


def test_nothing_is_sent_to_a_process_that_is_not_ready(world: World) -> None:
    world.utter(0, 2)
    world.advance({"encoder"})
    assert world.script.work == []
    world.advance({"encoder", "decoder"})
    assert len(world.speeches()) == 1


def test_the_step_of_what_turns_out_to_be_a_click_is_told_to_stop(world: World) -> None:
    world.segmented(Opened(0))
    world.advance()
    world.segmented(Closed(0, 2 * S, "silence", 100))
    (cancel,) = world.script.told
    assert isinstance(cancel, Cancel)
    assert cancel.epoch > world.script.last_speech().epoch


def test_a_click_gets_an_empty_final_without_being_decoded(world: World) -> None:
    world.utter(0, 2, voiced=100)
    world.advance()
    assert world.script.work == []
    assert world.script.finals() == [""]
    assert world.script.of(events.Words)[0]["words"] == []


def test_words_follow_their_final_and_then_the_workers_may_forget(world: World) -> None:
    world.utter(3, 5)
    world.advance()
    world.answer(world.speeches()[0], "hello you")
    world.advance()
    to, align, samples = world.script.work[-1]
    assert isinstance(align, Align)
    assert (to, align.text, samples) == ("aligner", "hello you", 2 * S)
    world.align(align, Word("hello", 0, S // 2), Word("you", S, 2 * S))
    (words,) = world.script.of(events.Words)
    assert [(w.text, w.start, w.end) for w in words["words"]] == [("hello", 3.0, 3.5), ("you", 4.0, 5.0)]
    assert world.script.told == [Forget(1)]
    assert list(world.utterances) == []


def test_sound_is_kept_until_the_words_are_there(world: World) -> None:
    world.utter(3, 5)
    assert world.utterances.finished_to(world.track) == 3 * S
    world.advance()
    world.answer(world.speeches()[0], "")
    world.advance()
    assert world.utterances.finished_to(world.track) == world.track.settled_to > 50 * S


def test_a_dead_decoder_means_all_open_utterances_again_and_only_the_one_at_work_is_blamed(world: World) -> None:
    world.utter(0, 2)
    world.utter(3, 5)
    world.advance()
    for _ in range(ATTEMPTS):
        world.utterances.process_died("decoder", "was killed by SIGKILL", 1)
        world.advance()
    (final,) = world.script.of(events.Final)
    assert final["text"] == ""
    assert "SIGKILL" in final["error"]
    assert world.script.codes() == ["utterance-failed"]
    speech = world.script.last_speech()
    assert (speech.utterance, speech.epoch, speech.from_sample) == (2, ATTEMPTS, 0)
    world.answer(speech, "two")
    world.advance()
    assert world.script.finals() == ["", "two"]


def test_a_final_that_fails_is_tried_again_and_then_said_to_have_failed(world: World) -> None:
    world.utter(0, 2)
    for _ in range(ATTEMPTS):
        world.advance()
        speech = world.script.last_speech()
        world.utterances.fail(Failed("decoder", 1, speech.epoch, speech.seq, "no memory"))
    world.advance()
    (final,) = world.script.of(events.Final)
    assert (final["text"], final["error"]) == ("", "no memory")


def test_an_aligner_that_dies_is_asked_again_and_old_answers_do_not_count(world: World) -> None:
    world.utter(0, 2)
    world.advance()
    world.answer(world.speeches()[0], "hello")
    world.advance()
    world.utterances.process_died("aligner", "was killed", 0)
    world.advance()
    first, second = world.aligns()
    assert [first.epoch, second.epoch] == [0, 1]
    world.align(first, Word("old", 0, 1))
    assert world.script.of(events.Words) == []
    world.align(second, Word("new", 0, 1))
    assert world.script.of(events.Words)[0]["words"][0].text == "new"


def test_without_an_aligner_the_text_still_comes(world: World) -> None:
    world.utterances.process_lost("aligner", "aligner: no model")
    world.utter(0, 2)
    world.advance()
    world.answer(world.speeches()[0], "hello")
    world.advance()
    assert world.script.finals() == ["hello"]
    assert world.script.of(events.Words)[0]["error"] == "aligner: no model"


def test_a_cancelled_utterance_says_nothing_though_its_text_was_on_the_way(world: World) -> None:
    world.segmented(Opened(0))
    world.advance()
    (speech,) = world.speeches()
    world.segmented(Closed(0, 2 * S, "cancel", S))
    world.answer(speech, "secret")
    world.advance()
    assert world.script.finals() == [""]
    assert world.script.of(events.Partial) == []
    assert isinstance(world.script.told[0], Cancel)


def test_what_is_cancelled_while_a_replay_is_due_stays_cancelled(world: World) -> None:
    world.segmented(Opened(0))
    world.advance()
    world.utterances.process_died("encoder", "was killed", 1)
    world.segmented(Closed(0, 2 * S, "cancel", S))
    world.advance()
    assert world.script.finals() == [""]


def test_a_source_without_alignment_gets_no_words(tmp_path: Path) -> None:
    world = World(tmp_path, align=False)
    world.utter(0, 2)
    world.advance()
    world.answer(world.speeches()[0], "hello")
    world.advance()
    assert world.script.finals() == ["hello"]
    assert world.script.of(events.Words) == []
    assert list(world.utterances) == []


def test_the_utterance_that_the_dead_process_worked_on_is_blamed_and_no_other(world: World) -> None:
    world.utter(0, 2)
    world.utter(3, 5)
    for _ in range(ATTEMPTS):
        world.advance()
        world.utterances.process_died("decoder", "was killed", 2)
    world.advance()
    world.answer(next(s for s in reversed(world.speeches()) if s.utterance == 1), "one")
    world.advance()
    assert world.script.finals() == ["one", ""]


def test_who_is_to_blame_is_not_guessed(world: World) -> None:
    world.utter(0, 2)
    world.utter(3, 5)
    for _ in range(2 * ATTEMPTS):
        world.advance()
        world.utterances.process_died("decoder", "was killed", 0)
    assert world.script.of(events.Notice) == []


def test_an_aligner_killed_by_others_is_asked_again_and_by_the_same_words_given_up(world: World) -> None:
    world.utter(0, 2)
    world.advance()
    world.answer(world.speeches()[0], "hello")
    for _ in range(ATTEMPTS):
        world.advance()
        world.utterances.process_died("aligner", "was killed", 7)
    assert world.script.of(events.Words) == []
    for _ in range(ATTEMPTS):
        world.advance()
        world.utterances.process_died("aligner", "was killed", 1)
    world.advance()
    assert "killed" in world.script.of(events.Words)[0]["error"]


def test_a_published_final_is_settled_though_its_words_are_still_to_come(world: World) -> None:
    world.utter(3, 5)
    assert world.utterances.decided_to(world.track) == 3 * S
    assert world.utterances.undecided("mic")
    assert world.utterances.awaited == {"encoder", "decoder"}
    world.advance()
    world.answer(world.speeches()[0], "hello")
    world.advance()
    assert world.utterances.decided_to(world.track) > 5 * S
    assert not world.utterances.undecided("mic")
    assert world.utterances.awaited == {"aligner"}
    assert world.utterances.finished_to(world.track) == 3 * S
