"""Shortcuts through the portal: the real xdg-desktop-portal with a stand-in for the desktop behind it.

It proves the calls and what is made of the portal's signals, not which keys GNOME or KDE let a user choose.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.desktop import portal
from clients.hotkey.gestures import KeyEvent
from clients.hotkey.keys import parse, read
from clients.hotkey.listener import Death
from clients.hotkey.portal_shortcuts import PortalShortcuts, trigger
from pipeline.desktop_settings import Binding, HotkeySettings
from pipeline.errors import StenoError
from tests.system.portal_desk import PortalDesk
from tests.system.sound_server import until

pytestmark = pytest.mark.system

KEYS = read(HotkeySettings(bindings=(Binding(key="ctrl+alt+d"), Binding(key="f9", action="hold")), cancel="esc"))


@pytest.fixture(params=["front", "back"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PortalDesk]:
    opened = PortalDesk(tmp_path, request.param)
    yield opened
    opened.close()


@pytest.fixture
def real(tmp_path: Path) -> Iterator[PortalDesk]:
    opened = PortalDesk(tmp_path, "back")
    yield opened
    opened.close()


def test_probing_asks_the_user_nothing(desk: PortalDesk) -> None:
    assert PortalShortcuts(desk.environ).probe().usable
    assert desk.recorded() == []


def test_shortcuts_are_pressed_and_let_go(desk: PortalDesk) -> None:
    shortcuts = PortalShortcuts(desk.environ)
    heard: list[KeyEvent | Death] = []
    began = time.monotonic_ns()
    shortcuts.run(KEYS, heard.append)
    assert shortcuts.triggers == {"dictate-ctrl-alt-d": "<CTRL+ALT+d>", "dictate-f9": "<F9>"}
    for name in ("dictate-f9", "dictate-ctrl-alt-d", "nobody's"):
        for down in (True, False):
            desk.tell("Shortcut", "sb", name, down)
    until(lambda: len(heard) >= 8)
    events = [event for event in heard if isinstance(event, KeyEvent)]
    assert [(event.key, event.down) for event in events] == [
        ("f9", True),
        ("f9", False),
        *[("alt_l", True), ("ctrl_l", True), ("d", True)],
        *[("d", False), ("ctrl_l", False), ("alt_l", False)],
    ]
    assert all(began < event.at_ns < time.monotonic_ns() for event in events)
    assert shortcuts.heard == 4
    shortcuts.close()
    shortcuts.close()


@pytest.mark.parametrize("how", ["session", "portal", "bus"])
def test_shortcuts_that_are_heard_no_more_say_so_and_let_their_keys_go(real: PortalDesk, how: str) -> None:
    shortcuts = PortalShortcuts(real.environ)
    heard: list[KeyEvent | Death] = []
    shortcuts.run(KEYS, heard.append)
    real.tell("Shortcut", "sb", "dictate-f9", True)
    until(lambda: bool(heard))
    if how == "session":
        real.tell("CloseSession")
    else:
        (real.front if how == "portal" else real.bus.process).kill()
    until(lambda: len(heard) == 3)
    assert isinstance(heard[1], KeyEvent)
    assert (heard[1].key, heard[1].down) == ("f9", False)
    assert isinstance(heard[2], Death)
    shortcuts.close()


def test_shortcuts_that_the_user_refuses_are_an_error(desk: PortalDesk) -> None:
    desk.tell("Answer", "u", portal.CANCELLED)
    with pytest.raises(StenoError, match="you told the desktop"):
        PortalShortcuts(desk.environ).run(KEYS, lambda event: None)


def test_the_desktop_is_told_what_each_shortcut_is_for(desk: PortalDesk) -> None:
    shortcuts = PortalShortcuts(desk.environ)
    shortcuts.run(KEYS, lambda event: None)
    ((_, given),) = desk.recorded("BindShortcuts")
    bound = next(each for each in given if isinstance(each, list))
    assert bound == [
        [
            "dictate-ctrl-alt-d",
            {"description": "Steno: dictate while held, or tapped on and off", "preferred_trigger": "CTRL+ALT+d"},
        ],
        ["dictate-f9", {"description": "Steno: dictate while held", "preferred_trigger": "F9"}],
    ]
    shortcuts.close()


def test_without_a_portal_it_says_what_is_missing(tmp_path: Path) -> None:
    heard = PortalShortcuts({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/none"}).probe()
    assert not heard.usable
    assert heard.hint


def test_characters_have_their_names_in_triggers() -> None:
    assert [trigger(parse(f"ctrl+{key}", "here")) for key in ",öя"] == [
        "CTRL+comma",
        "CTRL+odiaeresis",
        "CTRL+Cyrillic_ya",
    ]
