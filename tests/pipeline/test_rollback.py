"""Tokens split characters anywhere: neither what is committed nor a final ever shows a part of one."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from model.prompt import Prompt
from pipeline.messages import SAMPLE_RATE, Hypothesis
from pipeline.settings import StreamSettings
from pipeline.stabiliser import Stabiliser

MARK = 0
EAGER = StreamSettings(commit_after=2, hold_back_words=1, hold_back_s=0.0)
"""Commits as early as can be set."""


class Pieces:
    """A tokenizer whose tokens are any pieces of bytes: each new piece is a new token."""

    def __init__(self) -> None:
        self._pieces = [b""]

    def token(self, piece: bytes) -> int:
        if piece not in self._pieces:
            self._pieces.append(piece)
        return self._pieces.index(piece)

    def piece(self, token: int) -> bytes:
        return self._pieces[token]

    def tokenise(self, text: str, *, special: bool = False) -> list[int]:
        del special
        return [self.token(text.encode())]

    def control(self, name: str) -> int:
        return MARK if name == "<asr_text>" else self.token(name.encode())


def tokens_of(pieces: Pieces, text: str, lengths: list[int]) -> list[int]:
    """The text's bytes in pieces of these lengths, again and again."""
    data, tokens, turn = text.encode(), [], 0
    while data:
        length = lengths[turn % len(lengths)]
        tokens.append(pieces.token(data[:length]))
        data, turn = data[length:], turn + 1
    return tokens


def heard(pieces: Pieces, tokens: list[int], seconds: float) -> Hypothesis:
    """What the decoder makes of these tokens, by its own reading of an answer."""
    answer = Prompt(pieces, 1, 2).parse(tokens, pieces.piece)
    return Hypothesis(
        utterance=1,
        epoch=0,
        seq=0,
        last=False,
        samples=int(seconds * SAMPLE_RATE),
        language=answer.language,
        text=answer.text,
        tokens=tuple(tokens),
        ends=answer.ends,
        encode_ns=0,
        prefill_ns=0,
        prefill_tokens=0,
        generate_ns=0,
        generate_tokens=0,
    )


def splits_a_character(text: str, at: int) -> bool:
    """Whether a cut there parts what a reader sees as one character; by hand, for what `units` is made of."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    flags = len(text[:at]) - len(text[:at].rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
    return (
        unicodedata.category(after).startswith("M")
        or after in "\u200d\U0001f3fd"
        or (before == "\u200d" and unicodedata.category(after) == "So")
        or (before == "\u094d" and "\u0915" <= after <= "\u0939")
        or ("\u1100" <= before <= "\u11a7" and "\u1160" <= after <= "\u11ff")
        or (0x1F1E6 <= ord(after) < 0x1F200 and flags % 2 == 1)
        or before + after == "\r\n"
    )


def splits_a_word(text: str, at: int) -> bool:
    """Whether letters or digits stand on both sides of a cut, of a script that is written with spaces."""
    return 0 < at < len(text) and all(c.isalnum() and not "\u3040" <= c <= "\u9fff" for c in text[at - 1 : at + 1])


units = st.sampled_from(
    [
        *("meeting", " meet", " 3.5", " 10:30", " can't", " nai\u0308ve", "e\u0301", ".", ",", " ", "\u00a0", "\r\n"),
        *("你好", "，", "。", "か\u3099", "は\u309a", "コー", "ゃ", "々", "葛\U000e0100", "世\ufe00", "「", " \u0308"),  # noqa: RUF001
        *("\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea", "\U0001f1eb", "\u200d"),
        *("\u1112\u1161", "\u11ab", "क्षि", "न", "\u0301"),
    ]
)
texts = st.lists(units, max_size=14).map("".join) | st.text(st.characters(max_codepoint=0x24F), max_size=20)
lengths = st.lists(st.integers(1, 7), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(texts, texts, lengths)
def test_whatever_a_hypothesis_is_rolled_back_to_and_goes_on_with_no_character_or_word_is_committed_in_part(
    text: str, other: str, lengths: list[int]
) -> None:
    pieces = Pieces()
    tag = [pieces.token(b"language English"), MARK]
    tokens, replacement = tokens_of(pieces, text, lengths), tokens_of(pieces, other, lengths)
    for kept in range(len(tokens) + 1):
        stabiliser = Stabiliser(EAGER, commit=True)
        committed, forced, seconds = "", 0, 0.0
        for answer in (tokens, tokens[:kept], tokens, tokens[:kept] + replacement, tokens, tokens):
            seconds += 1.0
            # As the decoder does: the tokens of what is committed begin every later answer.
            hypothesis = heard(
                pieces, [*tag, *tokens[: max(0, forced - len(tag))], *answer[max(0, forced - len(tag)) :]], seconds
            )
            shown = stabiliser.step(hypothesis)
            assert shown.committed.startswith(committed)
            assert hypothesis.text.startswith(shown.committed)
            assert heard(pieces, list(shown.forced), seconds).text == shown.committed
            if shown.committed != committed:
                assert not splits_a_character(hypothesis.text, len(shown.committed))
                assert not splits_a_word(hypothesis.text, len(shown.committed))
                assert "\ufffd" not in shown.committed
            committed, forced = shown.committed, len(shown.forced)


@settings(max_examples=60, deadline=None)
@given(texts, lengths)
def test_an_answer_that_breaks_off_anywhere_is_read_up_to_its_last_whole_character(
    text: str, lengths: list[int]
) -> None:
    pieces = Pieces()
    tokens = tokens_of(pieces, text, lengths)
    data = b""
    for count, token in enumerate(tokens, 1):
        data += pieces.piece(token)
        hypothesis = heard(pieces, [MARK, *tokens[:count]], 1.0)
        assert hypothesis.text == data.decode("utf-8", "ignore").strip()
        whole = [end for end in hypothesis.ends if end >= 0]
        assert whole == sorted(whole)
