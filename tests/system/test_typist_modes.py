"""`steno type` with words as they are said, and its corrections: no character of the user's is ever deleted."""

from __future__ import annotations

import time

import pytest

from tests.system.sound_server import until
from tests.system.typing_desk import Desk, desk

__all__ = ["desk"]

pytestmark = pytest.mark.system


def test_commit_types_words_as_they_are_committed(desk: Desk) -> None:
    field = desk.screen.xterm()
    field.focus()
    desk.start("--mode", "commit")
    take = desk.press()
    desk.partial(take, "Hello", "wor")
    field.wait_for("Hello")
    desk.partial(take, "Hello world,", "and")
    field.wait_for("Hello world,")
    desk.final(take, "Hello world, and more.")
    field.wait_for("Hello world, and more.")


def test_live_corrects_its_own_characters_and_none_of_the_user_s(desk: Desk) -> None:
    field = desk.screen.gtk()
    field.focus()
    desk.start("--mode", "live")
    take = desk.press()
    desk.partial(take, "", "I scream")
    field.wait_for("I scream")
    desk.partial(take, "", "Ice cream is")
    field.wait_for("Ice cream is")
    desk.final(take, "Ice cream is good.")
    field.wait_for("Ice cream is good.")

    take = desk.press()
    desk.partial(take, "", "it smelled")
    field.wait_for("Ice cream is good. it smelled")
    desk.screen.run("xdotool", "type", "--delay", "20", "MINE")
    desk.partial(take, "", "it melted")
    desk.final(take, "it melted soon.")
    desk.wait_for("could not be corrected safely")
    field.wait_for("Ice cream is good. it smelledMINE")


def test_nothing_of_the_user_s_is_deleted_while_live_corrects_again_and_again(desk: Desk) -> None:
    field = desk.screen.gtk()
    field.focus()
    desk.start("--mode", "live")
    take = desk.press()
    desk.partial(take, "", "start")
    field.wait_for("start")
    for turn in range(20):
        desk.partial(take, "", f"{'xyz'[turn % 3]} changed {turn}")
        if turn == 10:
            desk.screen.run("xdotool", "type", "--delay", "15", "ABCDEFGHIJ")
    desk.final(take, "the end")
    until(desk.settled, 10)
    time.sleep(0.2)
    user = "".join(character for character in field.text() if character.isupper())
    assert user == "ABCDEFGHIJ"


def test_undo_takes_back_exactly_the_last_insertion(desk: Desk) -> None:
    field = desk.screen.gtk()
    field.focus()
    desk.start()
    desk.say("First.")
    desk.say("Grüße, 你好.")
    field.wait_for("First. Grüße, 你好.")
    desk.tell("undo-last")
    field.wait_for("First.")
    desk.say("Second.")
    field.wait_for("First. Second.")
    desk.say("Scratch that.")
    field.wait_for("First.")
    desk.screen.run("xdotool", "type", "!")
    field.wait_for("First.!")
    desk.tell("undo-last")
    desk.wait_for("were pressed since")
    assert field.text() == "First.!"
