"""Typing through the portal: the real xdg-desktop-portal with a stand-in for the desktop behind it.

It proves that every call is one of the published interfaces, that order and ends are kept, and what becomes of a
refusal. It does not prove what GNOME or KDE type: neither runs here. Which characters a keyboard's layout has is read
from keymaps of libxkbcommon.
"""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.desktop import keysyms, portal
from clients.desktop.bus import NO_REPLY, BusError, Call, SessionBus
from clients.typist.backend import Outcome, Place
from clients.typist.backends.portal import CLOSED, INTERFACE, PortalBackend
from tests.system.portal_desk import PortalDesk
from tests.system.sound_server import until
from tests.system.xkb_keymaps import xkb_keymap

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
ANYWHERE = Place(window=None)
TEXT = "Grüße, мир и 世界 שלום 😀 e\u0301"


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


@pytest.fixture
def newer(tmp_path: Path) -> Iterator[PortalDesk]:
    opened = PortalDesk(tmp_path, "front")
    yield opened
    opened.close()


@pytest.fixture
def any_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyboard that has every character."""
    monkeypatch.setattr("clients.typist.backends.portal.untypeable", lambda text, environ: "")


def pairs(text: str) -> list[tuple[int, bool]]:
    return [(keysyms.of_character(character), down) for character in text for down in (True, False)]


def ignored(done: int) -> None:
    pass


def test_probing_asks_the_user_nothing(desk: PortalDesk) -> None:
    probe = PortalBackend(desk.environ).probe()
    assert (probe.usable, probe.exact) == (True, False)
    assert desk.recorded() == []


@pytest.mark.usefixtures("any_layout")
def test_text_arrives_key_by_key_in_its_order(desk: PortalDesk) -> None:
    backend = PortalBackend(desk.environ)
    before: list[int] = []
    assert backend.type(TEXT, ANYWHERE, before.append) == Outcome(len(TEXT))
    assert desk.strokes() == pairs(TEXT)
    assert before == sorted(before)
    assert before[-1] == len(TEXT)
    assert [name for name, _ in desk.recorded()][:3] == ["CreateSession", "SelectDevices", "Start"]
    assert backend.type("x", ANYWHERE, ignored) == Outcome(1)
    assert len(desk.recorded("Start")) == 1
    backend.close()


def test_shift_is_down_only_for_shift_enter(desk: PortalDesk) -> None:
    backend = PortalBackend(desk.environ)
    assert backend.press("shift+enter", 2, ANYWHERE) == Outcome(2)
    shift, enter = keysyms.SHIFT_LEFT, keysyms.RETURN
    assert desk.strokes() == [(shift, True), (enter, True), (enter, False), (shift, False)] * 2
    assert backend.press("enter", 1, ANYWHERE) == Outcome(1)
    assert backend.press("backspace", 3, ANYWHERE) == Outcome(3)
    assert [down for _, down in desk.strokes()[8:]] == [True, False] * 4
    backend.close()


def test_a_chord_is_pressed_and_let_go_in_the_order_of_hands(desk: PortalDesk) -> None:
    backend = PortalBackend(desk.environ)
    assert backend.chord("ctrl+shift+v", ANYWHERE) == Outcome(1)
    control, shift, letter = keysyms.CONTROL_LEFT, keysyms.SHIFT_LEFT, ord("v")
    down = [(control, True), (shift, True), (letter, True)]
    assert desk.strokes() == [*down, (letter, False), (shift, False), (control, False)]
    assert backend.chord("hyper+v", ANYWHERE).stopped == "failed"
    assert backend.chord("ctrl+nothing", ANYWHERE).stopped == "failed"
    backend.close()


@pytest.mark.parametrize(
    ("layouts", "text", "count"),
    [
        ("us", "Don't: 12!", 0),
        ("de", "Grüße €", 0),
        ("us", "Grüße", 2),
        ("us", "世界 abc", 2),
        ("ru", "мир", 0),
        ("ru", "world", 5),
        # which of them is active cannot be seen
        ("us,ru", "world, мир 1", 8),
        ("us,de", "world", 0),
    ],
)
def test_a_text_that_the_layout_does_not_have_is_not_begun(
    real: PortalDesk, monkeypatch: pytest.MonkeyPatch, layouts: str, text: str, count: int
) -> None:
    monkeypatch.setattr("clients.desktop.wayland_socket.keymap", lambda environ: xkb_keymap(layouts))
    backend = PortalBackend(real.environ)
    outcome = backend.type(text, ANYWHERE, ignored)
    if count:
        assert (outcome.done, outcome.stopped) == (0, "failed")
        assert outcome.detail.startswith(f"{count} of its characters")
        assert real.recorded() == []
    else:
        assert outcome == Outcome(len(text))
    backend.close()


@pytest.mark.parametrize("keymap", [None, b"", b"nonsense", b"xkb_keymap { };"])
def test_without_a_keymap_nothing_is_begun(
    real: PortalDesk, monkeypatch: pytest.MonkeyPatch, keymap: bytes | None
) -> None:
    monkeypatch.setattr("clients.desktop.wayland_socket.keymap", lambda environ: keymap)
    outcome = PortalBackend(real.environ).type("x", ANYWHERE, ignored)
    assert (outcome.done, outcome.stopped) == (0, "failed")
    assert real.recorded() == []


@pytest.mark.usefixtures("any_layout")
def test_a_control_character_is_never_typed(real: PortalDesk) -> None:
    backend = PortalBackend(real.environ)
    assert backend.type("rm -rf\n", ANYWHERE, ignored).stopped == "failed"
    assert real.strokes() == []
    backend.close()


@pytest.mark.usefixtures("any_layout")
def test_a_user_who_says_no_is_told_so_and_nothing_is_typed(desk: PortalDesk) -> None:
    desk.tell("Answer", "u", portal.CANCELLED)
    outcome = PortalBackend(desk.environ).type(TEXT, ANYWHERE, ignored)
    assert (outcome.done, outcome.stopped) == (0, "failed")
    assert "you told the desktop not to allow it" in outcome.detail
    assert desk.strokes() == []


@pytest.mark.usefixtures("any_layout")
def test_a_dialog_that_nobody_answers_is_closed_again(desk: PortalDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal, "ANSWER_S", 0.5)
    desk.tell("Answer", "u", 99)
    outcome = PortalBackend(desk.environ).type(TEXT, ANYWHERE, ignored)
    assert (outcome.done, outcome.stopped) == (0, "failed")
    assert "nobody answered" in outcome.detail
    assert desk.strokes() == []
    if desk.front is desk.stand_in:
        assert desk.recorded()[-1][0] == "Close"


@pytest.mark.usefixtures("any_layout")
def test_a_refusal_in_the_middle_says_how_much_was_typed(desk: PortalDesk) -> None:
    backend = PortalBackend(desk.environ)
    desk.tell("CloseAfter", "u", 7)
    outcome = backend.type("abcdefgh", ANYWHERE, ignored)
    if desk.front is desk.stand_in:
        assert (outcome.done, outcome.stopped) == (3, "failed")
    else:
        # The real portal passes keys on without waiting for the desktop: a refusal there is nobody's to hear.
        assert outcome == Outcome(8)
    backend.close()


@pytest.mark.usefixtures("any_layout")
def test_a_session_that_the_desktop_ends_is_noticed_and_asked_for_anew(desk: PortalDesk) -> None:
    backend = PortalBackend(desk.environ)
    assert backend.type("one ", ANYWHERE, ignored) == Outcome(4)
    desk.tell("CloseSession")
    outcome = Outcome(0)
    for _ in range(50):
        time.sleep(0.02)
        outcome = backend.type("x", ANYWHERE, ignored)
        if outcome.stopped:
            break
    assert (outcome.done, outcome.stopped) == (0, "failed")
    assert outcome.detail == CLOSED or "Invalid session" in outcome.detail
    assert backend.type("two", ANYWHERE, ignored) == Outcome(3)
    assert len(desk.recorded("Start")) == 2
    backend.close()


@pytest.mark.usefixtures("any_layout")
def test_the_permission_is_kept_in_private_and_each_token_used_once(newer: PortalDesk, tmp_path: Path) -> None:
    token = tmp_path / "cache" / "portal-restore-token"
    for run in (1, 2):
        backend = PortalBackend(newer.environ)
        assert backend.type("x", ANYWHERE, ignored) == Outcome(1)
        backend.close()
        assert token.read_text() == f"token {run}"
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
    given = [options for _, (_, options) in newer.recorded("SelectDevices")]
    assert [options.get("restore_token") for options in given] == [None, "token 1"]
    assert all((options["types"], options["persist_mode"]) == (1, 2) for options in given)


@pytest.mark.usefixtures("any_layout")
def test_who_ends_the_session_is_asked_again_the_next_time(newer: PortalDesk) -> None:
    backend = PortalBackend(newer.environ)
    backend.type("x", ANYWHERE, ignored)
    newer.tell("CloseSession")
    until(lambda: bool(backend.type("x", ANYWHERE, ignored).stopped))
    backend.type("x", ANYWHERE, ignored)
    assert ["restore_token" in options for _, (_, options) in newer.recorded("SelectDevices")] == [False, False]
    backend.close()


def test_a_typist_that_is_killed_leaves_no_session_whose_keys_could_stay_down(real: PortalDesk) -> None:
    program = (
        "import os; from clients.typist.backends import portal; from clients.typist.backend import Place;"
        "portal.untypeable = lambda *_: '';"
        "portal.PortalBackend(os.environ).type('word ' * 100000, Place(None), lambda done: None)"
    )
    typist = subprocess.Popen([sys.executable, "-c", program], env=real.environ, cwd=ROOT)
    until(lambda: len(real.strokes()) > 50, 20)
    typist.kill()
    typist.wait()
    until(lambda: bool(real.recorded("Close")), 10)
    assert real.recorded()[-1][0] == "Close"


@pytest.mark.usefixtures("any_layout")
def test_the_program_is_known_by_its_desktop_file(desk: PortalDesk) -> None:
    PortalBackend(desk.environ).type("x", ANYWHERE, ignored)
    assert (desk.data / "applications" / "org.steno.Steno.desktop").exists()


def test_without_a_portal_it_says_what_is_missing(tmp_path: Path) -> None:
    environ = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/none", "STENO_CACHE_DIR": str(tmp_path)}
    backend = PortalBackend(environ)
    assert not backend.probe().usable
    assert backend.type("x", ANYWHERE, ignored).stopped == "failed"


def test_a_call_of_another_signature_would_be_refused(desk: PortalDesk) -> None:
    # What makes the tests above a proof of the signatures.
    bus = SessionBus.connect(desk.environ)
    with pytest.raises(BusError) as error:
        bus.call(portal.NAME, portal.PATH, INTERFACE, "NotifyKeyboardKeysym", "oa{sv}uu", ("/x", {}, 65, 1))
    assert error.value.name == "org.freedesktop.DBus.Error.InvalidArgs"
    bus.close()


def test_a_real_bus_answers_in_time_or_the_call_ends(real: PortalDesk) -> None:
    bus = SessionBus.connect(real.environ)
    names = Call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames")
    first, second = bus.call_all([names, names])
    assert bus.unique_name in first[0]
    assert first == second
    real.stand_in.send_signal(signal.SIGSTOP)
    with pytest.raises(BusError) as error:
        bus.call(
            "org.freedesktop.impl.portal.desktop.stand_in", "/stand_in", "org.steno.StandIn", "Recorded", timeout_s=0.2
        )
    assert error.value.name == NO_REPLY
    with pytest.raises(BusError, match="ServiceUnknown"):
        bus.call("org.nobody.There", "/", "org.nobody.There", "Hello")
    bus.close()


@pytest.mark.parametrize(
    ("character", "number"),
    [("a", 0x61), ("é", 0xE9), ("я", 0x6D1), ("λ", 0x7EB), ("€", 0x20AC), ("中", 0x1004E2D), ("😀", 0x101F600)],
)
def test_keysyms_are_those_that_layouts_have(character: str, number: int) -> None:
    # X11 protocol, appendix A: Cyrillic, Greek and the euro have older numbers, and layouts are written with those.
    assert keysyms.of_character(character) == number
