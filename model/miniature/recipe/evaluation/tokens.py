"""The tokenizer of the miniature where llama.cpp is not: the fast tokenizer of `tokenizers` as the prompt wants it.

This file owns that adapter and the byte-level alphabet. What a conversation looks like is `model.prompt`'s to know.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer

from model.errors import ModelError


class Tokens:
    """A tokenizer.json, loaded; does what `model.prompt.Tokens` asks.

    Raises:
        ModelError: there is no such file; names it.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / "tokenizer.json"
        if not path.is_file():
            raise ModelError(f"{path} is missing", "Give the directory of a tokenizer or of a checkpoint.")
        self.path = path
        self._special = Tokenizer.from_file(str(path))
        self._plain = Tokenizer.from_file(str(path))
        self._plain.encode_special_tokens = True
        self._bytes = {character: byte for byte, character in byte_alphabet().items()}
        self._added = set(self._special.get_added_tokens_decoder())

    def tokenise(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of a text; control tokens written in it are recognised only with `special`."""
        tokenizer = self._special if special else self._plain
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def control(self, name: str) -> int:
        """Id of a control token.

        Raises:
            ModelError: there is none of this name.
        """
        found: int | None = self._special.token_to_id(name)
        if found is None:
            raise ModelError(f"{self.path} has no token {name}", "This is no tokenizer of Qwen3-ASR.")
        return found

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; nothing for a control token or a row that none uses."""
        piece: str | None = None if token in self._added else self._special.id_to_token(token)
        return bytes(self._bytes[character] for character in piece or "")


def byte_alphabet() -> dict[int, str]:
    """The character that stands for each byte in a byte-level vocabulary.

    Printable bytes stand for themselves, the others for characters from U+0100 on. Source: GPT-2's encoder.py.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {byte: chr(byte) for byte in printable}
    others = (byte for byte in range(256) if byte not in alphabet)
    return alphabet | {byte: chr(256 + index) for index, byte in enumerate(others)}
