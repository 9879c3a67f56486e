from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import UsageError
from model.prompt import Prompt, check_language

MARK = 1000


class Bytes:
    """A tokenizer of single bytes, with control tokens from 1000 on."""

    def tokenise(self, text: str, *, special: bool = False) -> list[int]:
        del special
        return list(text.encode())

    def control(self, name: str) -> int:
        return {"<asr_text>": MARK, "<|im_start|>": 1001, "<|im_end|>": 1002}[name]

    def piece(self, token: int) -> bytes:
        return bytes([token]) if token < MARK else b""


TOKENS = Bytes()
PROMPT = Prompt(TOKENS, 1003, 1004)


def said(text: str, tag: str = "language English") -> list[int]:
    return [*tag.encode(), MARK, *text.encode()]


def spelled(tokens: list[int]) -> str:
    names = {
        MARK: "<asr_text>",
        1001: "<|im_start|>",
        1002: "<|im_end|>",
        1003: "<|audio_start|>",
        1004: "<|audio_end|>",
    }
    return "".join(names.get(token) or chr(token) for token in tokens)


def test_the_pieces_make_the_chat_template() -> None:
    assert spelled([*PROMPT.prefix("names"), *PROMPT.suffix, *PROMPT.tag("English")]) == (
        "<|im_start|>system\nnames<|im_end|>\n<|im_start|>user\n<|audio_start|>"
        "<|audio_end|><|im_end|>\n<|im_start|>assistant\nlanguage English<asr_text>"
    )


def test_no_forced_language_adds_nothing() -> None:
    assert PROMPT.tag("") == []


@pytest.mark.parametrize(
    ("tokens", "language", "text"),
    [
        (said("Hello there."), "English", "Hello there."),
        (said(" Hello there. \n"), "English", "Hello there."),
        (said("", "language None"), "", ""),
        (said("Hm.", "language None"), "", "Hm."),
        (said("你好", "language chinese"), "Chinese", "你好"),
        (said("Hello", "\n language  German \nmore"), "German", "Hello"),
        (said("Hello", "gibberish"), "", "Hello"),
        (list(b"Hello"), "", "Hello"),
        ([], "", ""),
        (list(b"language Eng"), "", "language Eng"),
        (list(b"language None"), "", ""),
        (said(" Language none", "language None"), "", ""),
    ],
)
def test_an_answer_is_read(tokens: list[int], language: str, text: str) -> None:
    answer = PROMPT.parse(tokens, TOKENS.piece)
    assert (answer.language, answer.text) == (language, text)
    assert len(answer.ends) == len(tokens)


def test_the_middle_of_a_character_has_no_end() -> None:
    answer = PROMPT.parse([MARK, *"a你b".encode()], TOKENS.piece)
    assert answer.ends == (0, 1, -1, -1, 2, 3)


def test_a_character_that_is_not_whole_yet_is_left_out() -> None:
    answer = PROMPT.parse([MARK, *"a你".encode()[:-1]], TOKENS.piece)
    assert answer.text == "a"
    assert answer.ends == (0, 1, -1, -1)


def test_white_space_at_the_rims_counts_as_nothing() -> None:
    answer = PROMPT.parse([MARK, *b"  ab "], TOKENS.piece)
    assert answer.text == "ab"
    assert answer.ends == (0, 0, 0, 1, 2, 2)


@given(st.text(max_size=30), st.integers(0, 60))
def test_ends_agree_with_reading_a_shorter_answer(text: str, cut: int) -> None:
    tokens = said(text)
    whole = PROMPT.parse(tokens, TOKENS.piece)
    cut = min(cut, len(tokens))
    part = PROMPT.parse(tokens[:cut], TOKENS.piece)
    if cut and whole.ends[cut - 1] >= 0 and cut > len("language English"):
        assert whole.text[: whole.ends[cut - 1]].rstrip() == part.text


@pytest.mark.parametrize("name", ["english", "ENGLISH", " English ", "English"])
def test_a_language_is_written_as_the_model_writes_it(name: str) -> None:
    assert check_language(name, ("Chinese", "English")) == "English"


def test_a_model_that_names_no_languages_takes_any() -> None:
    assert check_language("klingon", ()) == "Klingon"


def test_an_unknown_language_names_the_choices() -> None:
    with pytest.raises(UsageError, match="klingon") as caught:
        check_language("klingon", ("Chinese", "English"))
    assert "Chinese, English" in caught.value.hint
