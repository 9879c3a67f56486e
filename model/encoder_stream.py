"""One utterance's sound as it grows, and what of it is already encoded.

This file owns which blocks and attention windows must be computed again when sound comes or goes, and which rows a
caller has that are still right. It knows neither messages nor text. Whatever way the sound came, the rows are those of
`model.encoder.Encoder.encode` over all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.beat import Beat, steady
from model.encoder import Encoder, prepared
from model.mel import DYNAMIC_RANGE, HOP, floored, settled, unfloored_log_mel

Floats = npt.NDArray[np.float32]
FULL_SCALE = np.float32(32_768)


@dataclass(frozen=True)
class _Block:
    """What the convolutions made of a block, and of which picture."""

    tokens: Floats
    least: np.float32
    """The smallest value of its unfloored log-mel."""
    loudest: np.float32
    """The loudest value of the clip, by which the floor was set."""

    def stands(self, loudest: np.float32) -> bool:
        """Whether its picture is the same with another loudest value: then neither floor lies above a value in it."""
        return loudest == self.loudest or bool(self.least >= max(loudest, self.loudest) - np.float32(DYNAMIC_RANGE))


class EncoderStream:
    """The embeddings of an utterance, step by step, at the price of what is new.

    The unfloored log-mel is kept, and of each block and each attention window what was made of it. New sound changes
    the last frame and adds others; a new loudest value, higher or lower than before, moves the floor and so changes
    every block that has values below it. A block is computed again only if a value in it has really changed, a window
    only if one of its blocks was.

    Args:
        encoder: computes; shared with other utterances.
        cache: False computes everything at each step.

    Attributes:
        blocks_encoded: how often the convolutions over a block were computed, in all.
        windows_encoded: how often the attention in a window was.
    """

    def __init__(self, encoder: Encoder, *, cache: bool = True) -> None:
        self.blocks_encoded = 0
        self.windows_encoded = 0
        self._encoder = encoder
        self._config = encoder.config
        self._cache = cache
        self._sound = np.empty(0, dtype=np.float32)
        self._samples = 0
        self._log = np.empty((self._config.mel_bins, 0), dtype=np.float32)
        self._pictured = 0  # frames of the log-mel that are those of the sound as it is now
        self._blocks: dict[int, _Block] = {}
        self._windows: dict[int, Floats] = {}
        self._no_rows = np.empty((0, self._config.output), dtype=np.float32)
        self._known = 0  # rows that were returned and are still right

    @property
    def samples(self) -> int:
        """Samples that were heard and not forgotten."""
        return self._samples

    def hear(self, pcm: npt.NDArray[np.int16], from_sample: int) -> None:
        """Take more sound; nothing is computed yet.

        Args:
            pcm: int16[n], mono 16 kHz.
            from_sample: where it begins; what was heard from there on is forgotten.

        Raises:
            ValueError: `from_sample` is negative, or leaves a gap behind what was heard.
        """
        if not 0 <= from_sample <= self._samples:
            raise ValueError(f"sound from sample {from_sample} on, but {self._samples} samples were heard")
        if from_sample == self._samples and not len(pcm):
            return
        self._sound = _with_room(self._sound, from_sample, from_sample + len(pcm))
        self._sound[from_sample : from_sample + len(pcm)] = pcm.astype(np.float32) / FULL_SCALE
        self._samples = from_sample + len(pcm)
        self._change(settled(from_sample))

    def encode(self, beat: Beat = steady) -> tuple[int, Floats]:
        """Encode what has changed since the last call that returned.

        Args:
            beat: called before each run of a graph. What was computed before it cancelled is kept, and returned by the
                next call.

        Returns:
            The first row that may be another than was returned before, and float32[tokens, d]: all rows from there on.
            Where nothing has changed these are the number of rows, and none.

        Raises:
            Cancelled: `beat` asked for it.
            ModelError: the provider failed.
        """
        if not self._cache:
            self._change(0)
        log = self._picture()
        loudest = np.float32(log.max(initial=-np.inf))
        windows = range(-(-log.shape[1] // self._config.n_window_infer))
        for window in windows:
            self._encode_window(window, log, loudest, beat)
        rows = np.concatenate([self._no_rows, *(self._windows[window] for window in windows)])
        first, self._known = self._known, len(rows)
        return first, rows[first:]

    def _change(self, frame: int) -> None:
        """Forget what was made of the frames from this one on."""
        self._pictured = min(self._pictured, frame)
        block = frame // self._config.block_frames
        self._blocks = {at: made for at, made in self._blocks.items() if at < block}
        window = frame // self._config.n_window_infer
        for at in [at for at in self._windows if at >= window]:
            self._forget_window(at)

    def _forget_window(self, window: int) -> None:
        self._windows.pop(window, None)
        self._known = min(self._known, self._config.tokens(window * self._config.n_window_infer))

    def _picture(self) -> Floats:
        """The unfloored log-mel of all sound, float32[bins, frames]."""
        sound = prepared(self._sound[: self._samples])
        frames = len(sound) // HOP
        self._log = _with_room(self._log, self._pictured, frames)
        self._log[:, self._pictured : frames] = unfloored_log_mel(sound, self._config.mel_bins, self._pictured)
        self._pictured = frames
        return self._log[:, :frames]

    def _encode_window(self, window: int, log: Floats, loudest: np.float32, beat: Beat) -> None:
        """Compute of a window what does not stand: blocks, and then the attention over them."""
        size, span = self._config.block_frames, self._config.n_window_infer
        end = min((window + 1) * span, log.shape[1])
        blocks = range(window * span // size, -(-end // size))
        for block in blocks:
            made = self._blocks.get(block)
            if made is not None and made.stands(loudest):
                continue
            self._forget_window(window)
            frames = log[:, block * size : min((block + 1) * size, end)]
            tokens = self._encoder.convolve(floored(frames, float(loudest)), beat, lone=log.shape[1] < size)
            self._blocks[block] = _Block(tokens, frames.min(), loudest)
            self.blocks_encoded += 1
        if window not in self._windows:
            self._windows[window] = self._encoder.attend(
                np.concatenate([self._blocks[block].tokens for block in blocks]), beat
            )
            self.windows_encoded += 1


def _with_room(held: Floats, used: int, wanted: int) -> Floats:
    """`held`, if its last axis is `wanted` long; else twice that, the first `used` of it as they were."""
    if wanted <= held.shape[-1]:
        return held
    larger = np.empty((*held.shape[:-1], 2 * wanted), dtype=held.dtype)
    larger[..., :used] = held[..., :used]
    return larger
