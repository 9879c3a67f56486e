"""The tokenizer of a checkpoint, as its files say it.

This file owns the reading of vocab.json, merges.txt, tokenizer_config.json (or of the one tokenizer.json that has all
of it) and of the chat template. It does not tokenise: llama.cpp does, from the GGUF file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from model.errors import ModelError
from model.json_file import parsed
from model.plain_file import read_text

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
    # By name: a link in a circle is there all the same, and opening it says what is wrong.
    there = {path.name for path in directory.iterdir()}
    if "vocab.json" in there:
        pieces, merges = _apart(directory)
        config = _parsed(directory / "tokenizer_config.json", parsed)
        added = _checked(directory / "tokenizer_config.json", _added, config)
    elif "tokenizer.json" in there:
        whole = _parsed(directory / "tokenizer.json", parsed)
        pieces, merges, added = _checked(directory / "tokenizer.json", _whole, whole)
    else:
        raise ModelError(
            f"{directory} has neither vocab.json with merges.txt nor tokenizer.json",
            "The checkpoint is incomplete; fetch it again.",
        )
    if not pieces or not added or not merges:
        raise ModelError(f"the tokenizer in {directory} is empty", "The checkpoint is incomplete; fetch it again.")
    known = set(pieces.values())
    if any(pair.replace(" ", "", 1) not in known for pair in merges):
        raise ModelError(
            f"the tokenizer in {directory} merges pairs into pieces that are not in its vocabulary",
            "Its files are not of the same checkpoint; fetch it again.",
        )
    return Vocabulary(pieces, added, merges, _template(directory, there))


def _apart(directory: Path) -> tuple[dict[int, str], tuple[str, ...]]:
    vocabulary = _parsed(directory / "vocab.json", parsed)
    pieces = _checked(directory / "vocab.json", _by_index, vocabulary)
    lines = _parsed(directory / "merges.txt", str.splitlines)
    merges = tuple(line for line in lines if line and not line.startswith("#version"))
    if any(line.count(" ") != 1 for line in merges):
        raise ModelError(f"{directory / 'merges.txt'} has a line that is no pair", "Fetch the file again.")
    return pieces, merges


def _by_index(vocabulary: dict[str, Any]) -> dict[int, str]:
    pieces = {int(index): str(piece) for piece, index in vocabulary.items()}
    if len(pieces) != len(vocabulary) or min(pieces, default=0) < 0:
        raise ValueError("two tokens of one id, or an id below 0")
    return pieces


def _added(config: dict[str, Any]) -> dict[int, str]:
    return {int(index): str(token["content"]) for index, token in config["added_tokens_decoder"].items()}


def _whole(tokenizer: dict[str, Any]) -> tuple[dict[int, str], tuple[str, ...], dict[int, str]]:
    pieces = _by_index(tokenizer["model"]["vocab"])
    pairs = tokenizer["model"]["merges"]
    merges = tuple(pair if isinstance(pair, str) else " ".join(pair) for pair in pairs)
    added = {int(token["id"]): str(token["content"]) for token in tokenizer["added_tokens"]}
    return pieces, merges, added


def _template(directory: Path, there: Collection[str]) -> str:
    """From wherever the checkpoint keeps it: older ones in a JSON file of its own, newer ones as plain text."""
    if "chat_template.jinja" in there:
        return _parsed(directory / "chat_template.jinja", str)
    for name in ("chat_template.json", "tokenizer_config.json"):
        path = directory / name
        if name in there:
            values = _parsed(path, parsed)
            template = _checked(path, lambda found: found.get("chat_template"), values)
            if isinstance(template, str) and template:
                return template
    return ""


def _parsed(path: Path, parse: Callable[[str], T]) -> T:
    text = read_text(path, "The checkpoint is incomplete; fetch it again.")
    try:
        return parse(text)
    except ValueError as error:
        raise ModelError(f"{path} cannot be read: {error}", "Fetch the file again.") from error


def _checked(path: Path, take: Callable[[Any], T], values: Any) -> T:
    try:
        return take(values)
    except (ArithmeticError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} has not the expected form: {error!r}", "Fetch the file again.") from error
