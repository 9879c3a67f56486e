"""Doubtful finals and provisional word times, with scripted workers in the place of processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.utterance import ATTEMPTS
from pipeline import events
from pipeline.messages import SAMPLE_RATE, Align, Failed, Word
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
    assert "good" in world.script.of(events.Notice)[0]["text"]
    assert len(world.script.of(events.Words)[0]["words"]) == 3


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
        world.track.heard_ns = world.now_ns
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


class Captions:
    """A source with provisional word times, and one word more in each answer of the decoder."""

    def __init__(self, directory: Path) -> None:
        self.world = World(directory, live_words=True)
        self.world.segmented(Opened(0))
        self.words = 3

    def second(self) -> None:
        """One more second is heard and written out."""
        self.world.now_ns += 10**9
        self.world.track.heard_ns = self.world.now_ns
        self.world.take(1)
        self.world.advance()
        self.words += 1
        text = " ".join(f"w{n}" for n in range(self.words))
        self.world.answer(self.world.script.last_speech(), text, samples=self.words * S)
        self.world.advance()

    def live(self) -> list[Align]:
        return [question for question in self.world.aligns() if question.live]


@pytest.fixture
def captions(tmp_path: Path) -> Captions:
    captions = Captions(tmp_path)
    for _ in range(6):
        captions.second()
    return captions


def answer_live(captions: Captions) -> Align:
    """The aligner's answer to the last question about an utterance that goes on: a word each second."""
    question = captions.live()[-1]
    words = [Word(text, n * S, (n + 1) * S) for n, text in enumerate(question.text.split())]
    captions.world.align(question, *words)
    return question


def test_committed_words_get_provisional_times_and_the_tail_gets_none(captions: Captions) -> None:
    question = answer_live(captions)
    partials = captions.world.script.of(events.Partial)
    committed = next(p["committed"] for p in partials if p["committed"] + p["tail"] == question.text)
    assert 0 < len(committed) < len(question.text)
    (live,) = captions.world.script.of(events.LiveWords)
    assert " ".join(word.text for word in live["words"]) == committed
    assert (live["words"][-1].start, live["words"][-1].end) == (len(live["words"]) - 1.0, float(len(live["words"])))


def test_provisional_times_are_asked_for_one_question_at_a_time_and_only_for_new_words(captions: Captions) -> None:
    asked = len(captions.live())
    captions.second()
    assert len(captions.live()) == asked
    answer_live(captions)
    captions.world.now_ns += 10**9
    captions.world.advance()
    assert len(captions.live()) == asked + 1
    answer_live(captions)
    captions.world.now_ns += 10**9
    captions.world.advance()
    assert len(captions.live()) == asked + 1


def test_provisional_times_do_not_disturb_the_lasting_ones(captions: Captions) -> None:
    world = captions.world
    late = captions.live()[-1]
    world.segmented(Closed(0, 20 * S, "silence", 10 * S, ((0, 20 * S),)))
    world.advance()
    world.answer(world.script.last_speech(), "w0 w1")
    world.advance()
    last = world.aligns()[-1]
    assert (last.live, last.text) == (False, "w0 w1")
    assert last.epoch != late.epoch
    world.align(late, Word("w0", 0, 1), Word("w1", 1, 2))
    assert world.script.of(events.Words) == []
    assert world.script.of(events.LiveWords) == []
    world.align(last, Word("w0", 0, S), Word("w1", S, 2 * S))
    assert [word.end for word in world.script.of(events.Words)[0]["words"]] == [1.0, 2.0]


def test_the_words_of_a_final_come_before_provisional_ones(captions: Captions) -> None:
    world = captions.world
    answer_live(captions)
    world.segmented(Closed(0, 20 * S, "silence", 10 * S, ((0, 20 * S),)), Opened(20 * S))
    world.advance()
    world.answer(next(s for s in world.speeches() if s.last), "w0 w1")
    asked = len(captions.live())
    world.now_ns += 10**9
    world.advance()
    assert len(captions.live()) == asked
    assert not world.aligns()[-1].live


def test_provisional_times_that_take_the_aligner_down_are_not_asked_for_again(captions: Captions) -> None:
    world = captions.world
    asked = len(captions.live())
    world.utterances.process_died("aligner", "was killed", 1)
    for _ in range(ATTEMPTS):
        captions.second()
    assert len(captions.live()) == asked
    world.segmented(Closed(0, 20 * S, "silence", 10 * S, ((0, 20 * S),)))
    world.advance()
    world.answer(world.script.last_speech(), "w0 w1")
    world.advance()
    assert not world.aligns()[-1].live


def test_a_source_that_did_not_ask_gets_no_provisional_times(tmp_path: Path) -> None:
    plain = Captions(tmp_path)
    plain.world = World(tmp_path / "other")
    plain.world.segmented(Opened(0))
    for _ in range(6):
        plain.second()
    assert plain.world.script.of(events.Partial)[-1]["committed"]
    assert plain.live() == []


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
    world.segmented(Closed(0, 59 * S, "silence", 50 * S, ((0, 59 * S),)))
    assert working()
    world.advance()
    assert world.script.finals() == ["so far"]
    assert working()
    world.align(world.aligns()[0], Word("so", 0, S), Word("far", S, 2 * S))
    assert not working()
