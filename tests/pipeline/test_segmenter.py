"""Utterances from scripts of voiced (#) and quiet (.) frames of 20 ms."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE
from pipeline.segmenter import Closed, Opened, Segmenter, energy_of
from pipeline.settings import VadSettings

PLAIN = VadSettings(onset_ms=60, pre_roll_ms=40, hangover_ms=100, max_utterance_s=6)


def frames(count: float) -> int:
    """Samples of so many frames."""
    return round(count * FRAME_SAMPLES)


def play(segmenter: Segmenter, script: str, energies: list[float] | None = None) -> list[Opened | Closed]:
    events: list[Opened | Closed] = []
    for index, mark in enumerate(script):
        loud = 100.0 if mark == "#" else 1.0
        events += segmenter.step(mark == "#", loud if energies is None else energies[index])
    return events


def test_speech_opens_after_the_onset_and_silence_closes_after_the_hangover() -> None:
    events = play(Segmenter(PLAIN), "....###......")
    assert events == [Opened(frames(2)), Closed(frames(2), frames(12), "silence", frames(3))]


def test_speech_with_gaps_opens_at_its_first_voiced_frame() -> None:
    assert play(Segmenter(PLAIN), "....#.#.#") == [Opened(frames(2))]


def test_a_click_opens_nothing() -> None:
    assert play(Segmenter(PLAIN), "...##.......##......") == []


def test_the_pre_roll_does_not_reach_before_the_first_sample() -> None:
    assert play(Segmenter(PLAIN, first_sample=1000), "###") == [Opened(1000)]


def test_the_pre_roll_does_not_reach_into_the_previous_utterance() -> None:
    settings = VadSettings(onset_ms=60, pre_roll_ms=1000, hangover_ms=100)
    events = play(Segmenter(settings), "###.....###.....")
    assert events == [
        Opened(0),
        Closed(0, frames(8), "silence", frames(3)),
        Opened(frames(8)),
        Closed(frames(8), frames(16), "silence", frames(3)),
    ]


def test_a_pre_roll_that_is_no_whole_number_of_frames_is_exact() -> None:
    settings = VadSettings(onset_ms=60, pre_roll_ms=50, hangover_ms=100)
    assert play(Segmenter(settings), "." * 20 + "###") == [Opened(frames(20) - 800)]


def test_a_lone_voiced_frame_in_the_pre_roll_does_not_count_as_speech() -> None:
    settings = VadSettings(onset_ms=60, pre_roll_ms=400, hangover_ms=100)
    assert play(Segmenter(settings), "#.............###.....")[-1] == Closed(0, frames(22), "silence", frames(3))


def test_a_pause_shorter_than_the_hangover_does_not_end_an_utterance() -> None:
    assert play(Segmenter(PLAIN), "..###....###....#") == [Opened(0)]


@pytest.mark.parametrize("reason", ["stop", "end", "cancel"])
def test_finish_closes_at_the_current_position(reason: str) -> None:
    segmenter = Segmenter(PLAIN)
    play(segmenter, "..###..")
    assert segmenter.finish(reason) == [Closed(0, frames(7), reason, frames(3))]
    assert segmenter.open is None
    assert segmenter.finish(reason) == []


def test_after_finish_what_was_heard_before_belongs_to_no_utterance() -> None:
    segmenter = Segmenter(PLAIN)
    play(segmenter, "....##")
    segmenter.finish("stop")
    assert play(segmenter, "#..###") == [Opened(frames(6))]


def test_a_long_utterance_is_cut_at_its_quietest_point() -> None:
    energies = [100.0] * 300
    energies[200:207] = [4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 4.0]
    events = play(Segmenter(PLAIN), "#" * 300, energies)
    assert events == [
        Opened(0),
        Closed(0, frames(203), "length", frames(203)),
        Opened(frames(203)),
    ]


def test_a_single_quiet_frame_does_not_draw_the_cut() -> None:
    energies = [100.0] * 300
    energies[100] = 0.0
    energies[200:205] = [50.0] * 5
    assert play(Segmenter(PLAIN), "#" * 300, energies)[1] == Closed(0, frames(202), "length", frames(202))


def test_the_cut_lies_within_the_last_five_seconds() -> None:
    energies = [0.0] * 40 + [100.0] * 260
    cut = play(Segmenter(PLAIN), "#" * 300, energies)[1]
    assert isinstance(cut, Closed)
    assert cut.end >= 6 * SAMPLE_RATE - 5 * SAMPLE_RATE


def test_what_follows_a_cut_is_the_next_utterance_with_its_own_silence_and_speech() -> None:
    energies = [100.0] * 300
    energies[290:295] = [0.0] * 5
    segmenter = Segmenter(PLAIN)
    script = "#" * 296 + "." * 4
    events = play(segmenter, script, energies)
    assert events[1:] == [Closed(0, frames(292), "length", frames(292)), Opened(frames(292))]
    assert segmenter.step(False, 1.0) == [Closed(frames(292), frames(301), "silence", frames(4))]


def test_a_cut_before_mere_silence_leaves_an_utterance_without_speech() -> None:
    settings = VadSettings(onset_ms=60, pre_roll_ms=0, hangover_ms=400, max_utterance_s=6)
    energies = [100.0] * 285 + [0.0] * 100
    events = play(Segmenter(settings), "#" * 285 + "." * 40, energies)
    assert [event.voiced for event in events if isinstance(event, Closed)] == [frames(285), 0]


def test_a_pre_roll_longer_than_the_maximum_leaves_room_is_cut_at_once() -> None:
    settings = VadSettings(onset_ms=1000, pre_roll_ms=5000, hangover_ms=100, max_utterance_s=6)
    events = play(Segmenter(settings), "." * 300 + "#." * 50)
    closed = next(event for event in events if isinstance(event, Closed))
    assert closed.end - closed.start <= 6 * SAMPLE_RATE


def test_what_may_still_be_needed_is_kept_and_nothing_more() -> None:
    segmenter = Segmenter(PLAIN)
    play(segmenter, "." * 100)
    assert segmenter.keep_from == frames(100) - frames(6) - frames(2)
    play(segmenter, "###")
    assert segmenter.open == Opened(frames(98))
    assert segmenter.keep_from == frames(98)


def test_energy_is_the_mean_square() -> None:
    assert energy_of(np.full(320, -200, np.int16)) == pytest.approx(40_000)
    assert energy_of(np.full(320, -32768, np.int16)) == pytest.approx(2.0**30)
    assert energy_of(np.zeros(320, np.int16)) == 0


SETTINGS = st.builds(
    VadSettings,
    onset_ms=st.integers(20, 1000),
    pre_roll_ms=st.integers(0, 5000),
    hangover_ms=st.integers(100, 2000),
    max_utterance_s=st.floats(6, 8),
)
RUNS = st.lists(st.tuples(st.booleans(), st.integers(1, 400), st.floats(0, 1e6)), max_size=12)


@hypothesis(deadline=None)
@given(SETTINGS, RUNS, st.integers(0, 10_000))
def test_whatever_is_heard_utterances_are_ordered_complete_and_bounded(
    settings: VadSettings, runs: list[tuple[bool, int, float]], first: int
) -> None:
    segmenter = Segmenter(settings, first)
    script = [(voiced, energy) for voiced, count, energy in runs for _ in range(count)]
    events: list[Opened | Closed] = []
    for voiced, energy in script:
        oldest = segmenter.keep_from
        came = segmenter.step(voiced, energy)
        assert all(event.start >= oldest for event in came)
        assert segmenter.keep_from >= oldest
        events += came
    events += segmenter.finish("end")
    assert [type(event) for event in events] == [Opened, Closed] * (len(events) // 2)
    closed = [event for event in events if isinstance(event, Closed)]
    assert [event.start for event in events[::2]] == [event.start for event in closed]
    assert all(before.end <= after.start for before, after in pairwise(closed))
    assert all(first <= event.start < event.end <= segmenter.position for event in closed)
    assert all(event.end - event.start <= settings.max_utterance_s * SAMPLE_RATE + FRAME_SAMPLES for event in closed)
    _check_voiced(script, first, settings, closed)


def _check_voiced(script: list[tuple[bool, float]], first: int, settings: VadSettings, closed: list[Closed]) -> None:
    """Every run of speech as long as the onset is inside utterances, and none counts more speech than it holds."""
    voiced = np.repeat([is_voiced for is_voiced, _ in script], FRAME_SAMPLES) if script else np.zeros(0, bool)
    inside = np.zeros(len(voiced), bool)
    for event in closed:
        inside[event.start - first : event.end - first] = True
        assert event.voiced <= voiced[event.start - first : event.end - first].sum()
    at = 0
    for is_voiced, run in groupby(v for v, _ in script):
        length = len(list(run)) * FRAME_SAMPLES
        if is_voiced and length >= settings.onset_ms * SAMPLE_RATE // 1000:
            assert inside[at : at + length].all()
        at += length
