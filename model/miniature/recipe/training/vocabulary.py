"""From text to tokens: the conversation around the sound, and the aligner's row of slots.

This file owns the tokenizer of a training run and the fixed pieces of the prompts; they are those of `model.prompt` and
`model.aligner`. It knows nothing of sound.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from model.miniature.recipe.sentence import MANDARIN, joined

_MOST_REMEMBERED = 500_000
_ROWS_MULTIPLE = 64


class Vocabulary:
    """The tokenizer of one directory.

    Args:
        directory: with tokenizer.json, vocab.json, tokenizer_config.json.

    Raises:
        OSError: a file is missing.
    """

    def __init__(self, directory: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        described = json.loads((directory / "tokenizer_config.json").read_text(encoding="utf-8"))
        self.controls = {one["content"]: int(number) for number, one in described["added_tokens_decoder"].items()}
        pieces = json.loads((directory / "vocab.json").read_text(encoding="utf-8"))
        self.user = int(pieces["user"])
        self.pieces = len(pieces)
        """Rows that are text; the control tokens stand behind them."""
        self.rows = -(-(self.pieces + len(self.controls)) // _ROWS_MULTIPLE) * _ROWS_MULTIPLE
        self._known: dict[str, list[int]] = {}
        start, end, mark = (self.controls[name] for name in ("<|im_start|>", "<|im_end|>", "<asr_text>"))
        self.pad = self.controls["<|endoftext|>"]
        self.sound, self.end, self.slot = self.controls["<|audio_pad|>"], end, self.controls["<timestamp>"]
        self._opening = [self.controls["<|audio_start|>"]]
        self._closing = [self.controls["<|audio_end|>"]]
        newline = self.tokens("\n")
        self._system = [start, *self.tokens("system"), *newline]
        self._turn = [end, *newline, start, *self.tokens("user"), *newline, *self._opening]
        self._suffix = [*self._closing, end, *newline, start, *self.tokens("assistant"), *newline]
        self._mark = mark
        self._tags: dict[str, list[int]] = {}

    def tokens(self, text: str) -> list[int]:
        """Ids of a text, without control tokens; remembered, for words come again and again."""
        found = self._known.get(text)
        if found is None:
            found = self._tokenizer.encode(text, add_special_tokens=False).ids
            if len(self._known) < _MOST_REMEMBERED:
                self._known[text] = found
        return found

    def text(self, tokens: Sequence[int]) -> str:
        """The text of some ids; control tokens are left out."""
        return self._tokenizer.decode([token for token in tokens if token < self.pieces])

    def transcript(self, words: list[str], language: str) -> list[int]:
        """Ids of a transcript. In English they are the ids of its words one by one; ideographs merge across words."""
        if language == MANDARIN:
            return self._tokenizer.encode(joined(words, language), add_special_tokens=False).ids
        return [token for at, word in enumerate(words) for token in self.tokens(f" {word}" if at else word)]

    def before(self, context: str) -> list[int]:
        """What stands before the sound: a context's words, and the opening of the user's turn."""
        listed = self._tokenizer.encode(context, add_special_tokens=False).ids if context else []
        return [*self._system, *listed, *self._turn]

    @property
    def behind(self) -> list[int]:
        """What stands between the sound and the answer."""
        return self._suffix

    def tag(self, language: str) -> list[int]:
        """The beginning of an answer: `language X<asr_text>`."""
        if language not in self._tags:
            self._tags[language] = [*self.tokens(f"language {language}"), self._mark]
        return self._tags[language]

    def answer(self, tokens: Sequence[int]) -> tuple[str, str]:
        """Language and text that the ids of an answer say; the language is empty where none is named."""
        ids = list(tokens)
        ids = ids[: ids.index(self.end)] if self.end in ids else ids
        at = ids.index(self._mark) + 1 if self._mark in ids else 0
        language = self.text(ids[:at]).strip().removeprefix("language").strip() if at else ""
        return language, self.text(ids[at:]).strip()

    def slots(self, sound: int, units: list[str]) -> tuple[list[int], list[int]]:
        """The aligner's row: sound, then each unit with a slot for its start and one for its end.

        Args:
            sound: tokens of it.
            units: letters and digits only, as `model.words.units` cuts them.

        Returns:
            The ids, and the places of the slots in them.
        """
        ids = [*self._opening, *[self.sound] * sound, *self._closing]
        places = []
        for unit in units:
            ids += self.tokens(unit)
            places += [len(ids), len(ids) + 1]
            ids += [self.slot, self.slot]
        return ids, places
