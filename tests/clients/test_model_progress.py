from __future__ import annotations

import io
import sys

import pytest

from clients.model_progress import Bars


def test_progress_is_a_line_for_each_part_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as bars:
        bars.begin("fetching a", 1_500_000)
        bars.advance(1000)
        bars.begin("thinking")
    assert capsys.readouterr().err == "steno: fetching a (1.5 MB)\nsteno: thinking\n"


def test_progress_is_a_bar_for_each_part_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with Bars() as bars:
        bars.begin("fetching a\x1b[2J", 1_500_000)
        bars.advance(1_500_000)
    assert "fetching a[2J: 100%" in screen.getvalue()
    assert "\x1b[2J" not in screen.getvalue()
