"""Which back-end types: the order on each desktop, what is said of the choice, and what is asked for but missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from clients.desktop.unknown_desktop import UnknownDesktop
from clients.desktop.window import Desktop
from clients.typist import choice
from clients.typist.backend import About, Backend, Key, Outcome, Place, Probe
from pipeline.errors import StenoError, UsageError

DESKTOP = UnknownDesktop("test")
ENVIRONS = {
    "x11": {"DISPLAY": ":0"},
    "sway": {"WAYLAND_DISPLAY": "wayland-1", "SWAYSOCK": "/run/sway"},
    "gnome": {"WAYLAND_DISPLAY": "wayland-0", "XDG_CURRENT_DESKTOP": "ubuntu:GNOME"},
}


@dataclass
class Given:
    """A back-end that says of itself what it was given to say."""

    name: str
    said: Probe
    closed: list[str] = field(default_factory=list)

    def probe(self) -> Probe:
        return self.said

    def type(self, text: str, place: Place, about: About) -> Outcome:
        return Outcome(len(text))

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        return Outcome(count)

    def close(self) -> None:
        self.closed.append(self.name)


Give = Callable[..., list[str]]


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Give:
    """Makes those back-ends usable that are named, and all others not; returns the names of those that are closed."""

    def give(*usable: str) -> list[str]:
        closed: list[str] = []

        def maker(name: str) -> Callable[[Mapping[str, str], Desktop], Backend]:
            works = Probe(True, f"{name} works")
            said = works if name in usable else Probe(False, f"{name} is missing", f"get {name}")
            return lambda environ, desktop: Given(name, said, closed)

        for name in choice.MAKERS:
            monkeypatch.setitem(choice.MAKERS, name, maker(name))
        return closed

    return give


@pytest.mark.parametrize(
    ("here", "usable", "chosen"),
    [
        ("x11", ("x11", "paste", "xdotool", "pynput"), "x11"),
        ("x11", ("paste", "xdotool", "pynput"), "paste"),
        ("sway", ("wtype", "dotool", "portal"), "wtype"),
        ("sway", ("ydotool", "paste"), "ydotool"),
        ("sway", ("paste", "xdotool"), "paste"),
        ("gnome", ("portal", "dotool", "wtype"), "portal"),
        ("gnome", ("dotool", "ydotool"), "dotool"),
    ],
)
def test_auto_takes_the_best_that_works(give: Give, here: str, usable: tuple[str, ...], chosen: str) -> None:
    give(*usable)
    backend, sentence = choice.choose("auto", ENVIRONS[here], DESKTOP)
    assert backend.name == chosen
    assert f"{chosen} works" in sentence


def test_what_would_be_better_is_said_with_its_remedy(give: Give) -> None:
    closed = give("dotool")
    _, sentence = choice.choose("auto", ENVIRONS["sway"], DESKTOP)
    assert sentence == (
        "dotool types, the best that works on sway: dotool works. "
        "wtype would be better, but wtype is missing (get wtype)."
    )
    assert closed == ["wtype"]


@pytest.mark.parametrize("only", ["xdotool", "pynput"])
def test_auto_never_takes_what_mistypes_on_x11(give: Give, only: str) -> None:
    give(only)
    with pytest.raises(StenoError, match="Nothing can type on X11: x11: x11 is missing; paste: paste is missing"):
        choice.choose("auto", ENVIRONS["x11"], DESKTOP)
    backend, sentence = choice.choose(only, ENVIRONS["x11"], DESKTOP)
    assert (backend.name, sentence) == (only, f"{only} types, as asked for: {only} works.")


def test_one_that_has_failed_is_left_out(give: Give) -> None:
    give("x11", "paste")
    assert choice.choose("auto", ENVIRONS["x11"], DESKTOP, ("x11",))[0].name == "paste"
    with pytest.raises(StenoError, match="all that there are have failed"):
        choice.choose("auto", ENVIRONS["x11"], DESKTOP, ("x11", "paste"))


def test_a_named_one_that_does_not_work_is_an_error_with_its_remedy(give: Give) -> None:
    closed = give("x11")
    with pytest.raises(StenoError, match="back-end wtype cannot type here: wtype is missing") as caught:
        choice.choose("wtype", ENVIRONS["x11"], DESKTOP)
    assert (caught.value.hint, closed) == ("get wtype", ["wtype"])


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no back-end 'xtest'") as caught:
        choice.choose("xtest", ENVIRONS["x11"], DESKTOP)
    assert "auto, x11, wtype" in caught.value.hint


@pytest.mark.parametrize("name", ["auto", "x11", "wtype"])
def test_without_a_desktop_the_error_says_so(name: str) -> None:
    with pytest.raises(StenoError, match="no desktop to type into: neither DISPLAY nor WAYLAND_DISPLAY") as caught:
        choice.choose(name, {}, DESKTOP)
    assert "import-environment" in caught.value.hint


def test_the_survey_names_every_back_end_once_and_the_best_first(give: Give) -> None:
    give("wtype")
    found = choice.survey(ENVIRONS["sway"], DESKTOP)
    assert [name for name, _ in found][:5] == ["wtype", "dotool", "ydotool", "portal", "paste"]
    assert sorted(name for name, _ in found) == sorted(choice.MAKERS)
    assert [name for name, probe in found if probe.usable] == ["wtype"]


def test_each_real_back_end_says_what_is_missing_where_there_is_nothing() -> None:
    nowhere = {"PATH": "/nonexistent", "WAYLAND_DISPLAY": "wayland-9", "XDG_CURRENT_DESKTOP": "sway"}
    for name, probe in choice.survey(nowhere, DESKTOP):
        assert not probe.usable, name
        assert probe.text, name
        assert probe.hint, name
