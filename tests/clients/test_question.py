from __future__ import annotations

import io

import pytest

from clients.question import ask, require_person
from pipeline.errors import UsageError


def test_an_answer_is_taken_in_small_letters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" Yes \n"))
    assert ask("Delete \x1b[2Jit? ") == "yes"
    assert capsys.readouterr().out == "Delete [2Jit? "


def test_the_end_of_the_input_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert ask("Fetch this? ") == "n"


def test_a_pipe_is_nobody_who_could_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UsageError, match=r"whether to fetch: stdin is no terminal(?s:.*)--yes"):
        require_person("whether to fetch")
