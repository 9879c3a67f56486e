"""Where a space belongs between two utterances."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.text.spacing import belongs_between, stopped, trailing
from pipeline.desktop_settings import TrailingSpace

WITH_SPACE = [
    ("Hello.", "How are you?"),
    ("hello", "world"),
    ("Is it?", "Yes"),
    ("wait…", "Then"),
    ("Grüße,", "Österreich"),
    ("« Bonjour »", "dit-il"),
    ("»Hallo«", "sagte sie"),
    ('He said "no"', "and left"),
    ("\u201eHallo\u201c", "sagte sie"),
    ("the dogs'", "bowl"),
    ("said", '"hello"'),
    ("said", "\u201chello\u201d"),
    ("sagte", "»hallo«"),
    ("see", "(below)"),
    ("Dice:", "¿qué tal?"),
    ("version", "3.5"),
    ("edit", ".bashrc"),
    ("run", "./a.sh"),
    ("He waits \u2014", "then goes"),
    ("C#", "is"),
    ("안녕하세요.", "반갑습니다."),
    ("Привет.", "Как дела?"),
    ("مرحبا.", "كيف"),
    ("مرحبا؟", "كيف"),
    ("สวัสดีครับ", "ขอบคุณ"),
    ("Nice 👍", "Thanks"),
    ("Hello.", "你好"),
    ("你好!", "Hello"),
]
WITHOUT = [
    ("", "Hello"),
    ("Hello ", "world"),
    ("Hello\u00a0", "world"),
    ("Dear Sam\n", "thank you"),
    ("see (", "below"),
    ("[", "x"),
    ('He said "', "no"),
    ("er sagt \u201e", "nein"),
    ("(\u201c", "no"),
    ("¿", "qué"),
    ("well-", "known"),
    ("and/", "or"),
    ("snake_", "case"),
    ("mail to @", "steno"),
    ("hello", ", then"),
    ("hello", ". Then"),
    ("hello", "؟"),
    ("hello", ")"),
    ('"hello', '" he said'),
    ("hello", "\u201d."),
    ("5", "%"),
    ("我们走吧。", "好的。"),
    ("我们走吧", "好的"),
    ("他说“你好”", "然后"),
    ("他说“你好”", "then"),
    ("你好……", "世界"),
    ("用iPhone", "手机"),
    ("手机", "iPhone"),
    ("今日は。", "明日は"),
    ("コーヒー", "を"),
    ("你好!", "世界"),
    ("你好", "，世界"),  # noqa: RUF001
    ("你好", "「世界」"),
    ("全角！", "Hello"),  # noqa: RUF001
]


@pytest.mark.parametrize(("before", "text"), WITH_SPACE)
def test_a_space_belongs_between(before: str, text: str) -> None:
    assert belongs_between(before, text)


@pytest.mark.parametrize(("before", "text"), WITHOUT)
def test_no_space_belongs_between(before: str, text: str) -> None:
    assert not belongs_between(before, text)


@given(st.text(max_size=30), st.text(max_size=30))
def test_there_are_never_two_spaces(before: str, text: str) -> None:
    if belongs_between(before, text):
        assert not before[-1].isspace()
        assert not text[0].isspace()


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("Hello.", True),
        ("Hello!", True),
        ('He said "no."', True),
        ("(So it is.)", True),
        ("Well…", True),
        ("好。", True),
        ("好。」", True),
        ("है।", True),
        ("کیا؟", True),
        ("Hello", False),
        ("Hello,", False),
        ("so:", False),
        ("", False),
        ("3.5", False),
    ],
)
def test_a_sentence_is_over(text: str, yes: bool) -> None:
    assert stopped(text) == yes


@pytest.mark.parametrize(
    ("text", "policy", "space"),
    [
        ("Hello.", "never", ""),
        ("Hello.", "always", " "),
        ("hello", "always", " "),
        ("好。", "always", " "),
        ("Hello.", "sentence", " "),
        ("Hello,", "sentence", ""),
        ("hello", "sentence", ""),
        ("好。", "sentence", ""),
        ("Hello.\n", "always", ""),
        ("Hello. ", "always", ""),
        ("", "always", ""),
    ],
)
def test_the_space_behind(text: str, policy: TrailingSpace, space: str) -> None:
    assert trailing(text, policy) == space
