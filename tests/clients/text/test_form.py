"""From an utterance to the characters that are typed: all steps together."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from clients.text.form import Formed, Former, Style
from pipeline.desktop_settings import Replacement, Snippet, TextSettings
from pipeline.errors import UsageError
from pipeline.word_breaks import word_breaks

PLAIN = Style("never", True)
BARE = Style("never", False)
OWN = TextSettings(
    replacements=(
        Replacement(find="stino", replace="steno"),
        Replacement(find="um", replace=""),
        Replacement(find="bullet", replace="\n- "),
        Replacement(find=r"(\d+) percent", replace=r"\1%", regex=True),
    ),
    snippets=(
        Snippet(say="my address", insert="1 Main St\nSpringfield"),
        Snippet(say="Neue Zeile", insert="\n"),
        Snippet(say="strike that", insert="STRIKE"),
        Snippet(say="smile", insert="☺\ufe0e\x1b"),
    ),
)


def typed(text: str, before: str | None, style: Style = PLAIN, settings: TextSettings | None = None) -> str:
    formed = Former(settings or OWN).final(text, before, style)
    assert formed.notes == ()
    assert formed.action == ("type" if formed.text else "nothing")
    return formed.text


@pytest.mark.parametrize(
    ("text", "before", "written"),
    [
        ("Hello.", "", "Hello."),
        ("Hello.", None, "Hello."),
        (" How are you? ", "Hello.", " How are you?"),
        ("And then.", "We wait,", " and then."),
        ("And then.", None, "And then."),
        ("Und dann.", "Wir warten,", " Und dann."),
        ("Ça va ?", "Bonjour.", " Ça va ?"),
        ("世界。", "你好，", "世界。"),  # noqa: RUF001
        ("明日は。", "今日は。", "明日は。"),
        ("반갑습니다.", "안녕하세요.", " 반갑습니다."),
        ("كيف الحال؟", "مرحبا.", " كيف الحال؟"),
        ("Как дела?", "Привет.", " Как дела?"),
        ("用iPhone。", "Hello", "用iPhone。"),
        ("my address", "At", " 1 Main St\nSpringfield"),
        ("My address.", None, "1 Main St\nSpringfield"),
        ("neue zeile", "At", "\n"),
        ("Strike that.", "At", " STRIKE"),
        ("smile", "At", " ☺\ufe0e"),
        ("New line.", "Hello.", "\n"),
        ("Thank you. New paragraph. Bye.", "Hello.", " Thank you.\n\nBye."),
        ("换行。", "你好。", "\n"),
        ("Stino is stino.", "", "steno is steno."),
        ("Um, so 5 percent.", "Hi.", " So 5%."),
        ("Um.", "Hi.", "."),
        ("um", "Hi.", ""),
        ("Buy bullet milk bullet bread", "", "Buy\n- milk\n- bread"),
        ("", "Hi.", ""),
        (" \n\u200b\x1b[0m ", "Hi.", ""),
    ],
)
def test_an_utterance_takes_its_form(text: str, before: str | None, written: str) -> None:
    assert typed(text, before) == written


@pytest.mark.parametrize("text", ["Scratch that.", "undo that", "删除。", "取消這句"])
def test_taking_back_is_an_action(text: str) -> None:
    assert Former(OWN).final(text, "Hello.", PLAIN) == Formed("", "undo", ())


def test_an_utterance_that_takes_itself_back_is_not_typed_and_that_is_said() -> None:
    formed = Former(OWN).final("Meet at five. Scratch that.", "Hello.", PLAIN)
    assert (formed.text, formed.action, len(formed.notes)) == ("", "nothing", 1)
    assert "five" not in formed.notes[0]


def test_commands_can_be_switched_off() -> None:
    off = TextSettings(commands=False)
    assert typed("Scratch that.", "", settings=off) == "Scratch that."
    assert typed("A. New line. B. Scratch that.", "", settings=off) == "A. New line. B. Scratch that."


def test_spacing_and_capitals_can_be_switched_off() -> None:
    assert typed("And", "so", settings=TextSettings(spacing=False)) == "and"
    assert typed("And", "so", settings=TextSettings(capitals=False)) == " And"


@pytest.mark.parametrize(
    ("style", "text", "written"),
    [
        (Style("always", True), "Hello", "Hello "),
        (Style("sentence", True), "Hello.", "Hello. "),
        (Style("sentence", True), "Hello", "Hello"),
        (Style("always", True), "New line.", "\n"),
        (Style("always", True), "my address", "1 Main St\nSpringfield "),
        (Style("always", False), "Git status.", "git status "),
        (Style("sentence", False), "Git status.", "git status"),
        (BARE, "Git commit, then push. Now wait.", "git commit then push now wait"),
        (BARE, "Stino.", "steno"),
        (BARE, "3.5 percent.", "3.5 percent".replace("5 percent", "5%")),
    ],
)
def test_a_window_has_its_style(style: Style, text: str, written: str) -> None:
    assert typed(text, "", style) == written


def test_a_space_behind_takes_the_place_of_the_one_before() -> None:
    assert typed("world", "Hello ") == "world"


def test_a_program_has_the_last_word_about_its_words() -> None:
    lower = TextSettings(post_edit="tr A-Z a-z", post_edit_s=30.0, replacements=OWN.replacements)
    assert typed("We ask STINO.", "Hi.", settings=lower) == " we ask steno."
    fails = TextSettings(post_edit="false", post_edit_s=30.0)
    formed = Former(fails).final("We go.", "so", PLAIN)
    assert formed.text == " we go."
    assert len(formed.notes) == 1


def test_a_setting_that_makes_no_sense_is_named() -> None:
    for settings, key in (
        (
            TextSettings(replacements=(Replacement(find="["), Replacement(find="[", regex=True))),
            "text.replacements[1].find",
        ),
        (TextSettings(snippets=(Snippet(say="...", insert=""),)), "text.snippets[0].say"),
        (TextSettings(snippets=(Snippet(say="a", insert=""), Snippet(say="A!", insert=""))), "text.snippets[1].say"),
        (TextSettings(post_edit="'"), "text.post_edit"),
    ):
        with pytest.raises(UsageError) as raised:
            Former(settings)
        assert raised.value.message.startswith(key)


def in_pieces(text: str, before: str, style: Style = PLAIN, settings: TextSettings | None = None) -> str:
    """What stands there when the text came word by word."""
    former = Former(settings or OWN)
    places = [0, *word_breaks(text), len(text)]
    stands = before
    for begin, end in pairwise(places):
        formed = former.piece(text[begin:end], stands, style, first=begin == 0, last=end == len(text))
        assert formed.action == ("type" if formed.text else "nothing")
        stands += formed.text
    return stands[len(before) :]


@pytest.mark.parametrize(
    ("text", "before", "written"),
    [
        ("And then we go.", "We wait,", " and then we go."),
        ("Hello, how are you?", "Hi.", " Hello, how are you?"),
        ("Hello there.", "Hi. ", "Hello there."),
        ("你好，世界。", "好。", "你好，世界。"),  # noqa: RUF001
        ("Ask stino now", "Hi.", " Ask steno now"),
        ("Scratch that.", "Hi.", " Scratch that."),
        ("New line.", "Hi.", " New line."),
        ("My address", "Hi.", " My address"),
    ],
)
def test_pieces_make_the_same_text_as_the_whole(text: str, before: str, written: str) -> None:
    assert in_pieces(text, before) == written


def test_pieces_have_a_window_s_style() -> None:
    assert in_pieces("Git status, please.", "", BARE) == "git status please"
    assert in_pieces("Hello there.", "", Style("always", True)) == "Hello there. "
    assert in_pieces("Hello there.", "", Style("sentence", True)) == "Hello there. "
    former = Former(OWN)
    assert former.piece("", "Hello.", Style("always", True), first=False, last=True).text == " "
    assert former.piece("", "Hello ", Style("always", True), first=False, last=True) == Formed("", "nothing", ())


@given(
    st.text(st.one_of(st.sampled_from("aB .,!你。か \u0301é"), st.characters(categories=["L", "N", "P"])), max_size=40)
)
def test_pieces_keep_all_letters(text: str) -> None:
    plain = TextSettings()
    whole = Former(plain).final(text, "x,", PLAIN)
    letters = regex.compile(r"[^\p{L}\p{N}]+")
    if whole.action == "type" and "\n" not in whole.text:
        pieces = unicodedata.normalize("NFC", in_pieces(text, "x,", settings=plain))
        assert letters.sub("", pieces) == letters.sub("", whole.text)


@given(st.text(st.characters(codec=None), max_size=40), st.none() | st.text(max_size=10), st.booleans(), st.booleans())
def test_whatever_is_said_what_is_typed_is_safe(
    text: str, before: str | None, punctuation: bool, spacing: bool
) -> None:
    former = Former(TextSettings(spacing=spacing, commands=False))
    style = Style("always", punctuation)
    for formed in (former.final(text, before, style), former.piece(text, before, style, first=False, last=False)):
        assert not regex.search(r"[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Bidi_Control}]", formed.text.replace("\n", ""))
        assert "\n" not in formed.text
        assert (formed.action == "type") == bool(formed.text)


def test_a_text_of_20_000_characters_keeps_them() -> None:
    text = "Word by word. " * 1430
    assert typed(text, "Hi.") == " " + text.strip()
