"""Doubtful finals, and what is told of finals, with scripted workers in the place of processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline import events
from pipeline.doubt import UNSURE
from pipeline.messages import SAMPLE_RATE, Failed, Word
from pipeline.segmenter import Closed, Opened, Paused
from tests.daemon.world import World

S = SAMPLE_RATE
SPANS = ((2 * S, 3 * S),)
"""Of an utterance of 10 s: hardly any speech."""
TEXT = "yes so good"
WORDS = (Word("yes", 2 * S, 5 * S // 2), Word("so", 5 * S // 2, 3 * S), Word("good", 8 * S, 9 * S))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def doubtful(world: World, text: str = TEXT) -> None:
    """Ten seconds with one of speech, and what the decoder wrote for them."""
    world.segmented(Opened(0), Closed(0, 10 * S, "silence", S, SPANS))
    world.advance()
    world.answer(world.script.last_speech(), text)
    world.advance()


def test_a_doubtful_final_waits_for_the_aligner_and_keeps_only_what_lies_on_speech(world: World) -> None:
    doubtful(world)
    assert world.script.finals() == []
    (question,) = world.aligns()
    assert question.text == TEXT
    world.align(question, *WORDS)
    (final,) = world.script.of(events.Final)
    assert (final["text"], final["withheld"]) == ("yes so", "good")
    (words,) = world.script.of(events.Words)
    assert [word.text for word in words["words"]] == ["yes", "so"]
    assert world.script.codes() == ["withheld"]
    assert len(world.aligns()) == 1
    assert list(world.utterances) == []


def commit_some(world: World) -> str:
    """Six seconds of speech, of which some text is committed: that text."""
    world.segmented(Opened(0))
    for second in range(1, 7):
        world.now_ns += 10**9
        world.track.clock.heard_ns = world.now_ns
        world.take(1)
        world.advance()
        world.answer(world.script.last_speech(), "far away a little word or two", samples=second * S)
    return str(world.script.of(events.Partial)[-1]["committed"])


def test_what_was_committed_is_not_held_back_for_it_may_be_typed_already(world: World) -> None:
    committed = commit_some(world)
    assert committed == "far away a little"
    end = world.track.judged
    world.segmented(Closed(0, end, "silence", S, ((end - S, end),)))
    world.advance()
    world.answer(world.script.last_speech(), "far away a little word or two")
    world.advance()
    (question,) = world.aligns()
    world.align(question, *(Word(word, n * S, (n + 1) * S) for n, word in enumerate(question.text.split())))
    (final,) = world.script.of(events.Final)
    assert (final["text"], final["withheld"]) == (committed, "word or two")
    assert [word.text for word in world.script.of(events.Words)[0]["words"]] == committed.split()


def test_a_notice_never_has_words_of_an_utterance_for_everybody_reads_it(world: World) -> None:
    doubtful(world, "yes so secret")
    world.align(world.aligns()[0], *WORDS[:2], Word("secret", 8 * S, 9 * S))
    assert world.script.of(events.Final)[0]["withheld"] == "secret"
    assert "secret" not in world.script.of(events.Notice)[0]["text"]


def test_a_doubtful_final_whose_words_all_lie_on_speech_is_whole(world: World) -> None:
    doubtful(world)
    world.align(world.aligns()[0], *(word for word in WORDS[:2]), Word("good", 3 * S, 3 * S))
    (final,) = world.script.of(events.Final)
    assert (final["text"], final["withheld"]) == (TEXT, "")
    assert world.script.codes() == []


def test_finals_behind_a_doubtful_one_wait_with_it(world: World) -> None:
    doubtful(world)
    world.utter(12, 14)
    world.advance()
    world.answer(world.script.last_speech(), "next")
    world.advance()
    assert world.script.finals() == []
    world.align(world.aligns()[0], *WORDS)
    assert world.script.finals() == ["yes so", "next"]


def test_a_doubtful_final_does_not_wait_for_an_aligner_that_fails_or_dies(tmp_path: Path) -> None:
    failing = World(tmp_path / "failing")
    doubtful(failing)
    failing.utterances.fail(Failed("aligner", 1, 0, 0, "too long"))
    failing.advance()
    assert failing.script.finals() == [TEXT]
    dying = World(tmp_path / "dying")
    doubtful(dying)
    dying.utterances.process_died("aligner", "was killed", 0)
    dying.advance({"encoder", "decoder"})
    assert dying.script.finals() == [TEXT]
    assert dying.script.of(events.Words) == []
    dying.advance()
    dying.align(dying.aligns()[-1], *WORDS)
    assert len(dying.script.of(events.Words)[0]["words"]) == 3


def test_without_an_aligner_a_doubtful_final_comes_at_once(tmp_path: Path) -> None:
    unaligned = World(tmp_path / "unaligned", align=False)
    doubtful(unaligned)
    assert unaligned.script.finals() == [TEXT]
    lost = World(tmp_path / "lost")
    lost.utterances.process_lost("aligner", "no model")
    doubtful(lost)
    assert lost.script.finals() == [TEXT]


def test_a_final_that_is_not_doubtful_goes_out_at_once_and_odd_words_are_only_told(world: World) -> None:
    world.segmented(Opened(0), Closed(0, 10 * S, "silence", 5 * S, ((2 * S, 7 * S),)))
    world.advance()
    world.answer(world.script.last_speech(), TEXT)
    world.advance()
    assert world.script.finals() == [TEXT]
    world.align(world.aligns()[0], *WORDS)
    assert world.script.codes() == ["doubtful-words"]
    assert "from 8.0 s on: 1" in world.script.of(events.Notice)[0]["text"]
    assert len(world.script.of(events.Words)[0]["words"]) == 3


def unsure(world: World) -> None:
    """A text of four words, written for two seconds of hiss."""
    hiss = (3000 * np.random.default_rng(1).standard_normal(2 * S)).astype(np.int16)
    begin = world.track.end
    world.track.take(hiss, begin, world.now_ns)
    world.track.segment()
    world.segmented(Opened(begin), Closed(begin, begin + 2 * S, "silence", S, ((begin, begin + 2 * S),)))
    world.advance()
    world.answer(world.script.last_speech(), "Fish, how are you.", confidence=UNSURE - 0.1)
    world.advance()


def test_a_text_for_a_noise_is_withheld_at_once_and_the_aligner_is_not_asked(world: World) -> None:
    unsure(world)
    (final,) = world.script.of(events.Final)
    assert (final["text"], final["withheld"]) == ("", "Fish, how are you.")
    assert world.script.codes() == ["withheld"]
    assert world.aligns() == []
    (words,) = world.script.of(events.Words)
    assert (words["words"], words["error"]) == ([], "")
    assert list(world.utterances) == []


def test_a_text_for_a_noise_is_withheld_without_an_aligner_too(tmp_path: Path) -> None:
    world = World(tmp_path, align=False)
    unsure(world)
    assert world.script.finals() == [""]
    assert world.script.of(events.Words) == []


def test_a_doubtful_text_for_a_noise_does_not_wait_for_the_aligner(world: World) -> None:
    """The silent minute of the world's track has no voice."""
    world.segmented(Opened(0), Closed(0, 10 * S, "silence", S, SPANS))
    world.advance()
    world.answer(world.script.last_speech(), TEXT, confidence=UNSURE - 0.1)
    world.advance()
    assert world.script.finals() == [""]
    assert world.aligns() == []


def test_what_was_committed_before_a_noise_stays(world: World) -> None:
    committed = commit_some(world)
    world.take(1)
    end = world.track.judged
    world.segmented(Closed(0, end, "silence", end, ((0, end),)))
    world.advance()
    world.answer(world.script.last_speech(), committed, confidence=-2.0)
    world.advance()
    assert world.script.finals() == [committed]


def test_what_the_decoder_cut_is_told_and_not_in_the_text(world: World) -> None:
    world.utter(0, 2)
    world.advance()
    world.answer(world.script.last_speech(), "so", guard="loop")
    world.advance()
    assert world.script.finals() == ["so"]
    assert world.script.codes() == ["guard"]
    assert "repeat" in world.script.of(events.Notice)[0]["text"]


def test_after_silence_nothing_of_the_utterance_before_is_given_to_the_model(world: World) -> None:
    world.segmented(Opened(0))
    for second in range(1, 6):
        world.now_ns += 10**9
        world.track.clock.heard_ns = world.now_ns
        world.take(1)
        world.advance()
        world.answer(world.script.last_speech(), "one two three four five six", samples=second * S)
    assert world.script.of(events.Partial)
    world.segmented(Closed(0, 20 * S, "silence", 10 * S, ((S, 19 * S),)))
    world.advance()
    world.answer(world.script.last_speech(), "one two three four five six")
    world.advance()
    world.segmented(Opened(50 * S))
    world.advance()
    speech = world.script.last_speech()
    assert (speech.utterance, speech.epoch, speech.seq, speech.from_sample) == (2, 0, 0, 0)
    assert (speech.forced, speech.context) == ((), "")


def test_something_is_working_until_the_words_are_there(world: World) -> None:
    def working() -> bool:
        return world.utterances.working(world.track, world.now_ns)

    assert not working()
    world.segmented(Opened(0))
    assert working()
    world.advance()
    world.answer(world.script.last_speech(), "so")
    assert not working()
    world.segmented(Paused(59 * S))
    assert working()
    world.advance()
    assert working()
    world.answer(world.script.last_speech(), "so far")
    assert not working()
    world.segmented(Closed(0, 59 * S, "silence", 50 * S, ((0, 58 * S),)))
    assert working()
    world.advance()
    assert world.script.finals() == ["so far"]
    assert working()
    world.align(world.aligns()[0], Word("so", 0, S), Word("far", S, 2 * S))
    assert not working()
