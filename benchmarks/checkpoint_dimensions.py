"""The sizes of a checkpoint: those of the releases, and small ones for tests.

This file owns numbers; which tensors follow from them is `model.tensor_table`'s. It does not know values or files.

Sources, as far as the releases go: the config.json of Qwen/Qwen3-ASR-0.6B, Qwen/Qwen3-ASR-1.7B and
Qwen/Qwen3-ForcedAligner-0.6B as several independent ports quote it (docs/asr-model.md of ivan-digital/qwen3-asr-swift,
the tests of mlx and candle ports), and the defaults of `transformers`' `Qwen3ASRConfig`. The aligner's text
vocabulary has 152,064 rows, not 151,936, and its output head is no embedding. The releases in the original layout store
the tied head a second time, which is how they come to 1.9 and 4.7 GB.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.config import AudioConfig, TextConfig
from model.tensor_table import DECODER, HEAD, TOWER, decoder, tower

MEL_BINS = 128
N_WINDOW = 50
"""Half a block of the convolutions, in frames; the same in every release."""
SEGMENT_MS = 80
"""Of one class of an aligner."""
ROPE_THETA = 1_000_000
RMS_EPS = 1e-6
CONTEXT = 65_536
"""Positions of the text decoder, with its rope and its norms; the same in every release."""


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

    @property
    def audio(self) -> AudioConfig:
        """The audio tower's part, as a config.json would say it."""
        return AudioConfig(
            mel_bins=MEL_BINS,
            width=self.audio_width,
            layers=self.audio_layers,
            heads=self.audio_heads,
            ffn=self.audio_ffn,
            conv_channels=self.conv_channels,
            output=self.width,
            n_window=N_WINDOW,
            n_window_infer=self.n_window_infer,
        )

    @property
    def text(self) -> TextConfig:
        """The text decoder's part, likewise."""
        return TextConfig(
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            kv_heads=self.kv_heads,
            head_width=self.head_width,
            ffn=self.ffn,
            vocabulary=self.vocabulary,
            rope_theta=ROPE_THETA,
            rms_eps=RMS_EPS,
            context=CONTEXT,
            tied=self.kind == "asr",
        )

    def shapes(self, *, stored_head: bool = True) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Name in the original layout and shape of every tensor, in the order of a file.

        Args:
            stored_head: whether a head that is tied to the embedding is there as a tensor of its own.
        """
        for prefix, table in ((TOWER, tower(self.audio)), (DECODER, decoder(self.text))):
            for name, shape in table.items():
                yield prefix + name, shape
        if self.classes or stored_head:
            yield HEAD, (self.classes or self.vocabulary, self.width)


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
        vocabulary=4096,
    ),
}
