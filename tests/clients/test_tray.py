"""The tray's pictures, its menu, and what is said when it cannot be shown; without a screen."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.desktop.feedback import Feedback
from clients.status_view import View
from clients.tray import COLOURS, Tray, picture
from pipeline import commands, events
from pipeline.desktop_settings import FeedbackSettings
from tests.clients.conftest import ROOT
from tests.clients.desktop_programs import until
from tests.clients.fake_daemon import FakeDaemon

Steno = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tray(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tray]:
    """The tray on pystray's backend for nothing at all."""
    monkeypatch.setenv("PYSTRAY_BACKEND", "dummy")
    import pystray

    monkeypatch.setattr(pystray.Icon, "_update_menu", lambda _: None)
    arguments = argparse.Namespace(runtime_dir=str(runtime), config=None, command="tray", debug=False)
    with Feedback(FeedbackSettings(sounds=False, notifications=False)) as feedback:
        yield Tray(arguments, feedback, pystray)


def entries(tray: Tray) -> dict[str, Any]:
    return {item.text: item for item in tray._icon.menu.items if item.text.strip("- ")}


def known(listening: bool) -> View:
    view = View()
    head: dict[str, Any] = {"daemon": "one", "seq": 1, "time": 0.0}
    view.event(events.State(**head, ready=True, listening=listening, mode="on-demand", workers={}, sources={}))
    return view


def test_every_state_has_a_picture_of_its_own() -> None:
    pictures = {picture(phase).tobytes() for phase in COLOURS}
    assert len(pictures) == len(COLOURS)


def test_what_makes_no_sense_now_is_not_offered(tray: Tray) -> None:
    assert not entries(tray)["Start listening"].enabled
    tray.show(known(listening=False))
    assert entries(tray)["Start listening"].enabled
    assert entries(tray)["Start listening"].default
    assert not entries(tray)["Throw away what is being said"].enabled
    tray.show(known(listening=True))
    assert entries(tray)["Stop listening"].enabled
    assert entries(tray)["Throw away what is being said"].enabled


def test_its_entries_are_commands(tray: Tray, runtime: Path) -> None:
    tray.show(known(listening=True))
    with FakeDaemon(runtime) as daemon:
        entries(tray)["Stop listening"](tray._icon)
        until(lambda: any(isinstance(request, commands.Toggle) and request.at_ns for request in daemon.requests))
        entries(tray)["Throw away what is being said"](tray._icon)
        until(lambda: any(isinstance(request, commands.CancelSpeech) for request in daemon.requests))


def test_an_entry_that_fails_says_why(tray: Tray, runtime: Path, capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []

    def heard(text: str) -> bool:
        said.append(capfd.readouterr().err)
        return text in "".join(said)

    entries(tray)["Start listening"](tray._icon)
    until(lambda: heard("no daemon is running"))
    entries(tray)["Take back what was typed last"](tray._icon)
    until(lambda: heard("no typist runs"))
    entries(tray)["Copy the last text"](tray._icon)
    until(lambda: heard("there is no text yet"))
    with FakeDaemon(runtime) as daemon:
        daemon.trouble = "the microphone is lost"
        entries(tray)["Start listening"](tray._icon)
        until(lambda: heard("the microphone is lost"))


def test_quitting_ends_the_icon_alone(tray: Tray) -> None:
    assert not tray.ended()
    entries(tray)["Quit this icon"](tray._icon)
    assert tray.ended()


@pytest.mark.parametrize("missing", ["pystray", "PIL"])
def test_without_the_extra_it_says_what_to_install(missing: str, steno: Steno, tmp_path: Path) -> None:
    (tmp_path / f"{missing}.py").write_text(f'raise ImportError("No module named {missing}")\n')
    done = steno("tray", PYTHONPATH=f"{tmp_path}:{ROOT}", PYSTRAY_BACKEND="dummy")
    assert done.returncode == 1
    assert f"No module named {missing}" in done.stderr
    assert "pip install 'steno[tray]'" in done.stderr
