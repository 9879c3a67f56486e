"""Minutes of speech before a decoder that is too slow: text may come late or not at all, but no utterance is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import pipeline.cutter
from daemon.spool import Spool
from daemon.take import Take
from daemon.track import Origin, Track
from daemon.utterance import Options
from daemon.utterances import Utterances
from pipeline import events
from pipeline.arrays import Array
from pipeline.messages import SAMPLE_RATE, Align, Cancel, Forget, Hypothesis, Speech
from pipeline.settings import Settings
from tests.daemon.world import Script

S = SAMPLE_RATE
NS = 1_000_000_000
BLOCK = S // 10
READY = {"encoder", "decoder"}


class LoudIsSpeech:
    """In the place of the VAD."""

    def __init__(self, aggressiveness: int) -> None:
        pass

    def is_speech(self, frame: Array) -> bool:
        return bool(frame.any())


@dataclass
class Work:
    """A step with the workers."""

    speech: Speech
    samples: int
    covers: int


@dataclass
class Room:
    """Somebody who speaks, and workers that take their time: a step costs so much, and so much for each new second."""

    utterances: Utterances
    track: Track
    script: Script
    step_s: float = 0.05
    second_s: float = 0.0
    now_ns: int = 0
    queue: list[Work] = field(default_factory=list)
    busy_ns: int = 0
    lags: list[tuple[int, float]] = field(default_factory=list)
    """Of each partial: when it came, and how long after its sound."""
    told: int = 0
    worked: int = 0

    def hear(self, seconds: float, loud: bool) -> None:
        for _ in range(round(seconds * 10)):
            self.now_ns += NS // 10
            self.track.take(np.full(BLOCK, 1000 * loud, np.int16), self.track.end, self.now_ns)
            self.utterances.segmented(self.track, self.track.segment(), self.now_ns)
            self.turn()

    def speak(self, seconds: float) -> None:
        """Utterances of 6 s, with pauses of 2 s."""
        for _ in range(round(seconds / 8)):
            self.hear(6.0, loud=True)
            self.hear(2.0, loud=False)

    def turn(self) -> None:
        self.utterances.advance(READY, self.now_ns)
        self._take_work()
        while self.queue and self.now_ns >= self.busy_ns:
            work = self.queue.pop(0)
            self._answer(work)
            self.utterances.advance(READY, self.now_ns)
            self._take_work()

    def _take_work(self) -> None:
        for word in self.script.told[self.told :]:
            if isinstance(word, Cancel):
                below = (word.epoch, word.below_seq)
                mine = [w for w in self.queue if w.speech.utterance == word.utterance]
                stale = [w for w in mine if (w.speech.epoch, w.speech.seq) < below]
                if self.queue and self.queue[0] in stale:
                    self.busy_ns = self.now_ns
                self.queue = [work for work in self.queue if work not in stale]
                self._begin(fresh=bool(stale))
        self.told = len(self.script.told)
        for _, message, samples in self.script.work[self.worked :]:
            assert isinstance(message, Speech)
            self.queue.append(Work(message, samples, message.from_sample + samples))
            self._begin(fresh=len(self.queue) == 1)
        self.worked = len(self.script.work)

    def _begin(self, fresh: bool) -> None:
        if fresh and self.queue:
            cost = self.step_s + self.second_s * self.queue[0].samples / S
            self.busy_ns = max(self.now_ns, self.busy_ns) + round(cost * NS)

    def _answer(self, work: Work) -> None:
        before = len(self.script.of(events.Partial))
        text = f"so {work.covers}"
        tokens, ends = tuple(range(len(text))), tuple(range(1, len(text) + 1))
        speech = work.speech
        answer = Hypothesis(
            speech.utterance, speech.epoch, speech.seq, speech.last, work.covers, "", text, tokens, ends, 0, 0, 0, 0, 0
        )  # fmt: skip
        self.utterances.hear(answer, self.now_ns)
        for partial in self.script.of(events.Partial)[before:]:
            self.lags.append((self.now_ns, self.now_ns / NS - partial["end"]))
        self._begin(fresh=True)

    def paces(self) -> list[str]:
        """What was said of the pace so far."""
        return [n["text"] for n in self.script.of(events.Notice) if n["code"] == "pace"]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setattr(pipeline.cutter, "Vad", LoudIsSpeech)
    script = Script()
    settings = Settings()
    options = Options("", "", commit=False, partials=True, align=False)
    track = Track(
        Origin("mic", "network", options, follows_listening=False), settings.vad, Spool(tmp_path, "m"), Take()
    )
    return Room(Utterances(settings, script), track, script)


def check_nothing_is_lost(room: Room) -> None:
    """Every utterance has one final, and each was decoded from its first sample to its last."""
    room.hear(10.0, loud=False)
    started, finals = room.script.of(events.SpeechStarted), room.script.of(events.Final)
    assert [final["utterance"] for final in finals] == [event["utterance"] for event in started]
    assert [final["text"] for final in finals] == [f"so {round((f['end'] - f['start']) * S)}" for f in finals]


def test_a_decoder_that_keeps_up_leaves_nothing_out(room: Room) -> None:
    room.speak(60)
    assert room.paces() == []
    assert max(lag for _, lag in room.lags) < 0.3
    check_nothing_is_lost(room)


def test_steps_of_three_intervals_make_partials_fewer_and_never_later(room: Room) -> None:
    room.step_s = 1.5
    room.speak(240)
    assert room.utterances.pace == "fewer-partials"
    assert len(room.paces()) == 1
    early = max(lag for at, lag in room.lags if at < 60 * NS)
    assert max(lag for _, lag in room.lags) <= early <= 1.5 + 0.5
    check_nothing_is_lost(room)


def test_a_decoder_three_times_slower_than_speech_costs_the_partials_and_later_all_comes_back(room: Room) -> None:
    room.speak(24)
    room.step_s, room.second_s = 0.5, 3.0
    seen: list[str] = []
    for _ in range(10):
        room.speak(8)
        seen += [room.utterances.pace] if room.utterances.pace not in seen[-1:] else []
    assert seen[-1] == "finals-only"
    assert len(room.paces()) == 3
    slow_partials = len(room.lags)
    room.speak(24)
    assert len(room.lags) == slow_partials
    room.step_s, room.second_s = 0.05, 0.0
    room.speak(120)
    assert room.utterances.pace == "full"
    assert len(room.paces()) == 6
    assert len(room.lags) > slow_partials
    check_nothing_is_lost(room)


def test_no_early_final_is_tried_while_others_wait(room: Room) -> None:
    room.second_s = 3.0
    room.speak(80)
    assert room.utterances.pace == "finals-only"
    early = [m for _, m, _ in room.script.work if isinstance(m, Speech) and not m.last]
    room.speak(24)
    assert [m for _, m, _ in room.script.work if isinstance(m, Speech) and not m.last] == early


def test_a_recording_that_takes_its_time_is_no_pressure(room: Room) -> None:
    options = room.track.origin.options
    room.track.origin = Origin("file", "file", options, follows_listening=False, whole=True)
    room.step_s = 20.0
    room.speak(120)
    assert room.paces() == []
    assert isinstance(room.script.told[-1], Forget)
    assert not any(isinstance(m, Align) for _, m, _ in room.script.work)
