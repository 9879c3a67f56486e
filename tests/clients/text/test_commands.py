"""Spoken commands, and what only looks like one."""

from __future__ import annotations

import pytest

from clients.text.commands import alone, line_break, within


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("New line.", "line"),
        ("newline", "line"),
        ("NEW LINE!", "line"),
        ("New-line", "line"),
        ("Next line.", "line"),
        ("换行。", "line"),
        ("换 行", "line"),
        ("換行", "line"),
        ("另起一行。", "line"),
        ("New paragraph.", "paragraph"),
        ("新段落。", "paragraph"),
        ("另起一段", "paragraph"),
        ("換一段", "paragraph"),
        ("Scratch that.", "undo"),
        ("scratch that", "undo"),
        ("Undo that.", "undo"),
        ("Delete that!", "undo"),
        ("\uff33cratch\u3000that", "undo"),
        ("删除。", "undo"),
        ("刪除", "undo"),
        ("取消这句。", "undo"),
        ("撤銷", "undo"),
    ],
)
def test_a_phrase_alone_is_a_command(text: str, command: str) -> None:
    assert alone(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "Never mind.",
        "Undo.",
        "Cancel",
        "A new line.",
        "New lines",
        "Scratch that itch.",
        "删除文件",
        "换行符",
        "hello",
    ],
)
def test_other_words_are_none(text: str) -> None:
    assert alone(text) is None


def test_what_line_commands_write() -> None:
    assert line_break("line") == "\n"
    assert line_break("paragraph") == "\n\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Dear Sam. New paragraph. Thank you.", "Dear Sam.\n\nThank you."),
        ("Thank you. New line", "Thank you.\n"),
        ("New line. Thank you.", "\nThank you."),
        ("One. New line. New line. Two.", "One.\n\nTwo."),
        ("你好。换行。世界。", "你好。\n世界。"),
        ("It begins a new line. Yes.", "It begins a new line. Yes."),
        ("He said new line, and left.", "He said new line, and left."),
        ("Version 3.5 is out... Go!  Now", "Version 3.5 is out... Go!  Now"),
        ("Scratch that. I meant five.", "Scratch that. I meant five."),
        ("I send it. Delete that.", "I send it. Delete that."),
        ("", ""),
    ],
)
def test_a_line_break_may_be_a_sentence_among_others(text: str, written: str) -> None:
    assert within(text) == written


@pytest.mark.parametrize("text", ["Meet at five. Scratch that.", "Meet. Scratch that", "五点见。取消这句。"])
def test_the_last_sentence_may_take_the_utterance_back(text: str) -> None:
    assert within(text) is None
