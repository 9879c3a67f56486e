"""The sound of a batch, gathered on the device from the pool's one long buffer.

This file owns that buffer and the reading at a speed. It knows nothing of what is said.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model.miniature.recipe.speech.voice import RATE
from model.miniature.recipe.training.batches import Batch

_FULL_SCALE = 32768.0


class Buffer:
    """Samples of the pool on the device. Args: room: int16 samples that it holds."""

    def __init__(self, room: int, device: torch.device) -> None:
        # One more, for the neighbour that interpolation asks for behind the last sample.
        self._samples = torch.zeros(room + 1, dtype=torch.int16, device=device)

    def put(self, start: int, samples: npt.NDArray[np.int16]) -> None:
        """Copy int16[n] to its place."""
        self._samples[start : start + len(samples)] = torch.from_numpy(samples).to(self._samples.device)

    def gather(self, batch: Batch) -> Tensor:
        """float32[B, N] in [-1, 1]: the utterances' sound, zero where there is none. Linear between samples."""
        device = self._samples.device
        rows = len(batch.samples)
        sound = torch.zeros(rows * batch.seconds * RATE, device=device)
        total = int(batch.segments[:, 1].sum())
        if total:
            segments = torch.from_numpy(batch.segments).to(device)
            place, source = segments[:, 0].long(), segments[:, 2].long()
            lengths = segments[:, 1].long()
            of = torch.repeat_interleave(torch.arange(len(segments), device=device), lengths, output_size=total)
            within = torch.arange(total, device=device) - (lengths.cumsum(0) - lengths)[of]
            # Double precision: in single, sample 10 million of a segment would have no fraction left.
            at = within.double() * segments[of, 3]
            whole = at.long()
            part = (at - whole).float()
            read = source[of] + whole
            low, high = self._samples[read].float(), self._samples[read + 1].float()
            sound[place[of] + within] = torch.lerp(low, high, part)
        return cast(Tensor, sound.view(rows, -1) / _FULL_SCALE)
