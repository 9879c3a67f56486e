"""`steno hotkey` where something is missing, taken, or goes away."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from clients.hotkey.doctor_hotkey import check
from pipeline import events
from pipeline.commands import Start, Stop
from tests.clients.fake_daemon import FakeDaemon
from tests.system.hotkeys import HOLD_S, TAP_S, Hotkeys, Keyboard, hotkeys, keyboard, kinds
from tests.system.screen import Screen
from tests.system.sound_server import until

__all__ = ["hotkeys", "keyboard"]

pytestmark = pytest.mark.system


def test_a_key_that_another_program_has_taken_is_named(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    keyboard.grab("F9")
    process = hotkeys.run("--key", "f9")
    assert process.wait(20) == 1
    assert "another program has taken the key f9" in hotkeys.said()


def test_a_key_that_the_keyboard_lacks_is_named(hotkeys: Hotkeys) -> None:
    process = hotkeys.run("--key", "ctrl+ж")
    assert process.wait(20) == 1
    assert "this keyboard has no key ж" in hotkeys.said()


def test_an_x_server_that_goes_away_is_an_error_and_the_take_is_ended(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    hotkeys.ready("--key", "f9", "--action", "hold")
    keyboard.set("F9", True)
    hotkeys.wait_for(1)
    hotkeys.screen.server.kill()
    assert hotkeys.process is not None
    assert hotkeys.process.wait(10) == 1
    assert "is gone" in hotkeys.said()
    assert kinds(hotkeys.asked()) == [Start, Stop]


def test_pynput_that_hears_no_more_is_an_error(hotkeys: Hotkeys) -> None:
    hotkeys.ready("--key", "f9", "--backend", "pynput")
    hotkeys.screen.server.kill()
    assert hotkeys.process is not None
    assert hotkeys.process.wait(10) == 1
    assert "hears no keys any more" in hotkeys.said()


def test_a_take_ends_with_the_hotkey_and_the_daemon_knows_whose_it_is(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    hotkeys.ready("--key", "f9", "--action", "toggle")
    keyboard.press("F9", TAP_S)
    (start,) = hotkeys.wait_for(1)
    assert hotkeys.process is not None
    assert isinstance(start, Start)
    assert start.owner == hotkeys.process.pid
    hotkeys.close()
    assert kinds(hotkeys.wait_for(2)) == [Start, Stop]


def test_a_second_hotkey_is_refused_with_the_first_one_s_process(hotkeys: Hotkeys) -> None:
    hotkeys.ready("--key", "f9")
    first = hotkeys.process
    assert first is not None
    second = hotkeys.run("--key", "f10")
    assert second.wait(20) == 1
    assert f"already runs for the daemon in {hotkeys.runtime} (process {first.pid})" in hotkeys.said()
    hotkeys.process = first


def test_a_take_that_the_daemon_ended_needs_no_second_press(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    hotkeys.ready("--key", "f9", "--action", "toggle")
    keyboard.press("F9", TAP_S)
    hotkeys.wait_for(1)
    ended: dict[str, Any] = {"on": False, "take": 0, "at_ns": 0, "held": False, "output": ""}
    hotkeys.daemon.do(lambda publisher: publisher.publish(events.Listening, **ended))
    time.sleep(0.3)
    keyboard.press("F9", TAP_S)
    assert kinds(hotkeys.wait_for(2)) == [Start, Start]


def test_it_waits_for_a_daemon_and_says_when_a_press_had_none(
    screen: Screen, runtime: Path, tmp_path: Path, keyboard: Keyboard
) -> None:
    daemon = FakeDaemon(runtime)
    hotkeys = Hotkeys(screen, runtime, tmp_path, daemon)
    process = hotkeys.run("--key", "f9", "--action", "hold")
    try:
        until(lambda: "no daemon is running" in hotkeys.said(), 20)
        keyboard.press("F9", HOLD_S)
        keyboard.press("F9", HOLD_S)
        until(lambda: "steno hotkey: no daemon is running" in hotkeys.said(), 5)
        with daemon:
            until(lambda: Stop() in daemon.requests, 10)  # that one listens always
            daemon.requests.clear()
            keyboard.press("F9", HOLD_S)
            assert kinds(hotkeys.wait_for(2)) == [Start, Stop]
        assert hotkeys.said().count("steno hotkey: no daemon is running") == 1
        with FakeDaemon(runtime, "two") as again:
            until(lambda: Stop() in again.requests, 10)
    finally:
        process.kill()
        process.wait()


def test_the_doctor_leaves_the_keys_to_a_hotkey_that_runs(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    hotkeys.ready("--key", "ctrl+alt+d", "--action", "hold")
    arguments = Namespace(config=None, runtime_dir=str(hotkeys.runtime))
    found = check(arguments, hotkeys.environ)
    assert found.state == "ok", found
    assert found.details == ("steno hotkey is running",)
    keyboard.set("Control_L", True)
    keyboard.set("Alt_L", True)
    keyboard.press("d", HOLD_S)
    keyboard.set("Alt_L", False)
    keyboard.set("Control_L", False)
    assert kinds(hotkeys.wait_for(2)) == [Start, Stop]


def test_the_doctor_hears_a_key_and_names_one_that_is_taken(
    screen: Screen, runtime: Path, tmp_path: Path, keyboard: Keyboard
) -> None:
    (tmp_path / "config.toml").write_text('[hotkey]\nbindings = [{ key = "f9" }]\n')
    arguments = Namespace(config=str(tmp_path / "config.toml"), runtime_dir=str(runtime))
    found = check(arguments, screen.environ)
    assert found.state == "ok", found
    assert "a key that was pressed was heard by x11" in found.text
    keyboard.grab("F9")
    found = check(arguments, screen.environ)
    assert found.state == "broken"
    assert "another program has taken the key f9" in found.text
