"""The tokenizer of a made checkpoint: the real vocabulary where one is given, else the miniature's with fillers.

This file owns which token has which number, and the tokenizer's files in both layouts. It knows nothing of tensors.

The added tokens and their order are those of the releases' tokenizer_config.json, where they follow the 151,643 pieces
of Qwen2's vocabulary: <|endoftext|> is 151643, <|audio_start|> 151669, <|audio_pad|> 151676, <asr_text> 151704; only
the aligner's has <timestamp>, 151705. (`transformers`' defaults name three of them; ports of Qwen3-ASR list all.)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.checkpoint_files import Layout

MINIATURE = Path(__file__).parents[1] / "model" / "miniature" / "asr"
REAL_PIECES = 151_643
_WITHOUT_MEANING = (
    *("object_ref_start", "object_ref_end", "box_start", "box_end", "quad_start", "quad_end"),
    *("vision_start", "vision_end", "vision_pad", "image_pad", "video_pad"),
)
_PLAIN = (
    *("<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>"),
    *("<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>"),
)
ADDED = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    *(f"<|{name}|>" for name in _WITHOUT_MEANING),
    *_PLAIN,
    *("<|audio_start|>", "<|audio_end|>"),
    *("<tts_pad>", "<tts_text_bos>", "<tts_text_eod>", "<tts_text_bos_single>", "<non_speech>", "<|audio_pad|>"),
    *(f"<blank{number}>" for number in range(1, 28)),
    *("<asr_text>", "<timestamp>"),
)
"""Every added token, in the order of their numbers."""
_NOT_SPECIAL = {*_PLAIN, "<non_speech>", "<asr_text>", "<timestamp>"}


@dataclass(frozen=True)
class Vocabulary:
    """The pieces of a byte-level BPE tokenizer, numbered from 0, and the added tokens, numbered after them."""

    pieces: tuple[str, ...]
    merges: tuple[str, ...]
    """Pairs, best first, each "left right"."""

    def id(self, token: str) -> int:
        """The number of an added token."""
        return len(self.pieces) + ADDED.index(token)

    def __len__(self) -> int:
        return len(self.pieces) + len(ADDED)


def read_vocabulary(source: Path | None, pieces: int = 0) -> Vocabulary:
    """A vocabulary from a GGUF file, from a folder with vocab.json and merges.txt, or from the miniature's.

    Args:
        source: the file or folder; None for the miniature's.
        pieces: fillers complete the vocabulary to that many pieces. No text ever becomes a filler: no merge makes one.

    Raises:
        ValueError: the pieces are not numbered from 0 without a gap.
    """
    if source is not None and source.is_file():
        found, merges = _from_gguf(source)
    else:
        found, merges = _from_folder(source or MINIATURE)
    fillers = tuple(f"<|filler_{number}|>" for number in range(len(found), pieces))
    return Vocabulary(found + fillers, merges)


def write_tokenizer(directory: Path, vocabulary: Vocabulary, layout: Layout, kind: str) -> None:
    """Write the tokenizer's files and the chat template, as the layout has them.

    The original layout has vocab.json, merges.txt, tokenizer_config.json and chat_template.json, the native one
    tokenizer.json, a tokenizer_config.json without the tokens, and chat_template.jinja.
    """
    config = json.loads((MINIATURE / "tokenizer_config.json").read_text(encoding="utf-8"))
    template = json.loads((MINIATURE / "chat_template.json").read_text(encoding="utf-8"))
    pieces = {piece: number for number, piece in enumerate(vocabulary.pieces)}
    if layout == "original":
        _write_json(directory / "vocab.json", pieces)
        text = "\n".join(("#version: 0.2", *vocabulary.merges)) + "\n"
        (directory / "merges.txt").write_text(text, encoding="utf-8")
        config["added_tokens_decoder"] = {str(token.pop("id")): token for token in _added(vocabulary)}
        if kind == "asr":
            _write_json(directory / "chat_template.json", template)
    else:
        whole = json.loads((MINIATURE / "tokenizer.json").read_text(encoding="utf-8"))
        whole["added_tokens"] = _added(vocabulary)
        whole["model"] |= {"vocab": pieces, "merges": [merge.split(" ") for merge in vocabulary.merges]}
        _write_json(directory / "tokenizer.json", whole)
        del config["added_tokens_decoder"]
        config["model_specific_special_tokens"] = config["extra_special_tokens"]
        config["extra_special_tokens"] = config.pop("additional_special_tokens")
        config |= {"backend": "tokenizers", "processor_class": "Qwen3ASRProcessor"}
        if kind == "asr":
            (directory / "chat_template.jinja").write_text(template["chat_template"], encoding="utf-8")
    _write_json(directory / "tokenizer_config.json", config)


def _added(vocabulary: Vocabulary) -> list[dict[str, Any]]:
    rest = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    return [
        {"id": vocabulary.id(token), "content": token, **rest, "special": token not in _NOT_SPECIAL} for token in ADDED
    ]


def _from_gguf(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # Loaded only when a GGUF file is given, so that the rest works where that library is not installed.
    import gguf

    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    merges = fields["tokenizer.ggml.merges"].contents()
    pieces = [token for token, kind in zip(tokens, types, strict=True) if kind == gguf.TokenType.NORMAL]
    if pieces != tokens[: len(pieces)]:
        raise ValueError(f"{path}: the ordinary tokens are not the first ones")
    return tuple(pieces), tuple(merges)


def _from_folder(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    pieces = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    if sorted(pieces.values()) != list(range(len(pieces))):
        raise ValueError(f"{folder / 'vocab.json'}: the pieces are not numbered from 0 without a gap")
    lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
    merges = tuple(line for line in lines if line and not line.startswith("#version"))
    return tuple(sorted(pieces, key=pieces.__getitem__)), merges


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
