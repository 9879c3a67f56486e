"""Layers of both halves of the network.

This file owns in which type they compute: in that of what they are given, their weights cast to it, norms in float32.
The weights themselves stay float32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_NORM_EPS = 1e-6


class Linear(nn.Linear):
    """A linear layer that computes in its input's type."""

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        return functional.linear(x, self.weight.to(x.dtype), None if self.bias is None else self.bias.to(x.dtype))


class LayerNorm(nn.LayerNorm):
    """Mean and variance in float32."""

    def forward(self, x: Tensor) -> Tensor:
        """[..., d] -> [..., d]."""
        return functional.layer_norm(x.float(), self.normalized_shape, self.weight, self.bias, self.eps).to(x.dtype)


class RootMeanSquareNorm(nn.Module):
    """Scale to a root mean square of one, in float32."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """[..., d] -> [..., d]."""
        return functional.rms_norm(x.float(), self.weight.shape, self.weight, _NORM_EPS).to(x.dtype)
