"""The tokenizer of a checkpoint, as its files say it.

This file owns the reading of vocab.json, merges.txt, tokenizer_config.json (or of the one tokenizer.json that has all
of it) and chat_template.json. It does not tokenise: llama.cpp does, from the GGUF file.
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
        added = _checked(directory / "tokenizer_config.json", lambda: _added(config))
    else:
        whole = _parsed(directory / "tokenizer.json", json.loads)
        pieces, merges, added = _checked(directory / "tokenizer.json", lambda: _whole(whole))
    return Vocabulary(pieces, added, merges, _template(directory))


def _apart(directory: Path) -> tuple[dict[int, str], tuple[str, ...]]:
    vocabulary = _parsed(directory / "vocab.json", json.loads)
    pieces = _checked(directory / "vocab.json", lambda: {int(index): str(piece) for piece, index in vocabulary.items()})
    lines = _parsed(directory / "merges.txt", str.splitlines)
    merges = tuple(line for line in lines if line and not line.startswith("#version"))
    if any(line.count(" ") != 1 for line in merges):
        raise ModelError(f"{directory / 'merges.txt'} has a line that is no pair", "Fetch the file again.")
    return pieces, merges


def _added(config: dict[str, Any]) -> dict[int, str]:
    return {int(index): str(token["content"]) for index, token in config["added_tokens_decoder"].items()}


def _whole(tokenizer: dict[str, Any]) -> tuple[dict[int, str], tuple[str, ...], dict[int, str]]:
    pieces = {int(index): str(piece) for piece, index in tokenizer["model"]["vocab"].items()}
    pairs = tokenizer["model"]["merges"]
    merges = tuple(pair if isinstance(pair, str) else " ".join(pair) for pair in pairs)
    added = {int(token["id"]): str(token["content"]) for token in tokenizer["added_tokens"]}
    return pieces, merges, added


def _template(directory: Path) -> str:
    path = directory / "chat_template.json"
    if not path.exists():
        return ""
    template = _parsed(path, json.loads)
    return _checked(path, lambda: str(template["chat_template"]))


def _parsed(path: Path, parse: Callable[[str], T]) -> T:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path} is missing", "The checkpoint is incomplete; fetch it again.") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}", "Fetch the file again.") from error


def _checked(path: Path, take: Callable[[], T]) -> T:
    try:
        return take()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} has not the expected form: {error!r}", "Fetch the file again.") from error
