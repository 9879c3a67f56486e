"""Names of keys, chords, and which bindings are refused."""

from __future__ import annotations

import pytest

from clients.hotkey.keys import NAMES, Chord, covers, parse, read
from pipeline.desktop_settings import Binding, HotkeySettings
from pipeline.errors import UsageError


def settings(*names: str, cancel: str = "esc") -> HotkeySettings:
    return HotkeySettings(bindings=tuple(Binding(key=name) for name in names), cancel=cancel)


@pytest.mark.parametrize(
    ("text", "chord"),
    [
        ("ctrl_r", Chord("ctrl_r")),
        ("F9", Chord("f9")),
        ("ctrl+alt+d", Chord("d", frozenset({"ctrl", "alt"}))),
        (" Ctrl + Alt + D ", Chord("d", frozenset({"ctrl", "alt"}))),
        ("CapsLock", Chord("caps_lock")),
        ("super+space", Chord("space", frozenset({"cmd"}))),
        ("mouse:x1", Chord("mouse:x1")),
        ("shift+mouse:middle", Chord("mouse:middle", frozenset({"shift"}))),
        ("ctrl+é", Chord("é", frozenset({"ctrl"}))),
        ("f24", Chord("f24")),
    ],
)
def test_a_key_is_read(text: str, chord: Chord) -> None:
    assert parse(text, "here") == chord


def test_a_chord_is_written_as_it_is_read() -> None:
    assert str(parse("alt+ctrl+d", "here")) == "ctrl+alt+d"


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("ctlr_r", "here: unknown key 'ctlr_r'", "ctrl_r"),
        ("scrol_lock", "unknown key", "scroll_lock"),
        ("", "here: no key is named", "ctrl+alt+d"),
        ("ctrl+", "here: a key is missing beside a + in 'ctrl+'", "ctrl+alt+d"),
        ("ctrl+altt", "unknown key 'altt' in 'ctrl+altt'", "alt"),
        ("f25", "unknown key", "f2"),
        ("mouse:left", "needed for pointing", "mouse:x1"),
        ("mouse:right", "needed for pointing", "mouse:x1"),
        ("d+ctrl", "d comes before another key", "ctrl+alt+d"),
        ("ctrl+ctrl", "twice", ""),
        ("ctrl+ctrl_l", "twice", ""),
    ],
)
def test_what_names_no_key_is_refused_with_its_place_and_what_may_be_meant(text: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "here")
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.message.startswith("here")


def test_an_unknown_key_of_the_second_binding_is_named_by_its_place() -> None:
    with pytest.raises(UsageError, match=r"hotkey\.bindings\[1\]\.key: unknown key 'cpas_lock'") as caught:
        read(settings("f9", "cpas_lock"))
    assert "caps_lock" in caught.value.hint


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("f9", "f9"),
        ("ctrl", "ctrl_r"),
        ("ctrl_l", "ctrl"),
        ("ctrl+alt+d", "alt+ctrl+d"),
        ("ctrl+f9", "f9"),
        ("f9", "ctrl+shift+f9"),
        ("ctrl_l+d", "ctrl+alt+d"),
        ("ctrl", "ctrl_l+d"),
        ("ctrl+alt+d", "alt"),
        ("mouse:x1", "ctrl+mouse:x1"),
    ],
)
def test_two_bindings_that_one_press_would_call_both_are_refused_by_both_names(first: str, second: str) -> None:
    with pytest.raises(UsageError, match=r"hotkey\.bindings\[0\]\.key and hotkey\.bindings\[1\]\.key"):
        read(settings(first, second))


@pytest.mark.parametrize(
    ("first", "second"),
    [("f9", "f10"), ("ctrl_r", "ctrl_l"), ("ctrl_r", "ctrl+alt+d"), ("ctrl+f9", "alt+f9"), ("ctrl+d", "alt+d")],
)
def test_two_bindings_that_can_be_told_apart_are_allowed(first: str, second: str) -> None:
    assert len(read(settings(first, second)).chords) == 2


@pytest.mark.parametrize("key", ["d", "5", "space", "enter", "backspace", "tab", "shift+d", "shift_l+space"])
def test_a_key_that_is_needed_for_typing_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match="needed for typing"):
        read(settings(key))


def test_the_cancel_key_must_be_another() -> None:
    with pytest.raises(UsageError, match=r"hotkey\.cancel and hotkey\.bindings\[0\]\.key are the same key"):
        read(settings("f9", cancel="f9"))


def test_an_empty_cancel_key_is_none() -> None:
    assert read(settings("f9", cancel="")).cancel is None


def test_no_binding_at_all_is_refused() -> None:
    with pytest.raises(UsageError, match="no key is bound"):
        read(settings())


def test_the_command_line_takes_the_place_of_the_bindings() -> None:
    keys = read(settings("f9", "f10"), "ctrl_r", "toggle")
    assert [(binding.key, binding.action) for binding in keys.bindings] == [("ctrl_r", "toggle")]
    with pytest.raises(UsageError, match="--key: unknown key"):
        read(settings("f9"), "nonsense")
    with pytest.raises(UsageError, match="--action"):
        read(settings("f9"), None, "hold")


def test_a_name_without_a_side_means_both_keys() -> None:
    assert covers("ctrl", "ctrl_l")
    assert covers("ctrl", "ctrl_r")
    assert not covers("ctrl_l", "ctrl_r")
    assert not covers("alt", "alt_gr")


def test_every_name_of_the_page_is_one_and_every_name_is_on_the_page() -> None:
    import re
    from pathlib import Path

    page = (Path(__file__).resolve().parents[2] / "docs" / "hotkeys.md").read_text(encoding="utf-8")
    table = page.split("## Names of keys")[1].split("\n## ")[0]
    written = set(re.findall(r"`([\w:]+)`", table))
    function_keys = {f"f{number}" for number in range(1, 25)}
    assert written >= set(NAMES) - function_keys
    assert {"f1", "f24"} <= written
    assert {name for name in written if name not in NAMES and len(name) > 1} == set()
