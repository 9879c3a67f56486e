"""Words typed while they are said, from the microphone: in the end there stands what the final events say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.desk import Desk
from tests.system.sound_server import SoundServer, until

pytestmark = pytest.mark.system

KEY = "F9"
PLAYED = ("01", "06", "08")


@pytest.fixture
def desk(sound_server: SoundServer, short_directory: Path, tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(sound_server, short_directory, tmp_path)
    opened.environ["STENO_TEXT_CAPITALS"] = "false"
    yield opened
    opened.close()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("mode", ["commit", "live"])
def test_what_is_typed_while_it_is_said_is_what_the_finals_say(desk: Desk, mode: str) -> None:
    field = desk.screen.gtk()
    field.focus()
    desk.start("type", "--mode", mode)
    desk.start("hotkey", "--key", KEY.lower(), "--action", "hold")
    until(lambda: KEY.lower() in desk.said("hotkey") and bool(desk.said("type")), 20)
    time.sleep(1.0)
    before = ""
    for count, number in enumerate(PLAYED, start=1):
        desk.say(KEY, number, 0.2, 0.3)
        until(lambda count=count: len(desk.of("final")) >= count, 15)  # type: ignore[misc]
        expected = " ".join(event["text"] for event in desk.of("final"))
        field.wait_for(expected)
        assert len(expected) > len(before)
        before = expected
    # From another terminal: the last one is copied, taken back and typed again.
    last = desk.of("final")[-1]["text"]
    assert desk.steno("copy-last", "--print").stdout == f"{last}\n"
    assert desk.steno("undo-last").returncode == 0
    field.wait_for(before.removesuffix(f" {last}"))
    assert desk.steno("retype-last").returncode == 0
    field.wait_for(before)
