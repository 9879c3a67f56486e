"""The doctor on no desktop, or on one that cannot be asked. On a real one: tests/system/test_sway.py."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.desktop import doctor_desktop
from clients.doctor_finding import Finding
from clients.hotkey import doctor_hotkey

Check = Callable[[dict[str, str]], Finding]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Check:
    """The check, in a session that has this environment and no program."""

    def run(environ: dict[str, str]) -> Finding:
        for name in list(os.environ):
            monkeypatch.delenv(name)
        for name, value in (environ | {"PATH": str(tmp_path), "HOME": str(tmp_path)}).items():
            monkeypatch.setenv(name, value)
        (tmp_path / "config.toml").touch()
        return doctor_desktop.check(argparse.Namespace(config=str(tmp_path / "config.toml")))

    return run


def test_no_desktop_is_no_fault(check: Check) -> None:
    found = check({})
    assert (found.name, found.state) == ("desktop", "ok")
    assert "neither DISPLAY nor WAYLAND_DISPLAY" in found.text


def test_a_desktop_that_nothing_can_type_into_is_a_warning_with_a_remedy(check: Check) -> None:
    found = check({"XDG_SESSION_TYPE": "wayland", "WAYLAND_DISPLAY": "wayland-9", "XDG_CURRENT_DESKTOP": "KDE"})
    assert found.state == "warning"
    assert found.text.startswith("KDE (Wayland); ")
    assert "at-spi2-core" in found.hint
    assert "typing.unknown_window = type" in found.details[0]
    assert "no D-Bus session bus" in found.details[1]
    assert any(line.startswith("portal: cannot") for line in found.details)


def test_a_compositor_that_does_not_answer_is_a_warning(check: Check) -> None:
    found = check({"XDG_SESSION_TYPE": "wayland", "SWAYSOCK": "/nowhere"})
    assert (found.state, found.text.split(":")[0]) == ("warning", "sway")
    assert "SWAYSOCK" in found.hint


def test_the_hotkey_s_check_says_the_same_and_gives_the_lines_of_a_desktop_that_owns_the_keys(tmp_path: Path) -> None:
    arguments = argparse.Namespace(config=str(tmp_path / "config.toml"), runtime_dir=str(tmp_path))
    (tmp_path / "config.toml").touch()
    none = doctor_hotkey.check(arguments, {})
    assert (none.state, none.hint) == ("ok", "")
    owned = doctor_hotkey.check(arguments, {"XDG_SESSION_TYPE": "wayland", "SWAYSOCK": "/nowhere"})
    assert (owned.state, owned.hint) == ("warning", "")
    assert owned.details[0] == "Bind them there, to commands of Steno:"
    assert owned.details[1].startswith("bindsym --no-repeat Control_R exec ")
