"""Typing in pieces: how a text is cut, and when it stops."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.desktop.unknown_desktop import UnknownDesktop
from clients.desktop.window import Window
from clients.typist.backend import Outcome, Place
from clients.typist.backends.pieces import MOST, pieces, press_in_groups, type_in_pieces

HERE, ELSEWHERE = Window("x11:0x1"), Window("x11:0x2")


class Desk(UnknownDesktop):
    """A desktop whose focus follows a list, one entry for each look."""

    def __init__(self, looks: list[Window | None], secrets: list[str] | None = None) -> None:
        super().__init__("test")
        self.looks = looks
        self.secrets = secrets or []

    @property
    def sees_focus(self) -> bool:
        return True

    def focused(self) -> Window | None:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def secret(self) -> str:
        return self.secrets.pop(0) if self.secrets else ""


@dataclass
class Sent:
    """What went out, in order with what was announced before."""

    pieces: list[str] = field(default_factory=list)
    announced: list[int] = field(default_factory=list)
    fail_at: int = -1

    def send(self, piece: str) -> str:
        if len(self.pieces) == self.fail_at:
            return "it broke"
        self.pieces.append(piece)
        return ""


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", []),
        ("one", ["one"]),
        ("one two three four", ["one two ", "three four"]),
        ("a  b", ["a  b"]),
        ("incomprehensibly", ["incomprehens", "ibly"]),
        ("你好世界你好世界你好世界你好世界", ["你好世界你好世界你好世界", "你好世界"]),
        ("aaaaaaaaaaae\u0301b", ["aaaaaaaaaaa", "e\u0301b"]),
        ("aaaaaaaaaaa👍🏽", ["aaaaaaaaaaa", "👍🏽"]),
        ("e" + "\u0301" * 20 + "x", ["e" + "\u0301" * 20, "x"]),
        ("👨\u200d👩\u200d👧\u200d👦" * 2, ["👨\u200d👩\u200d👧\u200d👦"] * 2),
    ],
)
def test_a_text_is_cut_behind_words_and_never_within_a_character(text: str, cut: list[str]) -> None:
    assert list(pieces(text)) == cut


@given(st.text())
def test_the_pieces_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


@given(st.text(alphabet="ab cd世界"))
def test_no_piece_is_longer_than_what_may_go_astray(text: str) -> None:
    assert all(0 < len(piece) <= MOST for piece in pieces(text))


def test_each_piece_is_announced_before_it_goes() -> None:
    sent = Sent()
    order: list[str] = []

    def send(piece: str) -> str:
        order.append(piece)
        return sent.send(piece)

    text = "eleven long words here"
    outcome = type_in_pieces(text, Place(HERE), lambda n: order.append(str(n)), Desk([HERE]), send)
    assert outcome == Outcome(len(text))
    assert order == ["12", "eleven long ", "22", "words here"]


def test_it_stops_when_another_window_has_the_focus() -> None:
    sent = Sent()
    outcome = type_in_pieces("eleven long words", Place(HERE), lambda n: None, Desk([HERE, ELSEWHERE]), sent.send)
    assert (outcome.done, outcome.stopped, sent.pieces) == (12, "focus", ["eleven long "])


def test_it_stops_when_no_window_has_the_focus() -> None:
    sent = Sent()
    assert type_in_pieces("text", Place(HERE), lambda n: None, Desk([None]), sent.send).stopped == "focus"
    assert sent.pieces == []


def test_without_a_window_the_focus_does_not_matter() -> None:
    assert type_in_pieces("text", Place(None), lambda n: None, Desk([ELSEWHERE]), Sent().send).done == 4


def test_it_stops_at_a_password() -> None:
    outcome = type_in_pieces(
        "eleven long words", Place(HERE), lambda n: None, Desk([HERE], ["", "a password field"]), Sent().send
    )
    assert (outcome.done, outcome.stopped) == (12, "secret")
    assert "a password field" in outcome.detail


def test_what_failed_counts_as_not_typed() -> None:
    outcome = type_in_pieces("eleven long words", Place(HERE), lambda n: None, Desk([HERE]), Sent(fail_at=1).send)
    assert outcome == Outcome(12, "failed", "it broke")


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"])
def test_a_control_character_is_refused(character: str) -> None:
    sent = Sent()
    outcome = type_in_pieces(f"one{character}two", Place(None), lambda n: None, Desk([None]), sent.send)
    assert (outcome.done, outcome.stopped, sent.pieces) == (0, "failed", [])


def test_keys_are_pressed_in_groups_with_a_look_before_each() -> None:
    groups: list[int] = []

    def strike(count: int) -> str:
        groups.append(count)
        return ""

    assert press_in_groups(20, Place(HERE), Desk([HERE]), strike) == Outcome(20)
    assert groups == [8, 8, 4]
    assert press_in_groups(20, Place(HERE), Desk([HERE, HERE, ELSEWHERE]), strike).done == 16
    assert press_in_groups(3, Place(None), Desk([None]), lambda count: "no").stopped == "failed"
