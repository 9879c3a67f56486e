"""The config files of a made checkpoint, in both layouts.

This file owns what config.json, generation_config.json and the files about the sound say. It knows nothing of tensors.

The original layout is written as the miniature's own files have it, with other numbers. The native one follows what
`transformers` (5.24) writes when it saves a model and its processor, and `convert_qwen3_asr_to_hf.py` of its sources,
which makes the `-hf` checkpoints out of the original ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.checkpoint_dimensions import N_WINDOW, ROPE_THETA, SEGMENT_MS, Dimensions
from benchmarks.checkpoint_files import Dtype, Layout
from benchmarks.checkpoint_tokenizer import MINIATURE, Vocabulary
from model.native_config import audio_values, text_values

TORCH_DTYPES = {"bf16": "bfloat16", "f16": "float16", "f32": "float32"}
BLOCK_TOKENS = 13
"""Positions of a block of 100 frames after the convolutions."""

Config = dict[str, Any]


def write_configs(
    directory: Path, dimensions: Dimensions, vocabulary: Vocabulary, *, dtype: Dtype, layout: Layout
) -> None:
    """Write every file of the checkpoint that is neither weights nor tokenizer."""
    ends = {"eos_token_id": [vocabulary.id("<|im_end|>"), vocabulary.id("<|endoftext|>")], "do_sample": False}
    features = json.loads((MINIATURE / "preprocessor_config.json").read_text(encoding="utf-8"))
    if layout == "original":
        _write(directory / "config.json", original_config(dimensions, vocabulary, dtype))
        _write(directory / "generation_config.json", ends | {"pad_token_id": vocabulary.id("<|endoftext|>")})
        _write(directory / "preprocessor_config.json", features)
        return
    _write(directory / "config.json", native_config(dimensions, vocabulary, dtype))
    if dimensions.kind == "asr":
        _write(directory / "generation_config.json", ends | {"pad_token_id": vocabulary.id("<|im_end|>")})
    kind = features.pop("processor_class")
    features |= {"feature_extractor_type": "Qwen3ASRFeatureExtractor", "min_length": 8000, "n_window": N_WINDOW}
    processor = {"feature_extractor": features, "processor_class": kind, "timestamp_segment_time": SEGMENT_MS}
    _write(directory / "processor_config.json", processor)


def original_config(dimensions: Dimensions, vocabulary: Vocabulary, dtype: Dtype) -> Config:
    """config.json in the original layout."""
    config: Config = json.loads((MINIATURE / "config.json").read_text(encoding="utf-8"))
    thinker = config["thinker_config"]
    thinker["audio_config"] |= audio_values(dimensions.audio) | {"num_hidden_layers": dimensions.audio_layers}
    thinker["text_config"] |= text_values(dimensions.text)
    thinker |= {
        "audio_token_id": vocabulary.id("<|audio_pad|>"),
        "audio_start_token_id": vocabulary.id("<|audio_start|>"),
        "audio_end_token_id": vocabulary.id("<|audio_end|>"),
        "user_token_id": vocabulary.pieces.index("user"),
    }
    for part in (config, thinker):
        part["dtype"] = TORCH_DTYPES[dtype]
    if dimensions.kind == "aligner":
        del config["support_languages"]
        thinker |= {"model_type": "qwen3_forced_aligner", "classify_num": dimensions.classes}
        config |= {"timestamp_token_id": vocabulary.id("<timestamp>"), "timestamp_segment_time": SEGMENT_MS}
    return config


def native_config(dimensions: Dimensions, vocabulary: Vocabulary, dtype: Dtype) -> Config:
    """config.json in the layout of the `-hf` checkpoints.

    The aligner's classes are its number of labels there. Where the sound begins and ends only the tokenizer says.
    """
    original = original_config(dimensions, vocabulary, dtype)["thinker_config"]
    audio, text = original["audio_config"], original["text_config"]
    for name in ("_name_or_path", "max_source_positions", "num_hidden_layers"):
        del audio[name]
    audio |= {
        "model_type": "qwen3_asr_encoder",
        "max_position_embeddings": BLOCK_TOKENS,
        "num_key_value_heads": dimensions.audio_heads,
    }
    for name in ("rope_scaling", "rope_theta"):
        del text[name]
    text |= {
        "model_type": "qwen3",
        "layer_types": ["full_attention"] * dimensions.layers,
        "rope_parameters": {"rope_theta": ROPE_THETA, "rope_type": "default"},
        "sliding_window": None,
        "use_sliding_window": False,
    }
    config: Config = {
        "architectures": ["Qwen3ASRForConditionalGeneration"],
        "audio_config": audio,
        "audio_token_id": original["audio_token_id"],
        "dtype": TORCH_DTYPES[dtype],
        "eos_token_id": [vocabulary.id("<|endoftext|>"), vocabulary.id("<|im_end|>")],
        "initializer_range": original["initializer_range"],
        "model_type": "qwen3_asr",
        "pad_token_id": vocabulary.id("<|im_end|>"),
        "text_config": text,
        "tie_word_embeddings": True,
        "timestamp_token_id": vocabulary.id("<timestamp>"),
        "token_classification_bias": False,
        "transformers_version": "5.24.0",
    }
    if dimensions.kind == "aligner":
        labels = [f"LABEL_{number}" for number in range(dimensions.classes)]
        config |= {
            "architectures": ["Qwen3ASRForTokenClassification"],
            "id2label": {str(number): label for number, label in enumerate(labels)},
            "label2id": {label: number for number, label in enumerate(labels)},
            "timestamp_segment_time": SEGMENT_MS,
        }
    return config


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
