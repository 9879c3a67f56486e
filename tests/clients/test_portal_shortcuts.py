"""What the portal is told of the bindings, and keysyms. The portal itself: tests/system/test_portals.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.desktop import keysyms, portal_identity
from clients.hotkey.keys import MOUSE, NAMES, Chord, parse, read
from clients.hotkey.portal_shortcuts import shortcuts, trigger
from pipeline.desktop_settings import Binding, HotkeySettings


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        ("f9", "F9"),
        ("ctrl+alt+d", "CTRL+ALT+d"),
        ("cmd+space", "LOGO+space"),
        ("shift+ctrl+f12", "CTRL+SHIFT+F12"),
        ("ctrl_r", "Control_R"),
        ("ctrl", "Control_L"),
        ("caps_lock", "Caps_Lock"),
        ("media_play_pause", "XF86AudioPlay"),
        ("mouse:x1", ""),
        ("ctrl+mouse:middle", ""),
    ],
)
def test_a_chord_in_the_words_of_the_specification(keys: str, written: str) -> None:
    assert trigger(parse(keys, "here")) == written


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(MOUSE)])
def test_every_key_has_a_name_that_the_specification_allows(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_]+", trigger(Chord(name)))


def test_names_of_shortcuts_stay_the_same_and_are_apart() -> None:
    bindings = (Binding(key="ctrl+alt+d"), Binding(key="mouse:x1"), Binding(key="f9"))
    names = list(shortcuts(read(HotkeySettings(bindings=bindings))))
    assert names == ["dictate-ctrl-alt-d", "dictate-mouse-x1", "dictate-f9"]


def test_a_bare_cancel_key_is_not_taken_from_every_program() -> None:
    assert "cancel" not in shortcuts(read(HotkeySettings(cancel="esc")))
    assert "cancel" in shortcuts(read(HotkeySettings(cancel="ctrl+alt+esc")))


@given(st.characters(exclude_categories=["Cs", "Cc"]))
def test_every_character_has_a_keysym_that_the_portal_can_be_told(character: str) -> None:
    assert 0 < keysyms.of_character(character) < 2**31


def test_without_the_library_the_rule_of_the_protocol_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keysyms, "library", lambda: None)
    assert [keysyms.of_character(character) for character in "aé中я"] == [0x61, 0xE9, 0x1004E2D, 0x100044F]
    assert [keysyms.name_of(character) for character in "d,€"] == ["d", "U002C", "U20AC"]


def test_the_desktop_file_is_written_once_and_a_directory_that_refuses_is_no_error(tmp_path: Path) -> None:
    environ = {"XDG_DATA_HOME": str(tmp_path / "share")}
    portal_identity.write(environ)
    file = tmp_path / "share" / "applications" / "org.steno.Steno.desktop"
    assert "\nName=Steno\n" in file.read_text()
    file.write_text("mine")
    portal_identity.write(environ)
    assert file.read_text() == "mine"
    (tmp_path / "file").touch()
    portal_identity.write({"XDG_DATA_HOME": str(tmp_path / "file")})
