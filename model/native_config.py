"""The config.json of a checkpoint in the layout of transformers' own Qwen3-ASR, the `-hf` checkpoints.

This file owns where that layout keeps what `model.config` reads from the original one: ids of the audio marks in the
tokenizer, classes of the aligner among its labels, milliseconds of a class in the processor's config. It also writes
such a model down in the original layout, which is that of every converted package.
Source: `Qwen3ASRConfig` and `Qwen3ASRProcessor` of transformers 5.24.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model.config import (
    CONFIG_FILE,
    GENERATION_FILE,
    MODEL_TYPE,
    AlignerConfig,
    AudioConfig,
    ModelConfig,
    TextConfig,
    audio_settings,
    end_ids,
    languages,
    text_settings,
)
from model.errors import ModelError
from model.json_file import Node, load
from model.tokenizer_files import Vocabulary

PROCESSOR_FILES = ("processor_config.json", "preprocessor_config.json")
SEGMENT_MS = 80.0
"""The processor's own default, for a checkpoint without a processor_config.json."""
_MARKS = ("<|audio_start|>", "<|audio_end|>")
_CLASSIFIER = "ForTokenClassification"


def is_native(directory: Path) -> bool:
    """Whether a checkpoint's config.json has this layout.

    Raises:
        ModelError: it cannot be read.
    """
    values = load(directory / CONFIG_FILE)
    return "thinker_config" not in values and "audio_config" in values


def read_native(directory: Path, vocabulary: Vocabulary) -> ModelConfig:
    """The config of such a checkpoint.

    Raises:
        ModelError: a file is missing, or describes another architecture; names file and key.
    """
    root = Node(directory / CONFIG_FILE, (), load(directory / CONFIG_FILE))
    root.expect("model_type", MODEL_TYPE)
    text = root.child("text_config")
    rope = text.child("rope_parameters")
    rope.expect("rope_type", "default")
    # The whole model's word on tied embeddings counts before the decoder's.
    tied = {**text.values, "tie_word_embeddings": root.get("tie_word_embeddings", bool, default=False)}
    start, end = (_mark(directory, vocabulary, name) for name in _MARKS)
    aligner = _aligner(root) if _is_aligner(root) else None
    return ModelConfig(
        audio=audio_settings(root.child("audio_config")),
        text=text_settings(Node(text.file, text.path, tied), rope.positive("rope_theta")),
        audio_start_id=start,
        audio_end_id=end,
        audio_pad_id=root.get("audio_token_id", int),
        end_ids=frozenset() if aligner else _ends(directory),
        languages=languages(root),
        aligner=aligner,
    ).checked(root.file)


def as_original(config: ModelConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same model as config.json and generation_config.json of the original layout."""
    thinker: dict[str, Any] = {
        "audio_config": audio_values(config.audio),
        "text_config": text_values(config.text),
        "audio_token_id": config.audio_pad_id,
        "audio_start_token_id": config.audio_start_id,
        "audio_end_token_id": config.audio_end_id,
    }
    root: dict[str, Any] = {"model_type": MODEL_TYPE, "thinker_config": thinker}
    if config.languages:
        root["support_languages"] = list(config.languages)
    if config.aligner:
        thinker["classify_num"] = config.aligner.classes
        root["timestamp_token_id"] = config.aligner.timestamp_id
        root["timestamp_segment_time"] = config.aligner.segment_ms
    return root, {"eos_token_id": sorted(config.end_ids)}


def audio_values(audio: AudioConfig) -> dict[str, Any]:
    """`audio_config` of either layout, as far as the sizes go."""
    return {
        "activation_function": "gelu",
        "d_model": audio.width,
        "downsample_hidden_size": audio.conv_channels,
        "encoder_attention_heads": audio.heads,
        "encoder_ffn_dim": audio.ffn,
        "encoder_layers": audio.layers,
        "n_window": audio.n_window,
        "n_window_infer": audio.n_window_infer,
        "num_mel_bins": audio.mel_bins,
        "output_dim": audio.output,
        "scale_embedding": False,
    }


def text_values(text: TextConfig) -> dict[str, Any]:
    """`text_config` of the original layout, as far as the sizes go."""
    return {
        "attention_bias": False,
        "head_dim": text.head_width,
        "hidden_act": "silu",
        "hidden_size": text.width,
        "intermediate_size": text.ffn,
        "max_position_embeddings": text.context,
        "num_attention_heads": text.heads,
        "num_hidden_layers": text.layers,
        "num_key_value_heads": text.kv_heads,
        "rms_norm_eps": text.rms_eps,
        "rope_theta": text.rope_theta,
        "tie_word_embeddings": text.tied,
        "vocab_size": text.vocabulary,
    }


def _mark(directory: Path, vocabulary: Vocabulary, name: str) -> int:
    for index, content in vocabulary.added.items():
        if content == name:
            return index
    raise ModelError(
        f"the tokenizer in {directory} has no token {name}",
        "Steno runs Qwen3-ASR and Qwen3-ForcedAligner checkpoints; this is another model.",
    )


def _is_aligner(root: Node) -> bool:
    names = root.values.get("architectures")
    classifies = isinstance(names, list) and any(str(name).endswith(_CLASSIFIER) for name in names)
    return classifies or "id2label" in root.values or "num_labels" in root.values


def _aligner(root: Node) -> AlignerConfig:
    # transformers writes the number of labels down only as the list of their names.
    classes = root.size("num_labels") if "num_labels" in root.values else len(root.child("id2label").values)
    return AlignerConfig(classes, root.get("timestamp_token_id", int), _segment_ms(root.file.parent))


def _segment_ms(directory: Path) -> float:
    for name in PROCESSOR_FILES:
        if (directory / name).exists():
            values = load(directory / name)
            if "timestamp_segment_time" in values:
                return Node(directory / name, (), values).positive("timestamp_segment_time")
    return SEGMENT_MS


def _ends(directory: Path) -> frozenset[int]:
    """Of generation_config.json, which generation heeds first, else of config.json."""
    own = directory / GENERATION_FILE
    return end_ids(own if own.exists() else directory / CONFIG_FILE)
