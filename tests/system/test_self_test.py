"""The self-test of the typing back-ends on real screens: what it proves, and that it finds out what mistypes."""

from __future__ import annotations

import pytest

from clients.typist import choice, self_test
from clients.typist.backend import About, Outcome, Place
from clients.typist.backends.xdotool import XdotoolBackend
from tests.system.screen import Screen
from tests.system.wayland_screen import WaylandScreen

pytestmark = pytest.mark.system


@pytest.mark.parametrize("name", ["auto", "x11", "paste"])
def test_on_x11_every_script_is_proven(screen: Screen, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert self_test.self_test(name, screen.environ) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    assert f"{'x11' if name == 'auto' else name} types exactly: Latin, Cyrillic" in said
    assert "combining marks" in said
    assert screen.search(self_test.TITLE) == []


@pytest.mark.parametrize("name", ["auto", "paste"])
def test_on_sway_every_script_is_proven_in_a_terminal(
    wayland: WaylandScreen, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert self_test.self_test(name, wayland.environ) == 0, capsys.readouterr().out
    assert f"{'wtype' if name == 'auto' else name} types exactly: Latin, Cyrillic" in capsys.readouterr().out
    assert wayland.window(self_test.TITLE) is None


class Deaf(XdotoolBackend):
    """A back-end that cannot type Chinese, and does not say so."""

    def type(self, text: str, place: Place, about: About) -> Outcome:
        outcome = super().type("".join(c for c in text if not "\u4e00" <= c <= "\u9fff"), place, about)
        return Outcome(len(text), outcome.stopped, outcome.detail)


def test_a_back_end_that_loses_characters_is_found_out(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(choice.MAKERS, "xdotool", Deaf)
    found = self_test.findings("xdotool", screen.environ)
    assert found[-1].state == "broken"
    assert any("Chinese: '你好世界' arrived as ''" in line for line in found[-1].details)


def test_without_a_terminal_it_says_that_nothing_is_proven(
    wayland: WaylandScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_test, "TERMINALS", {"no-such-terminal": ()})
    found = self_test.findings("wtype", wayland.environ)
    assert (found[-1].state, "cannot be proven here" in found[-1].text) == ("warning", True)


def test_a_window_that_does_not_get_the_focus_is_not_typed_into(
    wayland: WaylandScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = wayland.foot()
    wayland.run("swaymsg", "no_focus [title=.*]")
    monkeypatch.setattr(self_test, "OPEN_S", 1.5)
    found = self_test.findings("wtype", wayland.environ)
    assert found[-1].state == "warning"
    assert "focus" in found[-1].text
    assert users.text() == ""
