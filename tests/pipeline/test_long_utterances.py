"""Where an utterance that grows too long is cut."""

from __future__ import annotations

from pipeline.length_cut import CUT_WITHIN_SAMPLES
from pipeline.messages import SAMPLE_RATE
from pipeline.segmenter import Closed, Opened, Paused, Segmenter
from pipeline.settings import VadSettings
from tests.pipeline.scripted_frames import PLAIN, cuts, frames, heard, play


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


def test_a_long_utterance_is_cut_in_the_middle_of_the_longest_pause_of_its_last_seconds() -> None:
    script = "#" * 20 + "." * 20 + "#" * 80 + "." * 9 + "#" * 31 + "." * 9 + "#" * 131
    settings = VadSettings(onset_ms=60, hangover_ms=500, max_utterance_s=6)
    quiet = [100.0 if mark == "#" else 1.0 for mark in script]
    quiet[200:206] = [0.0] * 6  # a quieter place that is no pause
    events = play(Segmenter(settings), script, quiet)
    # The longest lies too far back; of the two that are equally long the later one is taken.
    assert events == [Opened(0), Closed(0, frames(164), "length", frames(131)), Opened(frames(164))]


def test_a_stop_within_a_word_does_not_draw_the_cut() -> None:
    script = "#" * 150 + "." * 7 + "#" * 143
    energies = [100.0] * 300
    energies[200:205] = [0.5] * 5
    settings = VadSettings(onset_ms=60, hangover_ms=500, max_utterance_s=6)
    assert play(Segmenter(settings), script, energies)[2] == Opened(frames(202))


def test_a_whole_recording_is_cut_at_its_pauses_too() -> None:
    script = "#" * 150 + "." * 60 + "#" * 90
    assert play(Segmenter(PLAIN, whole=True), script)[1] == Closed(0, frames(180), "length", frames(150))


def test_what_follows_a_cut_is_the_next_utterance_with_its_own_silence_and_speech() -> None:
    energies = [100.0] * 300
    energies[290:295] = [0.0] * 5
    segmenter = Segmenter(PLAIN)
    script = "#" * 296 + "." * 4
    found = heard(segmenter, script, energies)
    assert cuts(found)[1:] == [Closed(0, frames(292), "length", frames(292)), Opened(frames(292))]
    assert found[-1] == Paused(frames(299))
    (closed,) = segmenter.step(False, 1.0)
    assert closed == Closed(frames(292), frames(299), "silence", frames(4), ((frames(292), frames(296)),))


def test_a_cut_in_silence_leaves_no_utterance_without_speech() -> None:
    settings = VadSettings(onset_ms=60, pre_roll_ms=0, hangover_ms=400, max_utterance_s=6)
    segmenter = Segmenter(settings)
    assert play(segmenter, "#" * 285 + "." * 40) == [Opened(0), Closed(0, frames(291), "length", frames(285))]
    assert segmenter.open is None
    assert play(segmenter, "###") == [Opened(frames(325))]


def test_no_cut_takes_what_lies_before_the_last_five_seconds() -> None:
    settings = VadSettings(onset_ms=60, pre_roll_ms=0, hangover_ms=5000, max_utterance_s=6)
    (closed,) = [c for c in play(Segmenter(settings), "#" * 60 + "." * 240) if isinstance(c, Closed)]
    assert closed.end >= 6 * SAMPLE_RATE - CUT_WITHIN_SAMPLES


def test_a_pre_roll_longer_than_the_maximum_leaves_room_is_cut_at_once() -> None:
    settings = VadSettings(onset_ms=1000, pre_roll_ms=5000, hangover_ms=100, max_utterance_s=6)
    events = play(Segmenter(settings), "." * 300 + "#." * 50)
    closed = next(event for event in events if isinstance(event, Closed))
    assert closed.end - closed.start <= 6 * SAMPLE_RATE
