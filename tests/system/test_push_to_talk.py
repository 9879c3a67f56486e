"""Push to talk as its user has it: sound into a microphone, a key held, and words in the window that has the focus."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import spoken
from tests.system.desk import Desk, sample
from tests.system.screen import Field
from tests.system.sound_server import SoundServer, until

pytestmark = pytest.mark.system

KEY = "F9"
PLAYED = ("01", "06", "08")
"""Recordings of one sentence each."""
CLEAR = "01"
"""One whose text is known from the golden data: a word cut off at its beginning or end would show."""
UTTERANCES = 50


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the miniature, which is converted once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def desk(sound_server: SoundServer, short_directory: Path, cache: Path) -> Iterator[Desk]:
    opened = Desk(sound_server, short_directory, cache)
    # A final without a full stop would have the next one go on without a capital.
    opened.environ["STENO_TEXT_CAPITALS"] = "false"
    yield opened
    opened.close()


@pytest.fixture
def dictating(desk: Desk) -> Field:
    """A terminal with the focus, the typist and the hotkey at work."""
    field = desk.screen.xterm()
    field.focus()
    desk.start("type")
    desk.start("hotkey", "--key", KEY.lower(), "--action", "hold")
    until(lambda: KEY.lower() in desk.said("hotkey") and bool(desk.said("type")), 20)
    time.sleep(1.0)
    return field


@pytest.mark.timeout(600)
def test_fifty_utterances_stand_in_the_terminal_exactly_as_their_finals_say(desk: Desk, dictating: Field) -> None:
    chance = random.Random(5)
    expected = ""
    for count in range(1, UTTERANCES + 1):
        number = PLAYED[count % len(PLAYED)]
        desk.say(KEY, number, chance.uniform(0.0, 0.3), chance.uniform(0.0, 0.4))
        until(lambda count=count: len(desk.of("final")) >= count, 15)  # type: ignore[misc]
        text = desk.of("final")[-1]["text"]
        expected += (" " if expected else "") + text
        dictating.wait_for(expected)
    finals = [event["text"] for event in desk.of("final")]
    assert len(finals) == UTTERANCES
    assert [event["take"] for event in desk.of("final")] == sorted(event["take"] for event in desk.of("final"))
    understood = [text for count, text in enumerate(finals, start=1) if PLAYED[count % len(PLAYED)] == CLEAR]
    assert understood == [spoken.answer(CLEAR)] * len(understood)


def test_a_key_let_go_before_anything_was_said_does_nothing(desk: Desk, dictating: Field) -> None:
    desk.key(KEY, True)
    time.sleep(0.6)
    desk.key(KEY, False)
    until(lambda: [event["on"] for event in desk.of("listening")][-2:] == [True, False], 5)
    time.sleep(1.5)
    assert not [event for event in desk.of("final") if event["text"]]
    assert not [event for event in desk.of("notice") if event["level"] != "info"]
    assert dictating.text() == ""


def test_escape_throws_away_what_is_being_said(desk: Desk, dictating: Field) -> None:
    playing = desk.sound.play_in_background(sample("02"))
    desk.key(KEY, True)
    time.sleep(3.0)
    desk.screen.run("xdotool", "key", "Escape")
    until(lambda: any(event["cancelled"] for event in desk.of("listening")), 5)
    desk.key(KEY, False)
    playing.wait(20)
    time.sleep(1.5)
    assert not [event for event in desk.of("final") if event["text"]]
    # Escape itself is the window's as well: it is not taken from the program that has the focus.
    assert dictating.text().strip("\x1b") == ""


def test_a_hotkey_that_is_killed_while_its_key_is_held_leaves_nobody_listening(desk: Desk, dictating: Field) -> None:
    hotkey = desk.process("hotkey")
    playing = desk.sound.play_in_background(sample(CLEAR))
    desk.key(KEY, True)
    playing.wait(20)
    hotkey.kill()  # and not waited for: a parent that never does leaves a process behind that is none
    until(lambda: [event["on"] for event in desk.of("listening")] == [True, False], 5)
    desk.key(KEY, False)
    dictating.wait_for(spoken.answer(CLEAR))
    hotkey.wait(10)
    desk.start("hotkey", "--key", KEY.lower(), "--action", "hold")
    until(lambda: desk.said("hotkey").count("connected to the daemon") == 2, 20)
    desk.say(KEY, CLEAR, 0.1, 0.2)
    until(lambda: len(desk.of("final")) == 2, 15)


def test_a_microphone_that_is_lost_is_told_at_once_and_at_each_press(desk: Desk, dictating: Field) -> None:
    desk.key(KEY, True)
    until(lambda: len(desk.of("listening")) == 1, 5)
    desk.sound.unplug()
    until(lambda: "steno hotkey: the microphone is lost" in desk.said("hotkey"), 15)
    desk.key(KEY, False)
    until(lambda: len(desk.of("listening")) == 2, 5)
    desk.key(KEY, True)
    until(lambda: "nothing comes of what is said: the microphone is lost" in desk.said("hotkey"), 5)
    assert "nothing comes of what is said: the microphone is lost" in desk.steno("start").stderr
    desk.key(KEY, False)
    desk.sound.plug()
    until(lambda: desk.of("source")[-1]["state"] == "opened", 30)
    desk.say(KEY, CLEAR, 0.1, 0.2)
    dictating.wait_for(spoken.answer(CLEAR))
