"""The conversation around the sound, and what an answer means.

This file owns the chat template in tokens, the language tag, and the reading of an answer. It knows how to tokenise
only through what it is given, and nothing of decoding.

Source: the release's chat_template.json; `parse_asr_output` and `normalize_language_name` of the qwen_asr package.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from model.errors import UsageError

NO_LANGUAGE = "None"
"""What the model names as the language of silence and noise."""
_TAG = "language "
_NOTHING_HEARD = f"{_TAG}{NO_LANGUAGE}".casefold()
"""A tag that is not followed by its mark would pass for text; this one is never text."""


class Tokens(Protocol):
    """What the prompt needs of a tokenizer."""

    def tokenise(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of a text."""
        ...

    def control(self, name: str) -> int:
        """Id of a control token."""
        ...


@dataclass(frozen=True)
class Answer:
    """What the tokens of an answer say."""

    language: str
    """The language named; empty for none."""
    text: str
    ends: tuple[int, ...]
    """For each token, the characters of `text` that stand once it is written; -1 in the middle of a character."""
    begin: int
    """The first token of the text; those before it name the language."""


class Prompt:
    """The fixed pieces of the conversation, tokenised once."""

    def __init__(self, tokens: Tokens, audio_start: int, audio_end: int) -> None:
        self._tokens = tokens
        self._start = tokens.control("<|im_start|>")
        self._end = tokens.control("<|im_end|>")
        newline = tokens.tokenise("\n")
        self.text_mark = tokens.control("<asr_text>")
        self._user = [self._end, *newline, self._start, *tokens.tokenise("user\n"), audio_start]
        self.suffix = [audio_end, self._end, *newline, self._start, *tokens.tokenise("assistant\n")]
        """What stands between the sound and the answer."""

    def prefix(self, context: str) -> list[int]:
        """What stands before the sound: the system turn with the context, and the opening of the user's.

        Control tokens that are written out in the context stay plain text.
        """
        return [self._start, *self._tokens.tokenise(f"system\n{context}"), *self._user]

    def tag(self, language: str) -> list[int]:
        """The tokens by which an answer names its language; none for an empty name."""
        return [*self._tokens.tokenise(f"{_TAG}{language}"), self.text_mark] if language else []

    def parse(self, tokens: Sequence[int], piece: Callable[[int], bytes]) -> Answer:
        """Read an answer: `language X<asr_text>TEXT`, or text alone.

        Args:
            tokens: of the answer, without the end token; may break off anywhere.
            piece: the bytes of a token.
        """
        mark = tokens.index(self.text_mark) + 1 if self.text_mark in tokens else 0
        tag = b"".join(map(piece, tokens[:mark])).decode("utf-8", "replace")
        raw, lengths = _decoded(map(piece, tokens[mark:]))
        text = "" if raw.strip().casefold() == _NOTHING_HEARD else raw.strip()
        leading = len(raw) - len(raw.lstrip())
        ends = (end if end < 0 else min(max(end - leading, 0), len(text)) for end in lengths)
        return Answer(_language(tag), text, (*(0 for _ in range(mark)), *ends), mark)


def check_language(language: str, known: Sequence[str]) -> str:
    """The name of a language as the model writes it: first letter large, the others small; empty stays empty.

    Args:
        known: languages of the model; empty when it does not say.

    Raises:
        UsageError: not one of them; lists them.
    """
    name = language.strip().capitalize()
    if name and known and name not in known:
        raise UsageError(f"the model does not know the language {language!r}", f"Choose from: {', '.join(known)}.")
    return name


def _language(tag: str) -> str:
    """The language that a tag names; only its first line with words counts."""
    line = next((line.strip() for line in tag.splitlines() if line.strip()), "")
    if not line.lower().startswith(_TAG):
        return ""
    name = line[len(_TAG) :].strip().capitalize()
    return "" if name == NO_LANGUAGE else name


def _decoded(pieces: Iterable[bytes]) -> tuple[str, list[int]]:
    """The text of some pieces, and its length after each; -1 after a piece that ends inside a character.

    Bytes at the very end that are no whole character yet are left out.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    parts: list[str] = []
    lengths: list[int] = []
    length = 0
    for one in pieces:
        parts.append(decoder.decode(one))
        length += len(parts[-1])
        lengths.append(-1 if decoder.getstate()[0] else length)
    return "".join(parts), lengths
