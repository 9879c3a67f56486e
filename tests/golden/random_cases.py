"""The random checkpoints and the sound of the golden data in random.npz: the same for their maker and for the tests.

This file owns which checkpoints there are. Each is written anew from its seed, by the maker
and by every test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.checkpoint import random_checkpoint
from benchmarks.checkpoint_dimensions import SIZES, Dimensions
from benchmarks.checkpoint_files import Dtype, Layout
from benchmarks.checkpoint_tokenizer import Vocabulary

RATE = 16_000
SOUNDS = {"0.3s": 0.3, "1s": 1.0, "7.99s": 7.99, "8s": 8.0, "8.01s": 8.01, "35s": 35.0}
"""Name -> seconds; all of them the beginning of the same sound."""
TEXT = "Jackdaws love my quartz sphinx"
"""What the aligner is given; the sound says nothing of the kind."""
STRIDE = 9
"""Every so many-th embedding is kept. It shares no factor with the 52, 104 or 208 tokens of a window."""
_TONES = ((110, 0.5), (220, 0.3), (457, 0.2), (1310, 0.1), (3220, 0.05))
_LEVELS = (1.0, 0.05, 0.6, 0.001, 0.3, 0.9, 0.01)
"""How loud each piece of 1.3 s is, in turn."""


_PLAIN = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
"""Bytes that stand for themselves in a byte-level vocabulary; the others, in order, are U+0100 and on (GPT-2)."""
_OTHERS = [byte for byte in range(256) if byte not in _PLAIN]
VOCABULARY = Vocabulary(
    pieces=(*map(chr, _PLAIN), *(chr(0x100 + number) for number in range(len(_OTHERS))), "us", "er", "user"),
    merges=("u s", "e r", "us er"),
)
"""The bytes, and the one piece whose number a config.json names: with this, nothing here depends on the miniature."""
ROWS = 384
"""Of the vocabulary's matrix: more than there are tokens."""


@dataclass(frozen=True)
class Case:
    """One checkpoint, and how it is written."""

    dimensions: Dimensions
    layout: Layout
    dtype: Dtype
    shards: int
    seed: int

    def write(self, directory: Path) -> None:
        """Write the checkpoint."""
        random_checkpoint(
            directory,
            self.dimensions,
            layout=self.layout,
            dtype=self.dtype,
            shards=self.shards,
            seed=self.seed,
            vocabulary=VOCABULARY,
        )


def _case(layout: Layout, dtype: Dtype, shards: int, seed: int, **sizes: int) -> Case:
    return Case(replace(SIZES["tiny"], vocabulary=ROWS, **sizes), layout, dtype, shards, seed)


CASES = {
    "original": _case("original", "bf16", 1, 2),
    "original_4s": _case("original", "f32", 3, 23, kv_heads=1, audio_layers=3, n_window_infer=400),
    "native": _case("native", "bf16", 1, 13, kv_heads=1, layers=3),
    "native_16s": _case("native", "f16", 2, 44, audio_layers=3, layers=3, n_window_infer=1600),
    "aligner": _case("original", "f16", 2, 9, classes=40, n_window_infer=400),
    "aligner_native": _case("native", "f32", 1, 6, classes=40, kv_heads=1, layers=3),
}


def sound(name: str) -> npt.NDArray[np.float32]:
    """float32[n]: tones and noise, by turns loud and quiet, in 16-bit steps."""
    count = round(SOUNDS[name] * RATE)
    time = np.arange(count) / RATE
    tones = sum(weight * np.sin(2 * np.pi * hertz * time * (1 + 0.01 * time)) for hertz, weight in _TONES)
    noise = np.random.PCG64(7).random_raw(count).astype(np.float64) / 2.0**63 - 1
    level = np.array(_LEVELS)[(time / 1.3).astype(np.int64) % len(_LEVELS)]
    wave = np.round(12_000 * level * (tones + 0.2 * noise))
    return (wave / 32_768).astype(np.float32)
