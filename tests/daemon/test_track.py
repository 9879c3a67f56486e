"""One source's sound: kept, cut, and let go."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.spool import Spool, leftovers
from daemon.take import Take
from daemon.track import Origin, Track
from daemon.utterance import Options
from model import miniature
from pipeline.arrays import Array
from pipeline.messages import SAMPLE_RATE
from pipeline.segmenter import Closed, Found, Opened, Paused
from pipeline.settings import VadSettings

S = SAMPLE_RATE
BEGAN_NS = 5_000_000_000
OPTIONS = Options("", "", commit=True, partials=True, align=True)


def recording(number: str) -> Array:
    (path,) = [p for p in miniature.samples() if p.name.startswith(number)]
    pcm: Array = soundfile.read(path, dtype="int16")[0]
    return pcm


def make(directory: Path, listening: bool = True, whole: bool = False) -> Track:
    origin = Origin("mic", "microphone", OPTIONS, follows_listening=True, whole=whole)
    return Track(origin, VadSettings(), Spool(directory, "mic"), Take() if listening else None)


def moment(sample: int) -> int:
    """When that sample was captured."""
    return BEGAN_NS + sample * 1_000_000_000 // S


def play(track: Track, pcm: Array, block: int = 700) -> list[Found]:
    found: list[Found] = []
    for at in range(0, len(pcm), block):
        track.take(pcm[at : at + block], track.end, moment(track.end + len(pcm[at : at + block])))
        found += track.segment()
    return found


def test_speech_opens_with_its_pre_roll_and_ends_where_it_paused(tmp_path: Path) -> None:
    track = make(tmp_path)
    quiet = np.zeros(3 * S, np.int16)
    opened, *_, paused, closed = play(track, np.concatenate([quiet, recording("01"), quiet]))
    assert isinstance(opened, Opened)
    assert isinstance(paused, Paused)
    assert isinstance(closed, Closed)
    assert 2.0 * S <= opened.start <= 3.0 * S
    assert (closed.end, closed.reason) == (paused.at, "silence")
    last_speech = closed.spans[-1][1]
    assert closed.end == last_speech + VadSettings().tail_ms * S // 1000
    assert np.array_equal(track.read(3 * S, 3 * S + 1000), recording("01")[:1000])


def test_the_last_frame_is_heard_though_it_is_not_whole_and_nothing_is_added(tmp_path: Path) -> None:
    pcm = recording("01")[:45_678]
    track = make(tmp_path)
    found = play(track, pcm) + track.finish()
    closed = found[-1]
    assert isinstance(closed, Closed)
    assert closed.end == track.end == len(pcm)
    assert closed.reason == "end"


def test_a_recording_taken_whole_is_one_utterance_from_its_first_sample(tmp_path: Path) -> None:
    pcm = recording("09")
    track = make(tmp_path, whole=True)
    found = play(track, pcm) + track.finish()
    assert [type(f) for f in found] == [Opened, Closed]
    closed = found[-1]
    assert isinstance(closed, Closed)
    assert (closed.start, closed.end) == (0, len(pcm))
    assert 2 * S < closed.voiced < len(pcm) - 3 * S


def test_the_silence_behind_an_utterance_is_kept_for_the_pre_roll_of_the_next(tmp_path: Path) -> None:
    track = make(tmp_path)
    found = play(track, np.concatenate([recording("01"), np.zeros(S, np.int16)]))
    (closed,) = [item for item in found if isinstance(item, Closed)]
    track.release(track.settled_to)
    second = next(item for item in play(track, recording("02")) if isinstance(item, Opened))
    assert closed.end <= second.start < track.end - len(recording("02"))
    assert len(track.read(second.start, track.end)) == track.end - second.start


def test_only_whole_frames_are_judged_and_without_a_listener_all(tmp_path: Path) -> None:
    track = make(tmp_path)
    play(track, np.zeros(1000, np.int16))
    assert track.judged == 960
    track.stop("stop")
    assert track.judged == 1000


def test_sound_that_comes_faster_than_anybody_speaks_is_not_live(tmp_path: Path) -> None:
    track = make(tmp_path)

    def live_after(seconds: list[int]) -> bool:
        """A second of sound at each of these."""
        for second in seconds:
            track.take(np.zeros(S, np.int16), track.end, 10**12 + second * 10**9)
        return track.live

    assert live_after([*range(1, 11)])
    assert not live_after([11] * 10)
    assert live_after([*range(12, 16)])


def test_silence_taken_whole_counts_as_no_speech(tmp_path: Path) -> None:
    track = make(tmp_path, whole=True)
    found = play(track, np.zeros(3 * S, np.int16)) + track.finish()
    assert [f.voiced for f in found if isinstance(f, Closed)] == [0]


def test_listening_begins_a_pre_roll_before_now(tmp_path: Path) -> None:
    track = make(tmp_path, listening=False)
    pcm = recording("02")
    assert play(track, pcm[: 2 * S]) == []
    track.release(track.settled_to)
    track.listen(Take(1, moment(track.end), VadSettings().pre_roll_ms))
    found = track.segment() + play(track, pcm[2 * S :]) + track.stop("stop")
    opened, closed = found[0], found[-1]
    assert isinstance(opened, Opened)
    assert S <= opened.start < 2 * S
    assert isinstance(closed, Closed)
    assert closed.reason == "stop"
    assert not track.listening


def test_what_nobody_needs_is_let_go_but_for_the_pre_roll(tmp_path: Path) -> None:
    track = make(tmp_path)
    play(track, np.zeros(10 * S, np.int16))
    track.release(track.settled_to)
    with pytest.raises(Exception, match="not in the spool"):
        track.read(0, S)
    assert len(track.read(9 * S, 10 * S)) == S


def test_missing_sound_is_noticed_and_a_source_started_again_counts_anew(tmp_path: Path) -> None:
    track = make(tmp_path)
    block = np.zeros(320, np.int16)
    assert track.take(block, 0, 0) == 0
    assert track.take(block, 640, 0) == 320
    track.began()
    assert track.take(block, 0, 0) == 0
    assert track.end == 960


@pytest.mark.parametrize("reason", ["stop", "cancel"])
def test_who_stops_and_starts_at_once_hears_no_sample_twice(tmp_path: Path, reason: str) -> None:
    track = make(tmp_path)
    pcm = recording("12")
    found = play(track, pcm[: 7 * S])
    if reason == "cancel":
        found += track.close_open("cancel")
    found += track.stop("stop")
    track.listen(Take(2, moment(track.end), VadSettings().pre_roll_ms))
    found += play(track, pcm[7 * S : 12 * S]) + track.finish()
    closed = [item for item in found if isinstance(item, Closed)]
    assert len(closed) >= 2
    assert all(before.end <= after.start for before, after in itertools.pairwise(closed))


def test_what_was_not_listened_to_is_settled_at_once_but_kept_for_the_pre_roll(tmp_path: Path) -> None:
    track = make(tmp_path, listening=False)
    play(track, recording("02"))
    track.settle(track.settled_to)
    assert leftovers(tmp_path) == []
    assert len(track.read(track.end - S, track.end)) == S


def test_what_a_take_begins_with_is_left_to_the_next_daemon_though_it_was_settled_before_the_press(
    tmp_path: Path,
) -> None:
    track = make(tmp_path, listening=False)
    play(track, recording("02"))
    track.settle(track.settled_to)
    pressed = track.end - S
    track.listen(Take(1, moment(pressed), 300))
    track.segment()
    ((_, first, _),) = leftovers(tmp_path)
    assert first == pressed - 300 * S // 1000
