from __future__ import annotations

import io

import pytest

from clients.live import LiveText, layout
from clients.terminal import clean


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "21")
    monkeypatch.setenv("LINES", "10")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def test_committed_text_is_bold_and_the_tail_dim() -> None:
    assert layout("one two", " three", 40) == ["\x1b[1mone two\x1b[0m\x1b[2m three\x1b[0m"]


def test_rows_are_broken_at_spaces_and_never_wider_than_the_terminal() -> None:
    assert layout("one two three", " four five", 9, plain=True) == ["one two ", "three ", "four five"]
    assert layout("", "abcdefghijkl", 5, plain=True) == ["abcde", "fghij", "kl"]
    assert layout("", "日本語日本語", 5, plain=True) == ["日本", "語日", "本語"]
    assert layout("", "", 5) == []


def test_scripts_without_spaces_are_broken_anywhere_but_before_their_punctuation() -> None:
    assert layout("", "Heard: 今天天气很好", 12, plain=True) == ["Heard: 今天", "天气很好"]
    assert layout("", "今天天气。很好", 8, plain=True) == ["今天天", "气。很好"]
    assert layout("", "我用iPhone手机", 8, plain=True) == ["我", "用iPhone", "手机"]
    assert layout("今天", "天气", 6, plain=True) == ["今天天", "气"]


def test_live_lines_are_replaced_in_place(terminal: Terminal) -> None:
    live = LiveText(terminal)
    live.show("", "a text of more than one row")
    live.show("short", "")
    assert terminal.getvalue().endswith("\r\x1b[1A\x1b[J\x1b[1mshort\x1b[0m")
    live.line("done")
    assert terminal.getvalue().endswith("\r\x1b[Jdone\n")


def test_a_text_taller_than_the_terminal_shows_its_end(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "3")
    LiveText(terminal).show("", " ".join(f"word{i:02}" for i in range(20)))
    assert terminal.getvalue().count("\n") == 1
    assert "word19" in terminal.getvalue()
    assert "word00" not in terminal.getvalue()


def test_into_a_pipe_each_change_is_a_line_of_its_own() -> None:
    out = io.StringIO()
    live = LiveText(out)
    live.show("", "one")
    live.show("", "one")
    live.show("one", " two")
    live.line("one two")
    assert out.getvalue() == "  one\n  one | two\none two\n"


@pytest.mark.parametrize(
    ("dirty", "plain"),
    [
        ("a\x1b]0;title\x07b", "a]0;titleb"),
        ("a\tb\r\nc", "a b c"),
        ("\u202eabc\u2066", "abc"),
        ("x\x85\x9b31my", "x31my"),
        ("\ud800ok", "ok"),
        ("Grüße, 日本語 👋", "Grüße, 日本語 👋"),
    ],
)
def test_only_printable_text_reaches_the_terminal(dirty: str, plain: str) -> None:
    assert clean(dirty) == plain
