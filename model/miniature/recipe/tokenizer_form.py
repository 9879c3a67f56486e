"""The files of a tokenizer as the release has them, and those beside it that name its ids.

This file owns their form and the special tokens: vocab.json, merges.txt, tokenizer.json, tokenizer_config.json,
chat_template.json, generation_config.json and preprocessor_config.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer

from model.miniature.recipe.tokenizer_qwen2 import merges

SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|audio_start|>",
    "<|audio_end|>",
    "<|audio_pad|>",
    "<asr_text>",
    "<timestamp>",
)
"""Tokens that stand for themselves, in the order of their ids, behind the pieces."""
_PART_OF_TEXT = ("<asr_text>", "<timestamp>")
"""Not taken out of a decoded answer: who reads it looks for them."""

_TEMPLATE = (
    "{%- set ns = namespace(s='') -%}{%- for m in messages -%}{%- if m.role == 'system' -%}"
    "{%- if m.content is string -%}{%- set ns.s = ns.s + m.content -%}{%- else -%}{%- for c in m.content -%}"
    "{%- if c.type == 'text' -%}{%- set ns.s = ns.s + c.text -%}{%- endif -%}{%- endfor -%}{%- endif -%}{%- endif -%}"
    "{%- endfor -%}{{- '<|im_start|>system\\n' + ns.s + '<|im_end|>\\n<|im_start|>user\\n"
    "<|audio_start|><|audio_pad|><|audio_end|><|im_end|>\\n' -}}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)
"""Text of the system, a place for the sound, and the beginning of the answer."""

_PREPROCESSOR = {
    "chunk_length": 30,
    "dither": 0.0,
    "feature_extractor_type": "WhisperFeatureExtractor",
    "feature_size": 128,
    "hop_length": 160,
    "n_fft": 400,
    "n_samples": 480000,
    "nb_max_frames": 3000,
    "padding_side": "right",
    "padding_value": 0.0,
    "processor_class": "Qwen3ASRProcessor",
    "return_attention_mask": True,
    "sampling_rate": 16000,
}


def write_files(out: Path, vocabulary: Mapping[str, int], made: Tokenizer, ranks: Mapping[str, int]) -> None:
    """Write all files of a tokenizer.

    Args:
        vocabulary: piece -> id, without the special tokens.
        made: the tokenizer of these pieces; the special tokens are added to it.
        ranks: Qwen2's pieces -> rank.
    """
    special = {name: len(vocabulary) + number for number, name in enumerate(SPECIAL)}
    pairs = "".join(f"{left} {right}\n" for left, right in merges(set(vocabulary), ranks))
    (out / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    (out / "merges.txt").write_text("#version: 0.2\n" + pairs, "utf-8")
    made.add_special_tokens([_added(name) for name in SPECIAL if name not in _PART_OF_TEXT])
    made.add_tokens([_added(name) for name in SPECIAL if name in _PART_OF_TEXT])
    made.save(str(out / "tokenizer.json"))
    _write(out / "tokenizer_config.json", _config(special))
    _write(out / "chat_template.json", {"chat_template": _TEMPLATE})
    _write(out / "preprocessor_config.json", _PREPROCESSOR)
    end, text = special["<|im_end|>"], special["<|endoftext|>"]
    ids = {"bos_token_id": text, "eos_token_id": [end, text], "pad_token_id": text, "do_sample": False}
    _write(out / "generation_config.json", ids)


def _added(name: str) -> AddedToken:
    return AddedToken(name, special=name not in _PART_OF_TEXT, normalized=False)


def _write(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _config(special: Mapping[str, int]) -> dict[str, Any]:
    plain = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    audio = {
        "audio_bos_token": "<|audio_start|>",
        "audio_eos_token": "<|audio_end|>",
        "audio_token": "<|audio_pad|>",
    }
    return {
        "add_bos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": {
            str(index): {"content": name, **plain, "special": name not in _PART_OF_TEXT}
            for name, index in special.items()
        },
        "additional_special_tokens": [name for name in SPECIAL if name not in _PART_OF_TEXT],
        "bos_token": None,
        "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>",
        "errors": "replace",
        "model_max_length": 131072,
        "pad_token": "<|endoftext|>",
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
        **audio,
        "extra_special_tokens": audio,
    }
