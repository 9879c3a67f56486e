"""Qwen2's vocabulary: its pieces, and the merges that follow from them.

This file owns finding the file that carries them and the byte-level alphabet. A piece's place in the list is its rank,
and it is made by one merge only: that of the two pieces which the merges of lower rank leave of it. So the list of
pieces is all there is to know.

Source: https://github.com/openai/tiktoken (`_educational.py`), of which Qwen2's vocabulary is an instance.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from model.gguf_header import read_header

PACKAGE = "llama-cpp-python==0.3.36"
"""Its source distribution carries the file; MIT, the vocabulary itself Apache-2.0."""
_MEMBER = "vendor/llama.cpp/models/ggml-vocab-qwen2.gguf"
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""What cuts a text before the merges."""

Pair = tuple[str, str]


class VocabularyError(Exception):
    """Qwen2's vocabulary cannot be had or is another one; the message says what to do."""


def _alphabet() -> list[str]:
    """Byte -> the letter that stands for it: itself where it can be seen, else one from U+0100 on."""
    seen = {*range(33, 127), *range(161, 173), *range(174, 256)}
    rest = iter(range(256, 512))
    return [chr(byte if byte in seen else next(rest)) for byte in range(256)]


ALPHABET = _alphabet()


def spelt(text: str) -> str:
    """A text in the byte-level alphabet: `ĠEnglish` for ` English`."""
    return "".join(ALPHABET[byte] for byte in text.encode())


def read_pieces(path: Path) -> dict[str, int]:
    """Pieces of a GGUF file in the byte-level alphabet -> rank, without the special tokens.

    Raises:
        VocabularyError: the file has another vocabulary.
        ModelError: the file is missing or damaged.
    """
    tokens = [token.decode() for token in read_header(path).tokens]
    if "<|endoftext|>" not in tokens or sorted(tokens[:256]) != sorted(ALPHABET):
        raise VocabularyError(f"{path} is not Qwen2's vocabulary: give ggml-vocab-qwen2.gguf of llama.cpp")
    return {token: rank for rank, token in enumerate(tokens[: tokens.index("<|endoftext|>")])}


def download(folder: Path) -> Path:
    """Fetch the file with pip into a folder, unless it lies there.

    Raises:
        VocabularyError: pip fails, or the package has it no more.
    """
    found = folder / Path(_MEMBER).name
    if found.exists():
        return found
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:", PACKAGE]
    done = subprocess.run([*command, f"--dest={folder}"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise VocabularyError(f"pip download {PACKAGE} returned {done.returncode}: {done.stderr.strip()[-300:]}")
    archive = next(folder.glob("llama_cpp_python-*.tar.gz"), None)
    if archive is None:
        raise VocabularyError(f"pip download {PACKAGE} left no source distribution in {folder}")
    with tarfile.open(archive) as files:
        member = next((one for one in files if one.name.endswith(_MEMBER)), None)
        data = files.extractfile(member) if member else None
        if data is None:
            raise VocabularyError(f"{archive} has no {_MEMBER}; give the file with --vocabulary")
        partial = found.with_suffix(".partial")
        partial.write_bytes(data.read())
    archive.unlink()
    return partial.rename(found)


def merge_of(piece: str, ranks: Mapping[str, int]) -> Pair:
    """The two pieces that a piece of several bytes is made of.

    Raises:
        VocabularyError: the merges of lower rank do not lead to it.
    """
    parts = list(piece)
    while len(parts) > 2:
        pairs = [left + right for left, right in pairwise(parts)]
        rank, place = min((ranks.get(pair, len(ranks)), number) for number, pair in enumerate(pairs))
        if rank >= ranks[piece]:
            raise VocabularyError(f"no merge makes {piece!r}: this is not a byte-level BPE vocabulary")
        parts[place : place + 2] = [pairs[place]]
    return parts[0], parts[1]


def closed(pieces: set[str], ranks: Mapping[str, int]) -> set[str]:
    """Pieces, with all bytes and all pieces on the way to them."""
    found = set(ALPHABET)
    waiting = list(pieces)
    while waiting:
        piece = waiting.pop()
        if piece not in found:
            found.add(piece)
            waiting.extend(merge_of(piece, ranks))
    return found


def merges(pieces: set[str], ranks: Mapping[str, int]) -> Iterator[Pair]:
    """The merges of a closed set of pieces, best first."""
    for piece in sorted(pieces, key=ranks.__getitem__):
        if len(piece) > 1:
            yield merge_of(piece, ranks)
