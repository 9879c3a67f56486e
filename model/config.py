"""What a checkpoint's own config.json says about the model: sizes, windows, special ids.

This file owns the reading and checking of config.json and generation_config.json, in a checkpoint of the original
layout and in a converted package alike; `model.native_config` reads the other layout. It knows nothing of tensors or of
file formats. No size or id of any release is written down here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.errors import ModelError
from model.json_file import Node, load

CONFIG_FILE = "config.json"
GENERATION_FILE = "generation_config.json"
MODEL_TYPE = "qwen3_asr"
MOST_LAYERS = 512
"""LLAMA_MAX_LAYERS of llama.cpp's llama-hparams.h."""
_LONGEST_WINDOW = 360_000
"""An hour: a table of positions for it still fits into memory."""


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
        """Read the config of a checkpoint of the original layout, or of a converted package.

        Raises:
            ModelError: a file is missing or is no JSON, or describes another architecture; names file and key.
        """
        root = Node(directory / CONFIG_FILE, (), load(directory / CONFIG_FILE))
        root.expect("model_type", MODEL_TYPE)
        thinker = root.child("thinker_config")
        aligner = _aligner(root, thinker) if "classify_num" in thinker.values else None
        text = thinker.child("text_config")
        return ModelConfig(
            audio=audio_settings(thinker.child("audio_config")),
            text=text_settings(text, text.positive("rope_theta")),
            audio_start_id=thinker.get("audio_start_token_id", int),
            audio_end_id=thinker.get("audio_end_token_id", int),
            audio_pad_id=thinker.get("audio_token_id", int),
            end_ids=frozenset() if aligner else end_ids(directory / GENERATION_FILE),
            languages=languages(root),
            aligner=aligner,
        ).checked(root.file)

    def checked(self, file: Path) -> ModelConfig:
        """Itself, if its parts fit together.

        Raises:
            ModelError: they do not; names the file.
        """
        if self.audio.output != self.text.width:
            raise ModelError(
                f"{file}: the audio tower gives vectors of {self.audio.output}, the decoder takes {self.text.width}",
                "The checkpoint is inconsistent; fetch it again.",
            )
        return self


def audio_settings(node: Node) -> AudioConfig:
    """The audio tower's part of a config.json.

    Raises:
        ModelError: another architecture; names the key.
    """
    node.expect("activation_function", "gelu")
    node.expect("scale_embedding", False, None)
    audio = AudioConfig(
        mel_bins=node.size("num_mel_bins"),
        width=node.size("d_model"),
        layers=node.size("encoder_layers", MOST_LAYERS),
        heads=node.size("encoder_attention_heads"),
        ffn=node.size("encoder_ffn_dim"),
        conv_channels=node.size("downsample_hidden_size"),
        output=node.size("output_dim"),
        n_window=node.size("n_window"),
        n_window_infer=node.size("n_window_infer", _LONGEST_WINDOW),
    )
    if audio.n_window_infer % audio.block_frames or audio.width % audio.heads:
        raise ModelError(
            f"{node.name('n_window_infer')} is no multiple of 2 * n_window, or d_model none of the heads",
            "The checkpoint is inconsistent; fetch it again.",
        )
    return audio


def text_settings(node: Node, rope_theta: float) -> TextConfig:
    """The text decoder's part of a config.json; the layouts keep the rope's base in different places.

    Raises:
        ModelError: another architecture; names the key.
    """
    node.expect("hidden_act", "silu")
    node.expect("attention_bias", False, None)
    text = TextConfig(
        width=node.size("hidden_size"),
        layers=node.size("num_hidden_layers", MOST_LAYERS),
        heads=node.size("num_attention_heads"),
        kv_heads=node.size("num_key_value_heads"),
        head_width=node.size("head_dim"),
        ffn=node.size("intermediate_size"),
        vocabulary=node.size("vocab_size"),
        rope_theta=rope_theta,
        rms_eps=node.positive("rms_norm_eps"),
        context=node.size("max_position_embeddings"),
        tied=node.get("tie_word_embeddings", bool, default=False),
    )
    if text.heads % text.kv_heads:
        raise ModelError(
            f"{node.name('num_attention_heads')} is no multiple of num_key_value_heads",
            "The checkpoint is inconsistent; fetch it again.",
        )
    return text


def _aligner(root: Node, thinker: Node) -> AlignerConfig:
    return AlignerConfig(
        classes=thinker.size("classify_num"),
        timestamp_id=root.get("timestamp_token_id", int),
        segment_ms=root.positive("timestamp_segment_time"),
    )


def end_ids(path: Path) -> frozenset[int]:
    """`eos_token_id` of a JSON file: one id or several.

    Raises:
        ModelError: there is none.
    """
    value = load(path).get("eos_token_id")
    ids = value if isinstance(value, list) else [value]
    if not ids or not all(type(one) is int for one in ids):
        raise ModelError(f"{path}:eos_token_id is {value!r}, expected token ids", "Fetch the file again.")
    return frozenset(ids)


def languages(root: Node) -> tuple[str, ...]:
    """Languages that a config.json lists; none if it lists none."""
    value = root.values.get("support_languages")
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
