"""The back-end that types through pynput: which keys it presses, and in which order."""

from __future__ import annotations

import pytest

from clients.desktop.unknown_desktop import UnknownDesktop
from clients.typist.backend import Outcome, Place
from clients.typist.backends.pynput_keys import PynputBackend, _utf16

DESKTOP = UnknownDesktop("test")
ANYWHERE = Place(None)


def ignore(count: int) -> None:
    """Nobody wants to know."""


class Keyboard:
    """A pynput controller that writes down what is asked of it."""

    _Key = {"enter": "<enter>", "shift": "<shift>", "backspace": "<backspace>"}  # noqa: RUF012

    def __init__(self) -> None:
        self.done: list[str] = []
        self.held: tuple[str, ...] = ()

    def type(self, text: str) -> None:
        self.done.append(text)

    def pressed(self, *keys: str) -> Keyboard:
        self.held = keys
        return self

    def __enter__(self) -> None:
        self.done.append(f"down {self.held}")

    def __exit__(self, *error: object) -> None:
        self.done.append("up")

    def tap(self, key: str) -> None:
        self.done.append(key)


def test_pynput_presses_keys_while_others_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = Keyboard()
    monkeypatch.setattr("clients.desktop.input_library.keyboard_controller", lambda: keyboard)
    backend = PynputBackend({}, DESKTOP, "win32")
    assert backend.type("a👍", ANYWHERE, ignore) == Outcome(2)
    assert backend.press("shift+enter", 2, ANYWHERE) == Outcome(2)
    assert keyboard.done == ["a\ud83d\udc4d", "down ('<shift>',)", "<enter>", "<enter>", "up"]


def test_a_character_beyond_the_first_plane_is_two_units_on_windows() -> None:
    assert _utf16("é👍") == "é\ud83d\udc4d"
    assert _utf16("é世").encode() == "é世".encode()


def test_a_keyboard_that_fails_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Keyboard):
        def type(self, text: str) -> None:
            raise OSError("no such display")

    monkeypatch.setattr("clients.desktop.input_library.keyboard_controller", Broken)
    backend = PynputBackend({}, DESKTOP, "darwin")
    assert backend.type("text", ANYWHERE, ignore) == Outcome(0, "failed", "pynput failed: OSError")


def test_it_says_where_it_cannot_type() -> None:
    probe = PynputBackend({"WAYLAND_DISPLAY": "wayland-0"}, DESKTOP, "linux").probe()
    assert not probe.usable
    assert "Wayland" in probe.hint
