from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.words import units


@pytest.mark.parametrize(
    ("text", "shown", "given"),
    [
        (
            "The meeting starts on Thursday, I'm sure.",
            None,
            ["The", "meeting", "starts", "on", "Thursday", "I'm", "sure"],
        ),
        ('"Well," he said - 5:30 PM!', ['"Well,"', "he", "said -", "5:30", "PM!"], ["Well", "he", "said", "530", "PM"]),
        ("— Hello.", ["— Hello."], ["Hello"]),
        ("co-operate naïve", ["co-operate", "naïve"], ["cooperate", "naïve"]),
        ("你好\uff0c世界。", ["你", "好\uff0c", "世", "界。"], ["你", "好", "世", "界"]),
        ("我用iPhone打字", ["我", "用", "iPhone", "打", "字"], ["我", "用", "iPhone", "打", "字"]),
        ("... !", [], []),
        ("", [], []),
    ],
)
def test_a_transcript_is_cut_into_units(text: str, shown: list[str] | None, given: list[str]) -> None:
    found = units(text, "English")
    assert [unit.text for unit in found] == given
    assert [unit.shown for unit in found] == (shown if shown is not None else text.split())


def test_japanese_is_cut_into_single_kana_and_ideographs() -> None:
    assert [unit.text for unit in units("今日はABC。", "Japanese")] == ["今", "日", "は", "ABC"]


def test_korean_is_cut_at_white_space() -> None:
    assert [unit.shown for unit in units("안녕하세요, 세계!", "Korean")] == ["안녕하세요,", "세계!"]


@given(st.text())
def test_nothing_of_the_transcript_is_lost(text: str) -> None:
    found = units(text)
    if found:
        assert "".join("".join(unit.shown for unit in found).split()) == "".join(text.split())
    assert all(unit.text for unit in found)
