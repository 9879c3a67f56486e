"""Any rate and any channels to 16 kHz mono, block by block: the one file that knows soxr.

This file owns the mix, the change of rate and the way back to int16. It does not know where the sound comes from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from model.errors import AudioError
from pipeline.messages import SAMPLE_RATE

Int16 = npt.NDArray[np.int16]

SCALES = {"int16": 2.0**15, "int32": 2.0**31, "float32": 1.0}
"""Full scale of each dtype that is taken."""


class Resampler:
    """One stream of sound on its way to 16 kHz mono int16.

    The mean of the channels is taken. Sound beyond full scale is clipped, as it would be by a device. At 16 kHz, mono,
    int16, what goes in comes out.

    Args:
        rate: samples per second of each channel, as they come.
        channels: how many of them.

    Raises:
        AudioError: a rate or a number of channels that no sound has.
    """

    def __init__(self, rate: int, channels: int) -> None:
        if rate < 1 or channels < 1:
            raise AudioError(f"sound with {channels} channels at {rate} samples per second cannot be read")
        self._rate = rate
        self._channels = channels
        self._stream = None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        self._pushed = 0

    @property
    def pushed(self) -> int:
        """Samples of each channel that went in so far."""
        return self._pushed

    def push(self, block: npt.NDArray[Any]) -> Int16:
        """The sound that is ready after this block; the filter holds a few milliseconds back until `flush`.

        Args:
            block: float32 (full scale 1.0), int16 or int32, [n, channels], or [n] for one channel.

        Raises:
            AudioError: the block holds NaN or infinite samples; the message names the first one's place in seconds.
            ValueError: another dtype or shape.
        """
        if block.dtype.name not in SCALES:
            raise ValueError(f"samples are float32, int16 or int32, not {block.dtype}")
        samples = block.reshape(-1, 1) if block.ndim == 1 else block
        if samples.ndim != 2 or samples.shape[1] != self._channels:
            raise ValueError(f"a block has {self._channels} channels, not the shape {block.shape}")
        if block.dtype.kind == "f":
            self._refuse_nan(samples)
        self._pushed += len(samples)
        if self._stream is None and self._channels == 1 and block.dtype == np.int16:
            return samples[:, 0].copy()
        mono = samples.mean(axis=1, dtype=np.float64) / SCALES[block.dtype.name]
        if self._stream is None:
            return _to_int16(mono)
        return _to_int16(self._stream.resample_chunk(mono.astype(np.float32)))

    def flush(self) -> Int16:
        """What the filter still held. The stream is over: the next `push` begins a new one."""
        self._pushed = 0
        if self._stream is None:
            return np.empty(0, np.int16)
        rest = _to_int16(self._stream.resample_chunk(np.empty(0, np.float32), last=True))
        self._stream.clear()
        return rest

    def _refuse_nan(self, samples: npt.NDArray[Any]) -> None:
        finite = np.isfinite(samples).all(axis=1)
        if not finite.all():
            first = int(np.argmin(finite))
            kind = "NaN" if np.isnan(samples[first]).any() else "infinite"
            raise AudioError(f"the sound has {kind} samples at {(self._pushed + first) / self._rate:.3f} s")


def _to_int16(sound: npt.NDArray[Any]) -> Int16:
    """float[n] with full scale 1.0 as int16[n], rounded to the nearest, saturating."""
    scaled = np.rint(sound * 32768.0)
    return np.clip(scaled, -32768, 32767).astype(np.int16)
