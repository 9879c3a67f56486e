"""The vocabulary of a model that llama.cpp has loaded: text to tokens, and tokens to bytes.

This file owns the calls of the library's tokenizer. It knows nothing of contexts, nor of what the tokens are for.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

from model.errors import ModelError
from model.llama_library import api


class Vocabulary:
    """The tokens of one model.

    Args:
        model: of which they are; it must outlive this.
        path: its file, named in errors.
    """

    def __init__(self, model: api.llama_model_p, path: Path) -> None:
        self._path = path
        self._native = api.llama_model_get_vocab(model)
        self.size: int = api.llama_vocab_n_tokens(self._native)
        """How many tokens there are."""

    def tokenise(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of a text; control tokens written in it are recognised only with `special`."""
        data = text.encode("utf-8")
        room = len(data) + 8
        buffer = (api.llama_token * room)()
        count = api.llama_tokenize(self._native, data, len(data), buffer, room, False, special)
        if count < 0:
            raise ModelError(f"{self._path}: the text cannot be tokenised", "Convert or fetch the model again.")
        return list(buffer[:count])

    def control(self, name: str) -> int:
        """Id of a control token, such as "<|im_end|>".

        Raises:
            ModelError: the vocabulary has none of this name.
        """
        ids = self.tokenise(name, special=True)
        if len(ids) != 1:
            raise ModelError(f"{self._path} has no token {name}", "This is no decoder of Qwen3-ASR.")
        return ids[0]

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; nothing for a control token."""
        if not 0 <= token < self.size:
            raise ModelError(f"{self._path} has no token {token}", "The tokens come from another model.")
        size = 32
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = api.llama_token_to_piece(self._native, token, buffer, size, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            size = -count
