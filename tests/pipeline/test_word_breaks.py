"""Whole words in every script: where text may be cut that is shown piece by piece."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pipeline.word_breaks import goes_on, word_breaks


def cut(text: str) -> list[str]:
    places = [0, *word_breaks(text), len(text)]
    return [text[begin:end] for begin, end in pairwise(places)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The meeting starts.", ["The", " meeting", " starts."]),
        ("It can't cost 3.5 at 10:30", ["It", " can't", " cost", " 3.5", " at", " 10:30"]),
        ("twice  or\r\nthrice", ["twice", "  or", "\r\nthrice"]),
        ("10\u00a0000 people", ["10\u00a0000", " people"]),
        ("so\u00a0 it is", ["so\u00a0 it", " is"]),
        ("a \u0308b c", ["a \u0308b", " c"]),
        ("你好，世界。", ["你", "好，", "世", "界。"]),  # noqa: RUF001
        ("「世界」 と", ["「世", "界」", " と"]),
        ("コーヒーをちょっと", ["コー", "ヒー", "を", "ちょっ", "と"]),
        ("人々が", ["人々", "が"]),
        ("か\u3099き\u3099", ["か\u3099", "き\u3099"]),
        ("葛\U000e0100城", ["葛\U000e0100", "城"]),
        ("用iPhone手机", ["用iPhone手", "机"]),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af 이다", ["\u1112\u1161\u11ab\u1100\u1173\u11af", " 이다"]),
        ("क्षितिज पर", ["क्षितिज", " पर"]),
        (
            "yes \U0001f469\u200d\U0001f467\U0001f44d\U0001f3fd no",
            ["yes", " \U0001f469\u200d\U0001f467\U0001f44d\U0001f3fd", " no"],
        ),
        ("🇩🇪🇫🇷 flags", ["🇩🇪🇫🇷", " flags"]),
        ("สวัสดีครับ", ["สวัสดีครับ"]),
        ("", [""]),
    ],
)
def test_a_text_is_cut_between_whole_words_only(text: str, words: list[str]) -> None:
    assert cut(text) == words


@pytest.mark.parametrize(
    ("text", "at", "yes"),
    [
        ("meet", 4, False),
        ("meet me", 4, False),
        ("meet.", 4, False),
        ("meet, then", 4, False),
        ("meeting", 4, True),
        ("3.5 metres", 1, True),
        ("10:30", 2, True),
        ("can't", 3, True),
        ("好。再", 1, False),
        ("か\u3099", 1, True),
        ("\U0001f469\u200d\U0001f467", 1, True),
        ("\r\n", 1, True),
    ],
)
def test_a_word_goes_on_where_letters_or_the_rest_of_a_character_follow(text: str, at: int, yes: bool) -> None:
    assert goes_on(text, at) is yes
