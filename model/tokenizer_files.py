"""The tokenizer of a checkpoint, as its files say it.

This file owns the reading of vocab.json, merges.txt, tokenizer_config.json (or of the one tokenizer.json that has all
of it) and of the chat template. It does not tokenise: llama.cpp does, from the GGUF file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from model.errors import ModelError

T = TypeVar("T")


@dataclass(frozen=True)
class Vocabulary:
    """Everything that a byte-level BPE tokenizer is made of."""

    pieces: dict[int, str]
    """Ordinary tokens, in the byte-level alphabet."""
    added: dict[int, str]
    """Tokens that stand for themselves, such as <|im_end|>."""
    merges: tuple[str, ...]
    """Pairs, best first, each "left right"."""
    template: str
    """The chat template, in Jinja; empty where there is none."""


def read_vocabulary(directory: Path) -> Vocabulary:
    """The vocabulary of a checkpoint.

    Raises:
        ModelError: a file is missing or unreadable; names it.
    """
    if (directory / "vocab.json").exists():
        pieces, merges = _apart(directory)
        config = _parsed(directory / "tokenizer_config.json", json.loads)
        added = _checked(directory / "tokenizer_config.json", _added, config)
    elif (directory / "tokenizer.json").exists():
        whole = _parsed(directory / "tokenizer.json", json.loads)
        pieces, merges, added = _checked(directory / "tokenizer.json", _whole, whole)
    else:
        raise ModelError(
            f"{directory} has neither vocab.json with merges.txt nor tokenizer.json",
            "The checkpoint is incomplete; fetch it again.",
        )
    if not pieces or not added or not merges:
        raise ModelError(f"the tokenizer in {directory} is empty", "The checkpoint is incomplete; fetch it again.")
    return Vocabulary(pieces, added, merges, _template(directory))


def _apart(directory: Path) -> tuple[dict[int, str], tuple[str, ...]]:
    vocabulary = _parsed(directory / "vocab.json", json.loads)
    pieces = _checked(directory / "vocab.json", _by_index, vocabulary)
    lines = _parsed(directory / "merges.txt", str.splitlines)
    merges = tuple(line for line in lines if line and not line.startswith("#version"))
    if any(line.count(" ") != 1 for line in merges):
        raise ModelError(f"{directory / 'merges.txt'} has a line that is no pair", "Fetch the file again.")
    return pieces, merges


def _by_index(vocabulary: dict[str, Any]) -> dict[int, str]:
    return {int(index): str(piece) for piece, index in vocabulary.items()}


def _added(config: dict[str, Any]) -> dict[int, str]:
    return {int(index): str(token["content"]) for index, token in config["added_tokens_decoder"].items()}


def _whole(tokenizer: dict[str, Any]) -> tuple[dict[int, str], tuple[str, ...], dict[int, str]]:
    pieces = _by_index(tokenizer["model"]["vocab"])
    pairs = tokenizer["model"]["merges"]
    merges = tuple(pair if isinstance(pair, str) else " ".join(pair) for pair in pairs)
    added = {int(token["id"]): str(token["content"]) for token in tokenizer["added_tokens"]}
    return pieces, merges, added


def _template(directory: Path) -> str:
    """From wherever the checkpoint keeps it: older ones in a JSON file of its own, newer ones as plain text."""
    plain = directory / "chat_template.jinja"
    if plain.exists():
        return _parsed(plain, str)
    for name in ("chat_template.json", "tokenizer_config.json"):
        path = directory / name
        if path.exists():
            values = _parsed(path, json.loads)
            template = _checked(path, lambda found: str(found.get("chat_template", "")), values)
            if template:
                return template
    return ""


def _parsed(path: Path, parse: Callable[[str], T]) -> T:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path} is missing", "The checkpoint is incomplete; fetch it again.") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}", "Fetch the file again.") from error


def _checked(path: Path, take: Callable[[Any], T], values: Any) -> T:
    try:
        return take(values)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} has not the expected form: {error!r}", "Fetch the file again.") from error
