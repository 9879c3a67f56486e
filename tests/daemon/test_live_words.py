"""Provisional word times of what is still being said, with scripted workers in the place of processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.utterance import ATTEMPTS
from pipeline import events
from pipeline.messages import SAMPLE_RATE, Align, Word
from pipeline.segmenter import Closed, Opened
from tests.daemon.world import World

S = SAMPLE_RATE


class Captions:
    """A source with provisional word times, and one word more in each answer of the decoder."""

    def __init__(self, directory: Path) -> None:
        self.world = World(directory, live_words=True)
        self.world.segmented(Opened(0))
        self.words = 3

    def second(self, last: str = "") -> None:
        """One more second is heard and written out, perhaps with another word at the end."""
        self.world.now_ns += 10**9
        self.world.track.clock.heard_ns = self.world.now_ns
        self.world.take(1)
        self.world.advance()
        self.words += 1
        text = " ".join([f"w{n}" for n in range(self.words)] + [last] * bool(last))
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


def test_provisional_times_that_come_when_the_utterance_is_closed_are_left_to_the_lasting_ones(
    captions: Captions,
) -> None:
    question = captions.live()[-1]
    captions.world.segmented(Closed(0, 20 * S, "silence", 10 * S, ((0, 20 * S),)))
    captions.world.align(question, Word("w0", 0, S), Word("w1", S, 2 * S))
    assert captions.world.script.of(events.LiveWords) == []


def test_the_aligner_gets_what_was_heard_in_its_sound_though_less_of_it_is_shown_yet(captions: Captions) -> None:
    captions.second("unlike")
    captions.second("else")
    answer_live(captions)
    captions.world.now_ns += 10**9
    captions.world.advance()
    shown = captions.world.script.of(events.Partial)[-1]
    assert not (shown["committed"] + shown["tail"]).endswith("else")
    assert captions.live()[-1].text.endswith("else")
