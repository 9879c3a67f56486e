"""Text without the punctuation of sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.text.punctuation import without


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Git status.", "git status"),
        ("Git status. Then push!", "git status then push"),
        ("List the files, please.", "list the files please"),
        ("Open example.com, then 3.5 of 1,000 at 10:30.", "open example.com then 3.5 of 1,000 at 10:30"),
        ("Edit .bashrc.", "edit .bashrc"),
        ("Cd ..", "cd .."),
        ("Don't, I'm here.", "don't I'm here"),
        ("README.md.", "README.md"),
        ("I go. I stay.", "I go I stay"),
        ('Echo "hello."', 'echo "hello"'),
        ("What?!", "what"),
        ("Wait…", "wait"),
        ("Schau, ob das geht.", "schau ob das geht"),
        ("你好，世界。", "你好世界"),  # noqa: RUF001
        ("打开，iPhone。", "打开iPhone"),  # noqa: RUF001
        ("one，two。", "one two"),  # noqa: RUF001
        ("今日は、明日。", "今日は明日"),
        ("안녕, 세상.", "안녕 세상"),
        ("مرحبا، كيف الحال؟", "مرحبا كيف الحال"),
        ("Привет, мир.", "привет мир"),
        ("यह है।", "यह है"),
        ("", ""),
        (".", "."),
    ],
)
def test_stops_commas_and_capitals_of_sentences_go(text: str, written: str) -> None:
    assert without(text, begins=True) == written


def test_a_text_that_begins_no_sentence_keeps_its_first_letter() -> None:
    assert without("Peter. Then.", begins=False) == "Peter then"


@given(st.text(st.sampled_from("aB .,;!?。，3\"')“”"), max_size=30))  # noqa: RUF001
def test_letters_digits_and_quotation_marks_stay(text: str) -> None:
    left = [c for c in without(text, begins=True).lower() if c not in " .,;!?"]
    assert left == [c for c in text.lower() if c not in " .,;!?。，"]  # noqa: RUF001
