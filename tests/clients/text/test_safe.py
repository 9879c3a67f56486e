"""What may be typed: every code point of Unicode is tried."""

from __future__ import annotations

import sys
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from clients.text.safe import clean, clean_lines

LINE_TERMINATORS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNSEEN = "\xad\u034f\u115f\u1160\u17b4\u180e\u200b\u2060\u2061\u2063\u2064\u206a\u3164\ufeff\uffa0\U000e0001\U000e0041"
OTHERS = "\ufff9\ufffa\ufffb\ufffc\ufdd0\uffff\U0010ffff\ue000\uf700\U000f0000\ud800\udfff\x00\x07\x1b\x7f\x9b"
DANGEROUS = LINE_TERMINATORS + BIDI_CONTROLS + UNSEEN + OTHERS
IN_PLACE = regex.compile(r"[\u200c\u200d\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]")
UNSAFE = regex.compile(r"(?V1)[\p{C}\p{Zl}\p{Zp}\p{DI}--[\p{Cn}--\p{Noncharacter_Code_Point}]]")
"""Another way to say it than the code's: the categories of control, format, surrogate and private use."""
VISIBLE_FORMAT = "\u0600\u0605\u06dd\u070f\u0890\u08e2\U000110bd\U000110cd\U00013430"
FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

texts = st.text(
    st.one_of(
        st.characters(codec=None),
        st.sampled_from(DANGEROUS),
        st.sampled_from(
            "e\u0301\u0308\u0323\u1100\u1161\u11a8\u0646\u0915\u094d\u845b1#\u20e3 \t[31m;\U0001f469\U0001f3fd"
        ),
        st.sampled_from("\u200c\u200d\ufe0f\ufe0e\ufe00\u180b\U000e0100\U000e0067\U000e007f\U0001f3f4\u1820"),
    ),
    max_size=30,
)


def every_code_point() -> str:
    return "".join(map(chr, range(sys.maxunicode + 1)))


def test_of_every_code_point_nothing_unsafe_passes() -> None:
    # Each between two letters, so that none leans on its neighbour.
    passed = set(clean("x".join(every_code_point())))
    assert passed.isdisjoint(DANGEROUS)
    left = {c for c in passed if UNSAFE.match(c)}
    assert left >= set(VISIBLE_FORMAT)
    assert not {hex(ord(c)) for c in left if not regex.match(r"\p{Cf}", c)}
    assert not {hex(ord(c)) for c in left if regex.match(r"\p{DI}", c)}


def test_of_every_code_point_all_that_is_seen_passes() -> None:
    passed = set(clean("中".join(every_code_point())))
    seen = {
        c
        for c in every_code_point()
        if unicodedata.category(c)[0] in "LMNPSZ" and not regex.match(r"\p{DI}|\p{Zl}|\p{Zp}|\ufffc", c)
    }
    assert not {hex(ord(c)) for c in seen - passed if unicodedata.normalize("NFC", c) == c}


@pytest.mark.parametrize("terminator", [*LINE_TERMINATORS, "\r\n", "\t", " \n\n "])
def test_a_line_terminator_becomes_one_space(terminator: str) -> None:
    assert clean(f"rm{terminator}x") == "rm x"


@pytest.mark.parametrize("character", [*BIDI_CONTROLS, *UNSEEN, *OTHERS], ids=lambda c: f"U+{ord(c):04X}")
def test_what_is_unsafe_is_left_out(character: str) -> None:
    assert clean(f"a{character}\u00e9") == "a\u00e9"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b1;2Hx", "x"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://a\x1b\\link", "link"),
        ("\x1b]0;no end", "]0;no end"),
        ("\x1bPq\x1b\\x", "x"),
        ("\x1b\x1b[Ax", "x"),
        ("\x1bhello", "hello"),
    ],
)
def test_a_control_sequence_goes_whole(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, señor: naïve œuvre.",
        "你好，世界。「引用」……",  # noqa: RUF001
        "ハロー か゚ 안녕하세요",
        "مرحبا، كيف الحال؟",
        "می\u200cخواهم",  # noqa: RUF001
        "क्\u200dष क्\u200cष",
        "👩\u200d👩\u200d👧 👍🏽 ❤\ufe0f ☺\ufe0e 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3 🇩🇪",
        FLAG,
        "葛\U000e0100城",
        "ᠭ\u180bᠨ",
        "10\u00a0000 \u202f%\u3000",
        "\ufffd",
    ],
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("pay\u200dpal", "paypal"),
        ("Auf\u200clage", "Auflage"),
        ("a\ufe0fb", "ab"),
        ("👍\ufe0f\ufe0f\ufe0f", "👍\ufe0f"),
        ("👍\U000e0068\U000e0069\U000e007f", "👍"),
        ("👍\u200d\u200d👍", "👍👍"),
        ("\U0001f3f4\U000e0068\U000e0069\U000e007f", "\U0001f3f4"),
        ("\U0001f3f4" + "\U000e0068" * 12 + "\U000e007f", "\U0001f3f4"),
        ("葛\U000e0100\U000e0101", "葛\U000e0100"),
        ("می\u200c", "می"),
        ("e\u200b\u0301", "\u00e9"),
    ],
)
def test_joiners_and_selectors_pass_in_their_place_alone(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(texts)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(texts)
def test_what_comes_out_is_safe_and_in_nfc(text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not regex.search(r"[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Bidi_Control}]", cleaned)
    assert all(IN_PLACE.match(c) for c in regex.findall(r"\p{DI}", cleaned))
    assert not regex.search(r"[\u200c\u200d\ufe00-\ufe0f]{2}(?<!\ufe0f\u200d)", cleaned)
    assert len(cleaned) <= len(unicodedata.normalize("NFC", text)) + text.count("\u0323")


@given(st.text(st.characters(categories=["L", "N"], exclude_characters="\u115f\u1160\u3164\uffa0"), max_size=40))
def test_no_letter_is_lost(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


@given(texts)
def test_meant_line_breaks_stay(text: str) -> None:
    assert clean_lines(text).count("\n") == text.count("\n")
