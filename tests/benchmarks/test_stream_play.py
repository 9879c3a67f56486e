from __future__ import annotations

import pytest

from benchmarks.stream_checks import check_run, check_take
from benchmarks.stream_measures import Measured, measure
from benchmarks.stream_play import Clock, Player
from benchmarks.stream_summary import summary
from pipeline import events
from pipeline.errors import StenoError
from pipeline.messages import Audio
from pipeline.resample import Int16
from tests.benchmarks.simulated import SECOND, SimulatedDaemon, sound, spoken

WORDS = spoken(
    ("we", 0.4, 0.6),
    ("walked", 0.6, 1.1),
    ("along", 1.1, 1.5),
    ("the", 1.5, 1.6),
    ("river", 1.6, 2.1),
    ("nobody", 5.0, 5.6),
    ("went", 5.6, 5.9),
    ("home", 5.9, 6.4),
)
SAID = sound(WORDS, 6.6)


def played(virtual: bool, step: float = 0.1) -> Measured:
    take = Player(SimulatedDaemon(WORDS, step), SAID, virtual=virtual).play()
    check_take(take)
    return measure(take)


@pytest.mark.parametrize("step", [0.03, 0.1, 0.7])
def test_both_paces_give_the_same_latencies(step: float) -> None:
    # However long a step takes: at 0.7 s it is longer than the interval of partials.
    real, virtual = played(False, step), played(True, step)
    assert len(real.words) == len(virtual.words) == len(WORDS)
    for a, b in zip(real.words, virtual.words, strict=True):
        for kind in ("partial", "stable", "final"):
            assert getattr(a, kind) == pytest.approx(getattr(b, kind), abs=0.002)
    for x, y in zip(real.endpoints, virtual.endpoints, strict=True):
        assert x.total == pytest.approx(y.total, abs=0.002)
        assert x.hangover == pytest.approx(y.hangover, abs=0.002)
    assert [u.texts for u in real.utterances] == [u.texts for u in virtual.utterances]
    check_run([real, virtual])


def test_the_virtual_pace_takes_the_time_of_the_work_and_not_that_of_the_sound() -> None:
    real, virtual = played(False), played(True)
    work = sum(utterance.final.timings.prefill for utterance in virtual.utterances)
    assert real.take.wall == pytest.approx(7.6, abs=0.2)
    assert work < virtual.take.wall < work + 2.0


def test_a_moment_before_a_jump_stays_where_it_was() -> None:
    clock = Clock()
    clock.jump(100, 350)
    clock.jump(200, 1000)
    assert [clock.at(moment) for moment in (99, 100, 199, 200, 207)] == [99, 350, 449, 1000, 1007]


def test_the_time_to_the_final_is_split_along_the_way_and_nothing_is_lost() -> None:
    (first, second) = played(False).endpoints
    assert first.spoken == 2.1
    assert first.hangover == pytest.approx(0.6, abs=0.021)  # a frame is not heard before its end
    assert first.prefill == pytest.approx(0.1, abs=0.001)
    assert second.total == pytest.approx(second.hangover + second.prefill + second.publish, abs=0.001)


def test_the_figures_of_a_run_are_those_of_its_daemon() -> None:
    figures = summary([played(True)])
    assert figures["utterances"] == 2
    assert figures["words_right"] == len(WORDS)
    assert figures["wer_final"] == 0
    assert figures["step_mean"] == pytest.approx(0.1)
    assert figures["step_max"] == pytest.approx(0.1)
    assert figures["partial_lag_p50"] == pytest.approx(0.1, abs=0.002)
    assert figures["erasure"] == 0


def test_events_of_other_sources_are_no_part_of_a_take() -> None:
    daemon = SimulatedDaemon(WORDS)
    daemon.publish(events.Source, source="microphone-1", state="lost")
    daemon.publish(events.Partial, source="x", utterance=1, revision=1, committed="", tail="no", language="", end=0.1)
    take = Player(daemon, SAID).play()
    assert {getattr(heard.event, "source", "") for heard in take.heard} == {"network-1"}


def test_a_source_that_fails_ends_the_run() -> None:
    daemon = SimulatedDaemon(WORDS)
    daemon.publish(events.Source, state="failed", detail="the disk is full")
    with pytest.raises(StenoError, match="the disk is full"):
        Player(daemon, SAID).play()


def test_a_daemon_that_never_ends_the_source_is_not_waited_for_for_ever() -> None:
    class Stuck(SimulatedDaemon):
        def final(self, start: float, end: float, closed: int) -> None:
            pass

    with pytest.raises(StenoError, match="has not ended"):
        Player(Stuck(WORDS), SAID).play()


def test_frames_carry_the_moment_of_their_capture_and_not_of_their_sending() -> None:
    class Slow(SimulatedDaemon):
        def send(self, audio: Audio, pcm: Int16) -> None:
            self.now += SECOND // 100
            super().send(audio, pcm)

    take = Player(Slow(WORDS), SAID).play()
    starts = [event for heard in take.heard if isinstance(event := heard.event, events.SpeechStarted)]
    assert {event.origin_ns for event in starts} == {take.origin_ns}
    assert take.sent[0].at == pytest.approx(0.03)
    assert take.sent[0].end == 0.02
