"""The sizes of a checkpoint: those of the releases, and small ones for tests.

This file owns numbers and the shape of every tensor that follows from them. It does not know values or files.

Sources, as far as the releases go: the config.json of Qwen/Qwen3-ASR-0.6B, Qwen/Qwen3-ASR-1.7B and
Qwen/Qwen3-ForcedAligner-0.6B as several independent ports quote it (docs/asr-model.md of ivan-digital/qwen3-asr-swift,
the tests of mlx and candle ports), and the defaults of `transformers`' `Qwen3ASRConfig`. The aligner's text
vocabulary has 152,064 rows, not 151,936, and its output head is no embedding. The releases in the original layout store
the tied head a second time, which is how they come to 1.9 and 4.7 GB.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MEL_BINS = 128
N_WINDOW = 50
"""Half a block of the convolutions, in frames; the same in every release."""
SEGMENT_MS = 80
"""Of one class of an aligner."""


@dataclass(frozen=True)
class Dimensions:
    """Everything that decides about the shapes of a checkpoint's tensors."""

    audio_width: int
    audio_layers: int
    audio_heads: int
    audio_ffn: int
    conv_channels: int
    width: int
    """Of the text decoder, and of what the audio tower hands it."""
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    ffn: int
    vocabulary: int
    classes: int = 0
    """Of a forced aligner's head; 0 makes a model that transcribes, with its head tied to the embedding."""
    n_window_infer: int = 800
    """Frames of one attention window."""

    @property
    def kind(self) -> str:
        """What it is for: "asr" or "aligner"."""
        return "aligner" if self.classes else "asr"

    def shapes(self, *, stored_head: bool = True) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Name in the original layout and shape of every tensor, in the order of a file.

        Args:
            stored_head: whether a head that is tied to the embedding is there as a tensor of its own.
        """
        yield from self._audio()
        yield "thinker.model.embed_tokens.weight", (self.vocabulary, self.width)
        for layer in range(self.layers):
            yield from self._text_layer(f"thinker.model.layers.{layer}")
        yield "thinker.model.norm.weight", (self.width,)
        if self.classes or stored_head:
            yield "thinker.lm_head.weight", (self.classes or self.vocabulary, self.width)

    def _audio(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        tower, width, channels = "thinker.audio_tower", self.audio_width, self.conv_channels
        for number, source in enumerate((1, channels, channels), 1):
            yield f"{tower}.conv2d{number}.weight", (channels, source, 3, 3)
            yield f"{tower}.conv2d{number}.bias", (channels,)
        # Each of the three convolutions halves the bins.
        yield f"{tower}.conv_out.weight", (width, channels * (MEL_BINS // 8))
        for layer in range(self.audio_layers):
            here = f"{tower}.layers.{layer}"
            for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
                yield from _linear(f"{here}.self_attn.{name}", width, width)
            yield from _linear(f"{here}.self_attn_layer_norm", width)
            yield from _linear(f"{here}.fc1", self.audio_ffn, width)
            yield from _linear(f"{here}.fc2", width, self.audio_ffn)
            yield from _linear(f"{here}.final_layer_norm", width)
        yield from _linear(f"{tower}.ln_post", width)
        yield from _linear(f"{tower}.proj1", width, width)
        yield from _linear(f"{tower}.proj2", self.width, width)

    def _text_layer(self, layer: str) -> Iterator[tuple[str, tuple[int, ...]]]:
        queries, keys = self.heads * self.head_width, self.kv_heads * self.head_width
        yield f"{layer}.input_layernorm.weight", (self.width,)
        yield f"{layer}.self_attn.q_proj.weight", (queries, self.width)
        yield f"{layer}.self_attn.k_proj.weight", (keys, self.width)
        yield f"{layer}.self_attn.v_proj.weight", (keys, self.width)
        yield f"{layer}.self_attn.o_proj.weight", (self.width, queries)
        yield f"{layer}.self_attn.q_norm.weight", (self.head_width,)
        yield f"{layer}.self_attn.k_norm.weight", (self.head_width,)
        yield f"{layer}.post_attention_layernorm.weight", (self.width,)
        yield f"{layer}.mlp.gate_proj.weight", (self.ffn, self.width)
        yield f"{layer}.mlp.up_proj.weight", (self.ffn, self.width)
        yield f"{layer}.mlp.down_proj.weight", (self.width, self.ffn)


def _linear(name: str, *shape: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


SIZES = {
    "0.6b": Dimensions(
        audio_width=896,
        audio_layers=18,
        audio_heads=14,
        audio_ffn=3584,
        conv_channels=480,
        width=1024,
        layers=28,
        heads=16,
        kv_heads=8,
        head_width=128,
        ffn=3072,
        vocabulary=151_936,
    ),
    "1.7b": Dimensions(
        audio_width=1024,
        audio_layers=24,
        audio_heads=16,
        audio_ffn=4096,
        conv_channels=480,
        width=2048,
        layers=28,
        heads=16,
        kv_heads=8,
        head_width=128,
        ffn=6144,
        vocabulary=151_936,
    ),
    "aligner": Dimensions(
        audio_width=1024,
        audio_layers=24,
        audio_heads=16,
        audio_ffn=4096,
        conv_channels=480,
        width=1024,
        layers=28,
        heads=16,
        kv_heads=8,
        head_width=128,
        ffn=3072,
        vocabulary=152_064,
        classes=5000,
    ),
    # Small, yet of widths that every quantisation takes: whole blocks of 256 numbers.
    "tiny": Dimensions(
        audio_width=128,
        audio_layers=2,
        audio_heads=2,
        audio_ffn=256,
        conv_channels=32,
        width=256,
        layers=2,
        heads=4,
        kv_heads=2,
        head_width=128,
        ffn=512,
        vocabulary=2304,
    ),
}
