"""`steno type` killed, its display and its daemon taken away: nothing is typed twice, nothing is lost in silence."""

from __future__ import annotations

import random
import re
import signal
import socket
import time

import msgspec
import pytest

from tests.system.sound_server import until
from tests.system.typing_desk import Desk, desk

__all__ = ["desk"]

pytestmark = pytest.mark.system

KILLS = 22
PIECE = 16
"""Characters that may be on their way when a typist is killed."""


def numbered(count: int) -> str:
    """A text of which every word is another one."""
    return " ".join(f"w{number:03}" for number in range(count))


def test_a_typist_killed_at_random_moments_types_nothing_twice(desk: Desk) -> None:
    draw = random.Random(5)
    text = numbered(160)
    field = desk.screen.xterm()
    field.focus()
    typist = desk.start()
    for kill in range(KILLS):
        before = field.text()
        desk.say(text)
        until(lambda before=before: field.text() != before, 10)  # type: ignore[misc]
        time.sleep(draw.uniform(0, 0.6))
        typist.kill()
        typist.wait()
        typist = desk.start()
        until(desk.settled, 20)
        time.sleep(0.1)
        typed = field.text()[len(before) :].removeprefix(" ")
        lost = len(text) - len(typed)
        place = next((at for at, (one, other) in enumerate(zip(typed, text, strict=False)) if one != other), len(typed))
        assert typed[place:] == text[place + lost :], kill
        assert 0 <= lost <= PIECE, kill
    missing = [int(found) for found in re.findall(r"up to (\d+) characters may be missing", desk.said())]
    assert missing
    assert max(missing) <= PIECE


def test_finals_that_a_killed_typist_missed_are_typed_if_they_are_young(desk: Desk) -> None:
    field = desk.screen.xterm()
    field.focus()
    typist = desk.start()
    desk.say("One.")
    field.wait_for("One.")
    typist.kill()
    typist.wait()
    for number, (text, age_s) in enumerate((("Old.", 60), ("Young.", 1)), 100):
        desk.final(number, text)
        moment = time.time() - age_s

        def date(fake, moment=moment):  # type: ignore[no-untyped-def]
            fake.finals[-1] = msgspec.structs.replace(fake.finals[-1], time=moment)

        desk.daemon.do(date)
    desk.start()
    field.wait_for("One.Young.")
    assert "too long ago" in desk.said()


def test_when_the_display_goes_away_the_text_is_kept_and_nothing_hangs(desk: Desk) -> None:
    field = desk.screen.xterm()
    field.focus()
    typist = desk.start()
    text = numbered(1000)
    desk.say(text)
    until(lambda: len(field.text()) > 100, 10)
    desk.screen.server.kill()
    desk.wait_for("kept")
    desk.wait_for("the display is gone")
    assert desk.steno("copy-last", "--print").stdout == text + "\n"
    take = next(desk.numbers)
    desk.final(take, "Said without a display.")
    until(lambda: any(entry.raw == "Said without a display." for entry in desk.entries()), 10)
    assert typist.poll() is None
    typist.terminate()
    assert typist.wait(10) == 128 + signal.SIGTERM


def test_the_typist_waits_for_its_daemon(desk: Desk) -> None:
    field = desk.screen.xterm()
    field.focus()
    desk.start()
    desk.daemon.__exit__()
    desk.wait_for("the daemon has gone")
    from tests.clients.fake_daemon import FakeDaemon

    desk.daemon = FakeDaemon(desk.runtime, "two")
    desk.daemon.__enter__()
    desk.wait_for("the daemon was restarted")
    desk.say("Hello again.")
    field.wait_for("Hello again.")


def test_a_service_manager_is_told_that_it_is_ready_and_alive(desk: Desk) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(desk.runtime.parent / "notify"))
        manager.settimeout(10)
        desk.environ |= {"NOTIFY_SOCKET": str(desk.runtime.parent / "notify"), "WATCHDOG_USEC": "900000"}
        desk.start()
        told = {manager.recv(100) for _ in range(4)}
    assert told == {b"READY=1", b"WATCHDOG=1"}
