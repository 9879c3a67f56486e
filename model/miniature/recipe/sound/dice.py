"""Random numbers for a batch, one per utterance, drawn where the batch lies.

This file owns how chance depends on the strength of the spoiling. Nothing here waits for the device or looks at a
value, so that a CUDA graph can hold it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


class Dice:
    """Draws columns: one row per utterance."""

    def __init__(self, rows: int, strength: Tensor) -> None:
        self._rows = rows
        self._strength = strength
        self.device = strength.device

    def share(self, chance: float) -> Tensor:
        """True for about this share of the utterances at full strength, for none at strength 0; bool[rows, 1]."""
        return torch.rand(self._rows, 1, device=self.device) < chance * self._strength

    def coin(self, chance: float) -> Tensor:
        """True for about this share, whatever the strength; bool[rows, 1]."""
        return torch.rand(self._rows, 1, device=self.device) < chance

    def between(self, low: float, high: float, columns: int = 1) -> Tensor:
        """Even chance; float32[rows, columns]."""
        return torch.rand(self._rows, columns, device=self.device) * (high - low) + low

    def ratio(self, low: float, high: float, columns: int = 1) -> Tensor:
        """Even chance on a logarithmic scale; float32[rows, columns]."""
        return torch.exp(self.between(math.log(low), math.log(high), columns))

    def normal(self, *shape: int) -> Tensor:
        """Gaussian of variance 1; float32[rows, *shape]."""
        return torch.randn(self._rows, *shape, device=self.device)

    def milder(self, mild: float, harsh: float) -> Tensor:
        """Between the mild value and one that nears the harsh value as the strength grows; float32[rows, 1]."""
        return mild + (harsh - mild) * self._strength * torch.rand(self._rows, 1, device=self.device)


def decibels(level: Tensor) -> Tensor:
    """The factor of an amplitude for a level in dB."""
    return torch.exp(level * (math.log(10.0) / 20.0))
