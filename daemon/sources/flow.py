"""The blocks of a device on their way to 20 ms frames at 16 kHz mono.

This file owns the cut into frames and the moment at which each was captured. It does not know devices.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE
from pipeline.resample import Int16, Resampler

SECOND = 1_000_000_000


class Flow:
    """The blocks of one stream as 16 kHz mono frames, each with the moment at which its last sample was captured."""

    def __init__(self, rate: int, channels: int) -> None:
        self._resampler = Resampler(rate, channels)
        self._rate = rate
        self._channels = channels
        self._rest = np.empty(0, np.int16)
        self._given = 0
        self._arrived_ns = 0

    def push(self, samples: Int16, arrived_ns: int) -> Iterator[tuple[Int16, int]]:
        """int16[n, channels], whose last sample was captured at `arrived_ns` -> (int16[320], captured_ns)."""
        self._arrived_ns = arrived_ns
        self._rest = np.concatenate([self._rest, self._resampler.push(samples)])
        while len(self._rest) >= FRAME_SAMPLES:
            yield self._take(FRAME_SAMPLES, self._resampler.pushed)

    def flush(self) -> Iterator[tuple[Int16, int]]:
        """What is still on its way, as one last frame of any length; what is pushed next begins a new flow."""
        pushed = self._resampler.pushed
        self._rest = np.concatenate([self._rest, self._resampler.flush()])
        if len(self._rest):
            yield self._take(len(self._rest), pushed)
        self._given = 0

    def _take(self, count: int, pushed: int) -> tuple[Int16, int]:
        frame, self._rest = self._rest[:count], self._rest[count:]
        self._given += count
        # The filter and the frame hold sound back: what is given was captured that much before the block's end.
        behind_ns = round((pushed / self._rate - self._given / SAMPLE_RATE) * SECOND)
        return frame, self._arrived_ns - max(0, behind_ns)
