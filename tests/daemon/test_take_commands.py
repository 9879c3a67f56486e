"""What start, stop, toggle and cancel do to a take, beside where it is cut."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.processes import lives
from pipeline import commands, events
from pipeline.errors import UsageError
from pipeline.messages import SourceState
from tests.daemon.pressed import Pressed, S, sound, within_a_frame

pytestmark = pytest.mark.usefixtures("loud_vad")

RELEASE_TAIL = 600 * S // 1000


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    return tmp_path


def test_a_release_that_overtakes_its_press_still_ends_it(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 6)))
    key.hear_to(2 * S)
    key.release(2 * S)
    key.press(2 * S - 800, late=1600)
    assert not key.takes.listening
    key.hear_to(5 * S)
    (said,) = key.said
    assert within_a_frame(said.end, 2 * S + RELEASE_TAIL)
    key.press(5 * S)
    assert key.takes.listening


def test_cancel_ends_the_take_and_its_final_comes_empty_even_in_the_tail(runtime: Path) -> None:
    for number, released in enumerate((False, True)):
        key = Pressed(runtime / str(number), sound((False, 1), (True, 6)))
        key.press(S, held=True)
        key.hear_to(3 * S)
        if released:
            key.release(3 * S)
            key.hear_to(3 * S + 3200)
        key.takes.cancel(key.ns(3 * S + 3200))
        key.utterances.advance(set(), key.ns(4 * S))
        assert key.listening[-1] == (False, 1, True, True)
        assert [said.reason for said in key.said] == ["cancel"]
        assert [final["text"] for final in key.script.of(events.Final)] == [""]
        key.hear_to(6 * S)
        assert len(key.said) == 1
        assert not key.takes.listening


def test_cancel_while_nobody_listens_says_nothing(runtime: Path) -> None:
    key = Pressed(runtime, sound((True, 2)))
    key.takes.cancel(key.ns(S))
    assert key.listening == []


def test_a_plain_stop_ends_at_once_and_also_a_tail(runtime: Path) -> None:
    for number, released in enumerate((False, True)):
        key = Pressed(runtime / str(number), sound((False, 1), (True, 6)))
        key.press(S)
        key.hear_to(3 * S)
        if released:
            key.release(3 * S)
        key.takes.stop(0, key.ns(3 * S))
        (said,) = key.said
        assert within_a_frame(3 * S, said.end)
        assert not key.track.listening


def test_a_take_s_wishes_are_for_its_own_utterances(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 1), (False, 2), (True, 1), (False, 2), (True, 1), (False, 2)))
    key.press(S, language="German", context="names", output="live")
    key.hear_to(3 * S)
    key.takes.add_context(1, "window")
    key.hear_to(6 * S)
    key.release(6 * S)
    key.press(6 * S + 3200)
    key.takes.add_context(1, "too late")
    key.hear_to(9 * S)
    asked = [(u.take, u.options.language, u.options.context, u.options.commit) for u in key.utterances]
    assert asked == [(1, "German", "names", True), (1, "German", "names\nwindow", True), (2, "", "", False)]


def test_in_always_mode_there_is_no_take_until_somebody_stops_and_starts(runtime: Path) -> None:
    key = Pressed(runtime, sound((True, 1), (False, 2), (True, 1), (False, 2)), mode="always")
    key.hear_to(3 * S)
    assert [(said.take, said.reason) for said in key.said] == [(0, "silence")]
    assert key.listening == []
    key.toggle(3 * S)
    key.toggle(3 * S + 1600)
    key.hear_to(6 * S)
    assert key.said[1].take == 1
    assert key.listening == [(False, 0, False, False), (True, 1, False, False)]


def test_a_plain_stop_also_ends_a_take_whose_sound_has_not_come_yet(runtime: Path) -> None:
    key = Pressed(runtime, sound((True, 6)))
    key.press(S)
    key.hear_to(3 * S)
    key.release(4 * S)
    key.press(5 * S)
    key.takes.stop(0, key.ns(5 * S))
    assert not key.track.listening
    key.hear_to(6 * S)
    assert [said.take for said in key.said] == [1]


def test_sound_is_not_gathered_while_a_take_is_about_to_begin_or_end(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 6)), press_pre_roll_ms=0)
    stirring = []
    for at, command in ((S, None), (S + 800, key.press), (2 * S, None), (2 * S + 800, key.release), (3 * S, None)):
        if command is None:
            key.hear_to(at)
        else:
            command(at)
        stirring.append(key.track.stirring)
    assert stirring == [False, True, False, True, False]


def test_a_take_ends_with_the_client_that_would_have_ended_it(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 2), (False, 3)))
    key.press(S, held=True, owner=4711)
    key.hear_to(4 * S)
    key.takes.tick(key.ns(4 * S))
    assert [on for on, *_ in key.listening] == [True]
    key.gone.add(4711)
    key.takes.tick(key.ns(4 * S))
    key.hear_to(6 * S)
    assert [on for on, *_ in key.listening] == [True, False]
    (said,) = key.said
    assert said.reason == "stop"


def test_a_take_that_another_client_goes_on_with_ends_with_that_one(runtime: Path) -> None:
    key = Pressed(runtime, sound((False, 1), (True, 2), (False, 3)))
    key.press(S)
    key.press(2 * S, held=True, owner=4711)
    key.press(2 * S + 800, held=True)
    key.gone.add(4711)
    key.takes.tick(key.ns(3 * S))
    assert not key.takes.listening


def test_a_process_that_has_ended_lives_no_more_though_nobody_has_waited_for_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert lives(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not lives(child.pid)
    child.wait()
    assert not lives(child.pid)


@pytest.mark.parametrize("field", [b'"owner":2147483648', b'"owner":-1', b'"at_ns":-1'])
def test_a_number_that_no_process_and_no_moment_has_is_refused(field: bytes) -> None:
    for command in (b"start", b"toggle"):
        with pytest.raises(UsageError, match="not a command"):
            commands.read_request(b'{"command":"%s",%s}' % (command, field))


def test_that_nothing_can_be_heard_is_known_while_the_microphone_is_lost(runtime: Path) -> None:
    key = Pressed(runtime, sound((True, 2)))
    assert key.ear.trouble == ""
    key.ear.take_state(SourceState(key.track.origin.id, "lost", "'pulse' is gone", hint="Plug it in."))
    assert key.ear.trouble == "the microphone is lost: 'pulse' is gone. Plug it in."
    key.ear.take_state(SourceState(key.track.origin.id, "opened", "pulse"))
    assert key.ear.trouble == ""
    key.ear.end(key.track, "failed")
    assert "there is no microphone" in key.ear.trouble
