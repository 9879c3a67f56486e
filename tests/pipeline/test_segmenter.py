"""Utterances from scripts of voiced (#) and quiet (.) frames of 20 ms."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE
from pipeline.segmenter import HUSH_SAMPLES, Closed, Found, Opened, Paused, Resumed, Segmenter, energy_of, hush
from pipeline.settings import VadSettings
from tests.pipeline.scripted_frames import PLAIN, cuts, frames, heard, play


def test_speech_opens_after_the_onset_and_silence_closes_after_the_hangover_where_the_pause_began() -> None:
    segmenter = Segmenter(PLAIN)
    assert play(segmenter, "....###....") == [Opened(frames(2))]
    assert play(segmenter, ".") == [Closed(frames(2), frames(10), "silence", frames(3))]


def test_a_pause_is_said_once_and_where_the_utterance_would_end() -> None:
    assert heard(Segmenter(PLAIN), "###....") == [Opened(0), Paused(frames(6))]


def test_speech_after_a_pause_goes_on_with_the_utterance_and_the_next_pause_is_its_own() -> None:
    found = heard(Segmenter(PLAIN), "###....###...")
    assert found == [Opened(0), Paused(frames(6)), Resumed(), Paused(frames(13))]


def test_a_stop_shorter_than_the_tail_is_no_pause() -> None:
    assert heard(Segmenter(PLAIN), "###..###..#") == [Opened(0)]


def test_a_tail_as_long_as_the_hangover_closes_at_its_end() -> None:
    settings = VadSettings(onset_ms=60, hangover_ms=100, tail_ms=400)
    assert play(Segmenter(settings), "###.....") == [Opened(0), Closed(0, frames(8), "silence", frames(3))]


def test_the_silence_behind_a_pause_is_the_next_utterance_s_pre_roll() -> None:
    settings = VadSettings(onset_ms=60, pre_roll_ms=1000, hangover_ms=100, tail_ms=60)
    assert play(Segmenter(settings), "###........###")[-1] == Opened(frames(6))


def test_a_cut_in_a_silence_that_is_no_pause_yet_opens_nothing_behind_it() -> None:
    settings = VadSettings(onset_ms=60, pre_roll_ms=40, hangover_ms=1000, tail_ms=600, max_utterance_s=6)
    found = cuts(heard(Segmenter(settings), "#" * 280 + "." * 30))
    assert found == [Opened(0), Closed(0, frames(300), "length", frames(280))]


def test_a_closed_utterance_says_where_its_speech_lies_a_lone_voiced_frame_in_the_pre_roll_included() -> None:
    settings = VadSettings(onset_ms=60, pre_roll_ms=400, hangover_ms=100, tail_ms=60)
    closed = heard(Segmenter(settings), "#....###.##......")[-1]
    assert isinstance(closed, Closed)
    assert closed.spans == ((0, frames(1)), (frames(5), frames(8)), (frames(9), frames(11)))
    assert closed.voiced == frames(5)


def test_only_an_utterance_that_breaks_off_in_speech_needs_silence_behind_it() -> None:
    assert hush(SAMPLE_RATE, ((0, SAMPLE_RATE),)) > 0
    assert hush(SAMPLE_RATE, ((0, 3200), (8000, SAMPLE_RATE - HUSH_SAMPLES + 1))) > 0
    assert hush(SAMPLE_RATE, ((0, SAMPLE_RATE - HUSH_SAMPLES),)) == 0
    assert hush(SAMPLE_RATE, ()) == 0
    (*_, closed) = heard(Segmenter(VadSettings()), "#" * 100 + "." * 80)
    assert isinstance(closed, Closed)
    assert hush(closed.end, closed.spans) == 0


def test_a_whole_recording_never_pauses_and_says_where_its_speech_lies() -> None:
    segmenter = Segmenter(PLAIN, whole=True)
    assert heard(segmenter, "....##......#...") == [Opened(0)]
    spans = ((frames(4), frames(6)), (frames(12), frames(13)))
    assert segmenter.finish("end") == [Closed(0, frames(16), "end", frames(3), spans)]


def test_speech_with_gaps_opens_at_its_first_voiced_frame() -> None:
    assert play(Segmenter(PLAIN), "....#.#.#") == [Opened(frames(2))]


def test_a_click_opens_nothing() -> None:
    assert play(Segmenter(PLAIN), "...##.......##......") == []


def test_the_pre_roll_does_not_reach_before_the_first_sample() -> None:
    assert play(Segmenter(PLAIN, first_sample=1000), "###") == [Opened(1000)]


def test_the_pre_roll_does_not_reach_into_the_previous_utterance() -> None:
    settings = VadSettings(onset_ms=60, pre_roll_ms=1000, hangover_ms=100, tail_ms=100)
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
def test_finish_closes_at_the_current_position_or_at_the_pause(reason: str) -> None:
    for script, end in (("..###..", 7), ("..###....", 8)):
        segmenter = Segmenter(PLAIN)
        play(segmenter, script)
        assert cuts(segmenter.finish(reason)) == [Closed(0, frames(end), reason, frames(3))]
        assert segmenter.open is None
        assert segmenter.finish(reason) == []


def test_after_finish_what_was_heard_before_belongs_to_no_utterance() -> None:
    segmenter = Segmenter(PLAIN)
    play(segmenter, "....##")
    segmenter.finish("stop")
    assert play(segmenter, "#..###") == [Opened(frames(6))]


def test_while_it_is_held_no_silence_closes_anything_but_pauses_are_said() -> None:
    segmenter = Segmenter(PLAIN)
    segmenter.held = True
    script = "###" + "." * 20 + "###" + "." * 20
    assert heard(segmenter, script) == [Opened(0), Paused(frames(6)), Resumed(), Paused(frames(29))]
    assert cuts(segmenter.finish("stop")) == [Closed(0, frames(29), "stop", frames(6))]


def test_let_go_of_in_a_long_silence_it_closes_with_the_next_quiet_frame_where_the_pause_began() -> None:
    segmenter = Segmenter(PLAIN)
    segmenter.held = True
    play(segmenter, "###" + "." * 20)
    segmenter.held = False
    assert play(segmenter, ".") == [Closed(0, frames(6), "silence", frames(3))]


def test_what_is_held_is_still_cut_when_it_grows_too_long() -> None:
    segmenter = Segmenter(PLAIN)
    segmenter.held = True
    assert [item.reason for item in play(segmenter, "#" * 700) if isinstance(item, Closed)] == ["length", "length"]


@pytest.mark.parametrize(
    ("script", "end"), [("###...", 6), ("###.....", 6), ("#########", 9), ("####.####", 9), ("###..#...", 9)]
)
def test_it_ends_at_the_first_silence_from_a_moment_on_or_at_the_latest(script: str, end: int) -> None:
    for asked_after in range(1, len(script)):
        segmenter = Segmenter(PLAIN)
        found = heard(segmenter, script[:asked_after])
        found += segmenter.end_at(frames(6), frames(9))
        for mark in script[asked_after:]:
            if not segmenter.over:
                found += heard(segmenter, mark)
        assert segmenter.over
        closed = cuts(found)[-1]
        assert isinstance(closed, Closed)
        assert (closed.end, closed.reason) == (frames(end), "stop")


def test_an_end_in_silence_with_nothing_open_closes_nothing() -> None:
    segmenter = Segmenter(PLAIN)
    assert heard(segmenter, "....") + segmenter.end_at(frames(6), frames(9)) == []
    assert not segmenter.over
    assert heard(segmenter, "..") == []
    assert segmenter.over


def test_what_began_behind_an_end_that_is_told_late_gets_one_frame_and_no_speech() -> None:
    segmenter = Segmenter(PLAIN)
    assert play(segmenter, "....." + "###") == [Opened(frames(3))]
    assert cuts(segmenter.end_at(frames(2), frames(9))) == [Closed(frames(3), frames(4), "stop", 0)]
    assert segmenter.over


def test_what_may_still_be_needed_is_kept_and_nothing_more() -> None:
    segmenter = Segmenter(PLAIN)
    play(segmenter, "." * 100)
    assert segmenter.keep_from == frames(100) - frames(6) - frames(2)
    play(segmenter, "###")
    assert segmenter.open == Opened(frames(98))
    assert segmenter.keep_from == frames(98)


def test_something_stirs_from_the_first_voiced_frame_until_no_onset_can_come_of_it() -> None:
    segmenter = Segmenter(PLAIN)

    def stirs_after(script: str) -> bool:
        heard(segmenter, script)
        return segmenter.stirring

    assert not stirs_after("....")
    assert stirs_after("#")
    assert stirs_after(".....")
    assert not stirs_after(".")
    assert stirs_after("###....")


def test_energy_is_the_mean_square() -> None:
    assert energy_of(np.full(320, -200, np.int16)) == pytest.approx(40_000)
    assert energy_of(np.full(320, -32768, np.int16)) == pytest.approx(2.0**30)
    assert energy_of(np.zeros(320, np.int16)) == 0


SETTINGS = st.builds(
    VadSettings,
    onset_ms=st.integers(20, 1000),
    pre_roll_ms=st.integers(0, 5000),
    hangover_ms=st.integers(100, 2000),
    tail_ms=st.integers(60, 1000),
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
    found: list[Found] = []
    for voiced, energy in script:
        oldest = segmenter.keep_from
        came = segmenter.step(voiced, energy)
        assert all(event.start >= oldest for event in cuts(came))
        assert segmenter.keep_from >= oldest
        found += came
    found += segmenter.finish("end")
    _check_pauses(found)
    events = [event for event in found if isinstance(event, Opened | Closed)]
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
        assert event.voiced <= sum(end - start for start, end in event.spans)
        assert all(voiced[start - first : end - first].all() for start, end in event.spans)
        assert sum(end - start for start, end in event.spans) == voiced[event.start - first : event.end - first].sum()
    at = 0
    for is_voiced, run in groupby(v for v, _ in script):
        length = len(list(run)) * FRAME_SAMPLES
        if is_voiced and length >= settings.onset_ms * SAMPLE_RATE // 1000:
            assert inside[at : at + length].all()
        at += length


def _check_pauses(found: list[Found]) -> None:
    """What is paused is open and not paused yet, what resumes was paused, and who closes in a pause ends there."""
    paused: int | None = None
    for item in found:
        match item:
            case Paused(at=at):
                assert paused is None
                paused = at
            case Resumed():
                assert paused is not None
                paused = None
            case Closed(end=end, reason=reason):
                assert paused is None or end == paused or (reason == "length" and end < paused)
                paused = None
            case Opened():
                assert paused is None
