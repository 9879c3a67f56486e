"""SpecAugment: bands and moments of the picture that the model must do without.

This file owns how much is hidden. Fixed shapes; nothing waits for the device.

Source: Park et al., SpecAugment, 2019, without its time warp.
"""

from __future__ import annotations

import torch
from torch import Tensor

BANDS, WIDEST_BAND = 2, 24
"""Frequency masks, and the most mel bins that one hides."""
GAPS, LONGEST_GAP, MOST_OF_TIME = 2, 40, 0.08
"""Time masks, the most frames that one hides, and the most of an utterance."""


def masked(mel: Tensor, frames: Tensor, share: float = 0.6) -> Tensor:
    """Hide random bands and moments of some utterances behind their own mean.

    Args:
        mel: float32[B, bins, F], zero past the frames.
        frames: int64[B], the valid ones, at least 1.
        share: how many of the utterances.

    Returns:
        float32[B, bins, F], zero past the frames.
    """
    rows, bins, length = mel.shape
    chosen = torch.rand(rows, 1, device=mel.device) < share
    limit = (frames[:, None] * MOST_OF_TIME).clamp(max=LONGEST_GAP)
    across = _hidden(bins, torch.full_like(limit, float(bins)), torch.full_like(limit, WIDEST_BAND), BANDS)
    along = _hidden(length, frames[:, None].float(), limit, GAPS)
    hidden = (across[:, :, None] | along[:, None, :]) & chosen[:, :, None]
    mean = mel.sum((1, 2), keepdim=True) / (frames[:, None, None] * bins)
    valid = torch.arange(length, device=mel.device)[None, None, :] < frames[:, None, None]
    return torch.where(hidden & valid, mean, mel)


def _hidden(size: int, within: Tensor, widest: Tensor, count: int) -> Tensor:
    """Up to `count` intervals of 0 to `widest` places in the first `within` of `size`; bool[B, size]."""
    rows = within.shape[0]
    width = torch.rand(rows, count, device=within.device) * widest
    start = torch.rand(rows, count, device=within.device) * (within - width).clamp(min=0.0)
    place = torch.arange(size, device=within.device)[None, None, :]
    # The lower end is rounded up: an interval narrower than one place may hide none.
    return ((place >= start[:, :, None]) & (place < (start + width)[:, :, None])).any(1)
