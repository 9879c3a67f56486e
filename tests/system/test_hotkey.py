"""`steno hotkey` on a real X server: keys pressed by XTEST, and what the daemon is asked because of them."""

from __future__ import annotations

import signal
import time

import pytest

from pipeline.commands import CancelSpeech, Start, Stop
from tests.system.hotkeys import HOLD_S, TAP_S, Hotkeys, Keyboard, hotkeys, keyboard, kinds
from tests.system.sound_server import until

__all__ = ["hotkeys", "keyboard"]

pytestmark = pytest.mark.system


@pytest.mark.parametrize(("backend", "seconds"), [("x11", 2.0), ("pynput", 1.0)])
def test_a_key_that_is_held_and_repeats_is_one_press_and_one_release(
    hotkeys: Hotkeys, keyboard: Keyboard, backend: str, seconds: float
) -> None:
    hotkeys.ready("--key", "f9", "--action", "hold", "--backend", backend)
    before_ns = time.monotonic_ns()
    keyboard.press("F9", seconds)
    after_ns = time.monotonic_ns()
    start, stop = hotkeys.wait_for(2)
    assert isinstance(start, Start)
    assert isinstance(stop, Stop)
    assert start.held
    slack_ns = 2_000_000  # the X server counts milliseconds
    assert before_ns - slack_ns <= start.at_ns <= stop.at_ns <= after_ns + slack_ns * 20


def test_auto_takes_x11_and_a_focused_program_gets_nothing_of_a_bound_key(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    field = hotkeys.screen.xterm()
    field.focus()
    hotkeys.ready("--key", "f9")
    assert "x11" in hotkeys.said()
    assert not keyboard.repeats("F9")
    keyboard.press("F9", TAP_S)
    tapped = hotkeys.wait_for(2)
    assert [(type(request), getattr(request, "held", None)) for request in tapped] == [(Start, True), (Start, False)]
    keyboard.press("F9", HOLD_S)
    assert kinds(hotkeys.wait_for(3)) == [Start, Start, Stop]
    keyboard.press("F9", 0.9)
    assert kinds(hotkeys.wait_for(5)) == [Start, Start, Stop, Start, Stop]
    keyboard.press("x", TAP_S)
    field.wait_for("x")
    assert hotkeys.close() == 128 + signal.SIGTERM
    keyboard.press("F9", TAP_S)
    field.wait_for("x\x1b[20~")
    assert keyboard.repeats("F9")


def test_what_is_typed_while_a_bound_key_is_held_reaches_the_window(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    field = hotkeys.screen.xterm()
    field.focus()
    hotkeys.ready("--key", "f9", "--action", "hold")
    keyboard.set("F9", True)
    hotkeys.wait_for(1)
    for _ in range(20):
        keyboard.press("a", 0.04)
    keyboard.set("F9", False)
    hotkeys.wait_for(2)
    field.wait_for("a" * 20)


def test_num_lock_and_caps_lock_hide_no_binding(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    field = hotkeys.screen.xterm()
    field.focus()
    hotkeys.ready("--key", "ctrl+alt+d", "--action", "toggle")
    for lock in ("Num_Lock", "Caps_Lock"):
        keyboard.press(lock, TAP_S)
        keyboard.set("Control_L", True)
        keyboard.set("Alt_L", True)
        keyboard.press("d", TAP_S)
        keyboard.set("Alt_L", False)
        keyboard.set("Control_L", False)
    assert kinds(hotkeys.wait_for(2)) == [Start, Stop]
    keyboard.press("x", TAP_S)
    field.wait_for("X")


@pytest.mark.parametrize("backend", ["x11", "pynput"])
def test_a_modifier_goes_on_being_one(hotkeys: Hotkeys, keyboard: Keyboard, backend: str) -> None:
    field = hotkeys.screen.xterm()
    field.focus()
    hotkeys.ready("--key", "ctrl_r", "--action", "hold", "--backend", backend)
    keyboard.press("Control_R", HOLD_S)
    assert kinds(hotkeys.wait_for(2)) == [Start, Stop]
    keyboard.set("Control_R", True)
    time.sleep(HOLD_S)
    keyboard.press("a", TAP_S)
    keyboard.set("Control_R", False)
    hotkeys.wait_for(4)
    field.wait_for("\x01")


def test_escape_cancels_and_only_then_is_it_taken_from_the_focused_program(
    hotkeys: Hotkeys, keyboard: Keyboard
) -> None:
    field = hotkeys.screen.xterm()
    field.focus()
    hotkeys.ready("--key", "f9", "--action", "toggle")
    keyboard.press("F9", TAP_S)
    hotkeys.wait_for(1)
    time.sleep(0.1)
    keyboard.press("Escape", TAP_S)
    asked = hotkeys.wait_for(3)
    assert kinds(asked) == [Start, CancelSpeech, Stop]  # the fake daemon says that it goes on listening
    time.sleep(0.1)
    keyboard.press("Escape", TAP_S)
    field.wait_for("\x1b")
    hotkeys.wait_for(3)


def test_a_mouse_button_talks_and_does_not_click(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    field = hotkeys.screen.xterm(
        "printf '\\033[?1000h\\033[?1006h'; stty raw -echo && echo ready > '{file}.ready' && cat > '{file}'"
    )
    field.focus()
    hotkeys.screen.run("xdotool", "mousemove", "--window", str(field.id), "50", "50")
    hotkeys.ready("--key", "mouse:middle", "--action", "hold")
    keyboard.click(2, HOLD_S)
    assert kinds(hotkeys.wait_for(2)) == [Start, Stop]
    assert field.text() == ""
    hotkeys.close()
    keyboard.click(2, TAP_S)
    until(lambda: field.text().startswith("\x1b[<1;"), 5)


def test_the_side_buttons_are_heard_by_pynput(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    hotkeys.ready("--key", "mouse:x1", "--action", "hold", "--backend", "pynput")
    keyboard.click(8, HOLD_S)
    assert kinds(hotkeys.wait_for(2)) == [Start, Stop]


@pytest.mark.parametrize("backend", ["x11", "pynput"])
def test_caps_lock_locks_when_tapped_and_not_when_held(hotkeys: Hotkeys, keyboard: Keyboard, backend: str) -> None:
    hotkeys.ready("--key", "caps_lock", "--backend", backend)
    for before in (False, True):
        assert keyboard.locked() is before
        hotkeys.daemon.requests.clear()
        keyboard.press("Caps_Lock", HOLD_S)
        assert kinds(hotkeys.wait_for(2)) == [Start, Stop]
        until(lambda before=before: keyboard.locked() is before, 5)  # type: ignore[misc]
        hotkeys.daemon.requests.clear()
        keyboard.press("Caps_Lock", TAP_S)
        hotkeys.wait_for(3)
        until(lambda before=before: keyboard.locked() is not before, 5)  # type: ignore[misc]
        time.sleep(0.1)
        assert keyboard.locked() is not before


def test_two_bindings_have_their_own_language_and_output(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    hotkeys.ready(
        config='[hotkey]\nbindings = [{ key = "f9", action = "hold", language = "English", output = "commit" }, '
        '{ key = "f10", action = "hold", language = "Chinese", context = "Beijing" }]\n'
    )
    keyboard.press("F9", HOLD_S)
    keyboard.press("F10", HOLD_S)
    starts = [request for request in hotkeys.wait_for(4) if isinstance(request, Start)]
    assert [(start.language, start.context, start.output) for start in starts] == [
        ("English", None, "commit"),
        ("Chinese", "Beijing", ""),
    ]


def test_the_keys_work_on_after_another_layout(hotkeys: Hotkeys, keyboard: Keyboard) -> None:
    hotkeys.ready("--key", "f9", "--action", "hold")
    hotkeys.screen.layout("us", "ru")
    hotkeys.screen.layout("fr")
    keyboard.press("F9", HOLD_S)
    assert kinds(hotkeys.wait_for(2)) == [Start, Stop]
