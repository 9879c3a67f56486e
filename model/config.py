"""What a checkpoint's own config.json says about the model: sizes, windows, special ids.

This file owns the reading and checking of config.json and generation_config.json, in a checkpoint and in a converted
package alike. It knows nothing of tensors or of file formats. No size or id of any release is written down here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from model.errors import ModelError

CONFIG_FILE = "config.json"
GENERATION_FILE = "generation_config.json"
MODEL_TYPE = "qwen3_asr"

T = TypeVar("T", int, float, str, bool)


def convolved(frames: int) -> int:
    """Length of `frames` after the three stride-2 convolutions (kernel 3, padding 1): ceil(n / 2), three times."""
    for _ in range(3):
        frames = (frames + 1) // 2
    return frames


@dataclass(frozen=True)
class AudioConfig:
    """Sizes of the audio tower. Windows are in mel frames of 10 ms."""

    mel_bins: int
    width: int
    layers: int
    heads: int
    ffn: int
    conv_channels: int
    output: int
    """Width of the embeddings that the decoder receives."""
    n_window: int
    """Half a convolution block, in frames."""
    n_window_infer: int
    """Frames of one attention window; a whole number of blocks."""

    @property
    def block_frames(self) -> int:
        """Frames that the convolutions see at once."""
        return 2 * self.n_window

    @property
    def block_tokens(self) -> int:
        """Tokens that one whole block becomes."""
        return convolved(self.block_frames)

    @property
    def window_blocks(self) -> int:
        """Whole blocks of one attention window."""
        return self.n_window_infer // self.block_frames

    @property
    def conv_bins(self) -> int:
        """Frequency rows that are left after the convolutions."""
        return convolved(self.mel_bins)

    def tokens(self, frames: int) -> int:
        """Tokens that `frames` mel frames become."""
        blocks, rest = divmod(frames, self.block_frames)
        return blocks * self.block_tokens + convolved(rest)


@dataclass(frozen=True)
class TextConfig:
    """Sizes of the text decoder, a Qwen3 model."""

    width: int
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    ffn: int
    vocabulary: int
    rope_theta: float
    rms_eps: float
    context: int
    """Positions that the model was trained on."""
    tied: bool
    """The output head is the embedding table."""


@dataclass(frozen=True)
class AlignerConfig:
    """What only the forced aligner has."""

    classes: int
    timestamp_id: int
    segment_ms: float
    """Milliseconds of one class."""


@dataclass(frozen=True)
class ModelConfig:
    """One model, as its config.json and generation_config.json describe it."""

    audio: AudioConfig
    text: TextConfig
    audio_start_id: int
    audio_end_id: int
    audio_pad_id: int
    end_ids: frozenset[int]
    """Token ids that end an answer."""
    languages: tuple[str, ...]
    """Languages that may be forced, in the model's English names; empty when the config does not say."""
    aligner: AlignerConfig | None

    @property
    def kind(self) -> str:
        """What it is for: "asr" or "aligner"."""
        return "asr" if self.aligner is None else "aligner"

    @staticmethod
    def from_directory(directory: Path) -> ModelConfig:
        """Read the config of a checkpoint or of a converted package.

        Raises:
            ModelError: a file is missing or is no JSON, or describes another architecture; names file and key.
        """
        root = Node(directory / CONFIG_FILE, (), _load(directory / CONFIG_FILE))
        root.expect("model_type", MODEL_TYPE)
        thinker = root.child("thinker_config")
        aligner = _aligner(root, thinker) if "classify_num" in thinker.values else None
        audio = _audio(thinker.child("audio_config"))
        text = _text(thinker.child("text_config"))
        if audio.output != text.width:
            raise ModelError(
                f"{root.file}: the audio tower gives vectors of {audio.output}, the decoder takes {text.width}",
                "The checkpoint is inconsistent; fetch it again.",
            )
        return ModelConfig(
            audio=audio,
            text=text,
            audio_start_id=thinker.get("audio_start_token_id", int),
            audio_end_id=thinker.get("audio_end_token_id", int),
            audio_pad_id=thinker.get("audio_token_id", int),
            end_ids=frozenset() if aligner else _end_ids(directory / GENERATION_FILE),
            languages=_languages(root),
            aligner=aligner,
        )


@dataclass(frozen=True)
class Node:
    """One JSON object inside a file; its errors name the file and the whole key."""

    file: Path
    path: tuple[str, ...]
    values: dict[str, Any]

    def name(self, key: str) -> str:
        """The place of a key, for the eyes of the user."""
        return f"{self.file}:{'.'.join((*self.path, key))}"

    def get(self, key: str, kind: type[T], *, default: T | None = None) -> T:
        """A value of the given type; an int is taken where a float is wanted."""
        value: object = self.values.get(key, default)
        if value is None:
            raise self._wrong(key, "is missing")
        # An int where a float is wanted is no mistake; a bool where an int is wanted is one.
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise self._wrong(key, f"is {value!r}, expected {kind.__name__}")
        converted: T = kind(value)
        return converted

    def size(self, key: str) -> int:
        """A whole number above 0."""
        value = self.get(key, int)
        if value <= 0:
            raise self._wrong(key, f"is {value}, expected a number above 0")
        return value

    def child(self, key: str) -> Node:
        """The object at a key."""
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise self._wrong(key, "is missing" if value is None else "is no object")
        return Node(self.file, (*self.path, key), value)

    def expect(self, key: str, *allowed: object) -> None:
        """Check a value that decides about the architecture."""
        value = self.values.get(key)
        if value not in allowed:
            raise self._wrong(key, f"is {value!r}, expected {' or '.join(map(repr, allowed))}")

    def _wrong(self, key: str, what: str) -> ModelError:
        return ModelError(
            f"{self.name(key)} {what}",
            "Steno runs Qwen3-ASR and Qwen3-ForcedAligner checkpoints; this is another model.",
        )


def _load(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{path} is missing", "Give the directory of a checkpoint or of a converted package."
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}", "Fetch the file again.") from error
    if not isinstance(values, dict):
        raise ModelError(f"{path} is no JSON object", "Fetch the file again.")
    return values


def _audio(node: Node) -> AudioConfig:
    node.expect("activation_function", "gelu")
    node.expect("scale_embedding", False, None)
    audio = AudioConfig(
        mel_bins=node.size("num_mel_bins"),
        width=node.size("d_model"),
        layers=node.size("encoder_layers"),
        heads=node.size("encoder_attention_heads"),
        ffn=node.size("encoder_ffn_dim"),
        conv_channels=node.size("downsample_hidden_size"),
        output=node.size("output_dim"),
        n_window=node.size("n_window"),
        n_window_infer=node.size("n_window_infer"),
    )
    if audio.n_window_infer % audio.block_frames or audio.width % audio.heads:
        raise ModelError(
            f"{node.name('n_window_infer')} is no multiple of 2 * n_window, or d_model none of the heads",
            "The checkpoint is inconsistent; fetch it again.",
        )
    return audio


def _text(node: Node) -> TextConfig:
    node.expect("hidden_act", "silu")
    node.expect("attention_bias", False, None)
    return TextConfig(
        width=node.size("hidden_size"),
        layers=node.size("num_hidden_layers"),
        heads=node.size("num_attention_heads"),
        kv_heads=node.size("num_key_value_heads"),
        head_width=node.size("head_dim"),
        ffn=node.size("intermediate_size"),
        vocabulary=node.size("vocab_size"),
        rope_theta=node.get("rope_theta", float),
        rms_eps=node.get("rms_norm_eps", float),
        context=node.size("max_position_embeddings"),
        tied=node.get("tie_word_embeddings", bool, default=False),
    )


def _aligner(root: Node, thinker: Node) -> AlignerConfig:
    return AlignerConfig(
        classes=thinker.size("classify_num"),
        timestamp_id=root.get("timestamp_token_id", int),
        segment_ms=root.get("timestamp_segment_time", float),
    )


def _end_ids(path: Path) -> frozenset[int]:
    value = _load(path).get("eos_token_id")
    ids = value if isinstance(value, list) else [value]
    if not ids or not all(type(one) is int for one in ids):
        raise ModelError(f"{path}:eos_token_id is {value!r}, expected token ids", "Fetch the file again.")
    return frozenset(ids)


def _languages(root: Node) -> tuple[str, ...]:
    value = root.values.get("support_languages")
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
