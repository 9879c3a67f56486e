"""What is cut for a press and its release: what was said then, all of it, and nothing else."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from pipeline import events
from pipeline.arrays import Array
from pipeline.messages import FRAME_SAMPLES, SourceState
from tests.daemon.pressed import LoudVad, Pressed, S, Said, sound, within_a_frame

PRE, TAIL, RELEASE_TAIL = (300 * S // 1000, 120 * S // 1000, 600 * S // 1000)


pytestmark = pytest.mark.usefixtures("loud_vad")


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    return tmp_path


def seconds(*numbers: float) -> tuple[int, ...]:
    return tuple(round(number * S) for number in numbers)


def test_speech_around_the_key_is_cut_a_pre_roll_before_the_press_and_at_the_silence_behind_the_release(
    runtime: Path,
) -> None:
    key = Pressed(runtime, sound((False, 2), (True, 1.5), (False, 2)))
    press, release = seconds(2.1, 3.4)
    key.play((press, lambda: key.press(press, held=True)), (release, lambda: key.release(release)))
    (said,) = key.said
    assert said.start == press - PRE
    assert within_a_frame(said.end, round(3.5 * S) + TAIL)
    assert (said.take, said.reason) == (1, "stop")


def test_a_release_in_silence_ends_at_once_where_the_pause_began(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 1), (False, 3)))
    press, release = seconds(1, 2.5)
    key.press(press, held=True)
    key.hear_to(release)
    assert key.said == []
    key.release(release)
    key.hear_to(release + 2 * FRAME_SAMPLES)
    (said,) = key.said
    assert within_a_frame(said.end, 2 * S + TAIL)


def test_what_goes_on_after_the_release_without_a_pause_is_heard_for_so_long_and_no_longer(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 5)))
    press, release = seconds(1, 3)
    key.play((press, lambda: key.press(press)), (release, lambda: key.release(release)))
    (said,) = key.said
    assert within_a_frame(said.end, release + RELEASE_TAIL)


def test_a_word_that_had_just_begun_at_the_release_is_heard(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 3), (True, 0.4), (False, 2)))
    press, release = seconds(1, 3.04)
    key.play((press, lambda: key.press(press)), (release, lambda: key.release(release)))
    (said,) = key.said
    assert within_a_frame(said.end, round(3.4 * S) + TAIL)


def test_a_held_key_makes_one_utterance_of_speech_with_a_long_pause_and_says_that_it_pauses(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 1), (False, 3), (True, 1), (False, 2)))
    press, release = seconds(1, 6.1)
    key.press(press, held=True)
    key.hear_to(4 * S)
    (utterance,) = key.utterances
    assert utterance._paused_at is not None
    key.hear_to(release)
    key.release(release)
    key.hear_to(8 * S)
    (said,) = key.said
    assert said.start == press - PRE
    assert within_a_frame(said.end, 6 * S + TAIL)


def test_without_holding_a_take_has_an_utterance_for_each_stretch_of_speech(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 1), (False, 3), (True, 1), (False, 2)))
    press, release = seconds(1, 7)
    key.play((press, lambda: key.press(press)), (release, lambda: key.release(release)))
    assert [(said.take, said.reason) for said in key.said] == [(1, "silence"), (1, "silence")]


def test_a_held_key_that_becomes_a_toggle_closes_at_silence_from_then_on(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 1), (False, 3), (True, 1), (False, 2)))
    key.press(S, held=True)
    key.hear_to(4 * S)
    assert key.said == []
    key.press(4 * S, held=False)
    key.hear_to(4 * S + 700)
    (said,) = key.said
    assert said.reason == "silence"
    assert within_a_frame(said.end, 2 * S + TAIL)
    assert key.takes.listening
    assert key.listening == [(True, 1, True, False), (True, 1, False, False)]


def test_a_press_soon_after_the_release_ends_the_tail_where_its_own_sound_begins(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 6), (False, 2)))
    presses = seconds(1, 3)
    again, end = seconds(3.5, 5)
    key.play(
        (presses[0], lambda: key.press(presses[0])),
        (presses[1], lambda: key.release(presses[1])),
        (again, lambda: key.press(again)),
        (end, lambda: key.release(end)),
    )
    first, second = key.said
    assert within_a_frame(first.end, again - PRE)
    assert second.start == first.end
    assert (first.take, second.take) == (1, 2)
    assert within_a_frame(second.end, end + RELEASE_TAIL)


def test_a_key_let_go_and_pressed_again_faster_than_sound_comes_makes_two_takes_without_a_gap(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 6), (False, 2)))
    key.press(S)
    key.hear_to(2 * S)
    for at in seconds(2.05, 2.15):
        key.release(at)
        key.press(at + 800)
    assert key.said == []
    key.hear_to(4 * S)
    key.release(4 * S)
    key.hear_to(8 * S)
    assert [said.take for said in key.said] == [1, 2, 3]
    assert all(before.end == after.start for before, after in itertools.pairwise(key.said))
    assert within_a_frame(key.said[0].end, round(2.05 * S))


def test_released_before_anything_was_said_nothing_happens(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 6)))
    press, release = seconds(1, 1.4)
    key.play((press, lambda: key.press(press, held=True)), (release, lambda: key.release(release)))
    assert not key.track.listening
    assert {kind for kind, _ in key.script.events} == {events.Source, events.Listening}
    assert key.listening == [(True, 1, True, False), (False, 1, True, False)]


def test_a_click_gives_an_empty_final_without_error_or_notice(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 2), (True, 0.1), (False, 3)), min_speech_ms=200)
    press, release = seconds(1.5, 2.5)
    key.play((press, lambda: key.press(press, held=True)), (release, lambda: key.release(release)))
    key.utterances.advance({"encoder", "decoder", "aligner"}, key.ns(4 * S))
    (final,) = key.script.of(events.Final)
    assert (final["text"], final["error"], final["take"]) == ("", "", 1)
    assert key.script.of(events.Notice) == []


@pytest.mark.parametrize("late", [800, S // 2, 2 * S])
def test_a_press_that_comes_late_finds_all_sound_and_is_cut_like_one_in_time(runtime: Path, late: int) -> None:
    press, release = seconds(3.1, 6.9)

    def said(late: int) -> list[Said]:
        key = Pressed(runtime / str(late), sound((False, 3), (True, 4), (False, 2)))
        key.play(
            (press + late, lambda: key.press(press, late, held=True)),
            (release, lambda: key.release(release)),
        )
        return key.said

    assert said(late) == said(0)
    assert said(late)[0].start == press - PRE


def test_a_press_from_long_ago_begins_where_the_last_utterance_ended_or_the_sound_that_is_kept(runtime: Path) -> None:
    key = Pressed(runtime, sound((True, 20)))
    key.hear_to(10 * S)
    key.press(0)
    key.hear_to(12 * S)
    (first,) = key.utterances
    assert 0 < first.start <= 10 * S - 2 * S - PRE
    key.takes.stop(0, key.ns(12 * S))
    key.press(10 * S)
    key.hear_to(13 * S)
    second = list(key.utterances)[-1]
    assert second.start == key.said[0].end


def test_a_release_that_comes_late_takes_back_what_was_heard_behind_it(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 1), (False, 0.4), (True, 3), (False, 2)))
    press, release = seconds(1, 2.3)
    key.press(press)
    key.hear_to(4 * S)
    key.release(release, late=S)
    (said,) = key.said
    assert within_a_frame(said.end, 2 * S + TAIL)
    assert not key.track.listening


def test_what_began_behind_a_late_release_has_an_empty_final(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 3), (True, 3), (False, 2)), pre_roll_ms=100)
    press, release = seconds(1, 2.5)
    key.press(press)
    key.hear_to(round(3.5 * S))
    assert len(key.script.of(events.SpeechStarted)) == 1
    key.release(release, late=S)
    key.utterances.advance(set(), key.ns(4 * S))
    assert [final["text"] for final in key.script.of(events.Final)] == [""]
    key.hear_to(8 * S)
    assert len(key.said) == 1


@pytest.mark.parametrize("how", ["no sound", "device lost", "source ended"])
def test_a_tail_whose_sound_does_not_come_ends_with_what_there_is(runtime: Path, how: str) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 6)))
    key.press(S, held=True)
    key.hear_to(3 * S)
    key.release(3 * S + 8000)
    source = key.track.origin.id
    assert key.said == []
    match how:
        case "no sound":
            key.takes.tick(key.ns(4 * S))
            assert key.said == []
            key.takes.tick(key.ns(5 * S))
        case "device lost":
            key.ear.take_state(SourceState(source, "lost", "unplugged"))
        case "source ended":
            key.ear.end(key.track)
    (said,) = key.said
    assert within_a_frame(3 * S, said.end)
    assert not key.track.listening


def test_the_next_take_goes_on_when_the_tail_of_the_last_one_is_given_up(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 9)))
    key.press(S)
    key.hear_to(3 * S)
    key.release(3 * S + 1600)
    key.press(3 * S + 9600)
    key.takes.tick(key.ns(5 * S))
    assert [said.take for said in key.said] == [1]
    key.hear_to(5 * S)
    assert [utterance.take for utterance in key.utterances] == [1, 2]


def test_sound_from_before_a_loss_of_the_device_is_not_taken_for_what_was_said_at_a_press_since(runtime: Path) -> None:
    key = Pressed(runtime, sound((True, 2), (False, 0.5), (True, 2)))
    key.hear_to(2 * S)
    key._began_ns += 20_000_000_000
    key.press(2 * S - 800)
    key.hear_to(4 * S)
    (utterance,) = key.utterances
    assert utterance.start >= 2 * S


def test_the_moment_of_the_release_is_found_when_its_sound_has_come_and_not_guessed_before(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 5)))
    key.press(S)
    key.hear_to(3 * S)
    key.release(3 * S + 6400)
    key._began_ns += 300_000_000
    key.hear_to(6 * S)
    (said,) = key.said
    assert within_a_frame(said.end, 3 * S + 1600 + RELEASE_TAIL)


def test_all_takes_are_found_in_sound_that_comes_at_once_and_ends(runtime: Path) -> None:
    key = Pressed(runtime, sound(*[(False, 1), (True, 1)] * 4), block=10 * S)
    for at in seconds(1, 3, 5, 7):
        key.press(at)
        key.release(at + S)
    key.hear_to(8 * S)
    key.ear.end(key.track)
    assert [said.take for said in key.said] == [1, 2, 3, 4]


def test_the_detector_of_a_take_has_heard_the_second_before_it(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[Array] = []

    class Listening(LoudVad):
        def is_speech(self, frame: Array) -> bool:
            frames.append(frame)
            return super().is_speech(frame)

    monkeypatch.setattr("pipeline.cutter.Vad", Listening)
    key = Pressed(runtime, sound((False, 3), (True, 1)))
    key.hear_to(4 * S)
    key.press(4 * S)
    assert len(frames) * FRAME_SAMPLES == PRE + S
