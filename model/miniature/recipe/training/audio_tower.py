"""The audio tower of Qwen3-ASR in PyTorch: log-mel in, the decoder's embeddings out.

This file owns its arithmetic, batched and of fixed shapes, with the release's tensor names. It knows nothing of text.

Source: the release's `modeling_qwen3_asr.py`.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.miniature.recipe.training.layers import LayerNorm, Linear

BLOCK = 100
"""Frames that the convolutions see at once: a second."""
BLOCK_TOKENS = 13
_BINS_LEFT = 16
"""Frequency rows after three strides: 128 / 8."""


def tokens_of(frames: Tensor) -> Tensor:
    """int64 tokens that int64 frames become."""
    rest = frames % BLOCK
    for _ in range(3):
        rest = (rest + 1) // 2
    return frames // BLOCK * BLOCK_TOKENS + rest


class EncoderAttention(nn.Module):
    """Attention both ways, with biases."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj = Linear(width, width), Linear(width, width), Linear(width, width)
        self.out_proj = Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, T, d] and bool[B, 1, 1, T], true where a token is -> [B, T, d]."""
        parts = (
            one(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in (self.q_proj, self.k_proj, self.v_proj)
        )
        seen = functional.scaled_dot_product_attention(*parts, attn_mask=mask)
        return self.out_proj(seen.transpose(1, 2).flatten(2))


class EncoderLayer(nn.Module):
    """Attention and feed-forward, each behind its norm."""

    def __init__(self, width: int, heads: int, ffn: int) -> None:
        super().__init__()
        self.self_attn = EncoderAttention(width, heads)
        self.self_attn_layer_norm = LayerNorm(width)
        self.fc1, self.fc2 = Linear(width, ffn), Linear(ffn, width)
        self.final_layer_norm = LayerNorm(width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """As its attention."""
        x = x + self.self_attn(self.self_attn_layer_norm(x), mask)
        return x + self.fc2(functional.gelu(self.fc1(self.final_layer_norm(x))))


class AudioTower(nn.Module):
    """Convolutions over seconds, attention within windows, projection to the decoder's width."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        channels, width = config["downsample_hidden_size"], config["d_model"]
        self.conv2d1 = nn.Conv2d(1, channels, 3, 2, 1)
        self.conv2d2 = nn.Conv2d(channels, channels, 3, 2, 1)
        self.conv2d3 = nn.Conv2d(channels, channels, 3, 2, 1)
        self.conv_out = Linear(channels * _BINS_LEFT, width, bias=False)
        layers = range(config["encoder_layers"])
        heads, ffn = config["encoder_attention_heads"], config["encoder_ffn_dim"]
        self.layers = nn.ModuleList(EncoderLayer(width, heads, ffn) for _ in layers)
        self.ln_post = LayerNorm(width)
        self.proj1, self.proj2 = Linear(width, width), Linear(width, config["output_dim"])
        speed = torch.exp(-math.log(10_000) / (width // 2 - 1) * torch.arange(width // 2).float())
        angle = torch.arange(BLOCK_TOKENS)[:, None] * speed[None]
        self.register_buffer("positions", torch.cat([angle.sin(), angle.cos()], 1), persistent=False)

    def forward(self, mel: Tensor, tokens: Tensor, window: int) -> tuple[Tensor, Tensor]:
        """The embeddings, and what they are projected from.

        Args:
            mel: [B, 128, 100 S] in the type to compute in.
            tokens: int64[B], those that are sound.
            window: seconds that see one another.

        Returns:
            [B, 13 S, output] and [B, 13 S, width]; worthless from `tokens` on.
        """
        batch, seconds = mel.shape[0], mel.shape[2] // BLOCK
        x = self._convolved(mel).view(batch, seconds * BLOCK_TOKENS, -1)
        window = min(window, seconds)
        windows = -(-seconds // window)
        length = window * BLOCK_TOKENS
        x = functional.pad(x, (0, 0, 0, windows * length - x.shape[1])).reshape(batch * windows, length, -1)
        here = torch.arange(windows * length, device=mel.device)[None] < tokens[:, None]
        here = here.view(batch * windows, length)
        # A window without any sound attends to itself: a row of nothing but masked keys would be no number.
        mask = (here | ~here.any(1, keepdim=True))[:, None, None]
        for layer in self.layers:
            x = layer(x, mask)
        hidden = self.ln_post(x.view(batch, windows * length, -1)[:, : seconds * BLOCK_TOKENS])
        return self.proj2(functional.gelu(self.proj1(hidden))), hidden

    def _convolved(self, mel: Tensor) -> Tensor:
        """[B, 128, 100 S] -> [B S, 13, width]."""
        batch, bins, frames = mel.shape
        x = mel.view(batch, bins, frames // BLOCK, BLOCK).permute(0, 2, 1, 3).reshape(-1, bins, BLOCK)
        x = functional.gelu(self._first(x))
        for conv in (self.conv2d2, self.conv2d3):
            weight = conv.weight.to(x.dtype, memory_format=torch.channels_last)
            x = functional.gelu(functional.conv2d(x, weight, self._bias(conv, x), 2, 1))
        x = self.conv_out(x.permute(0, 3, 1, 2).flatten(2))
        return (x.float() + self.positions).to(x.dtype)

    def _first(self, x: Tensor) -> Tensor:
        """The first convolution, [N, 128, 100] -> [N, C, 64, 50], as one product: its result has the channels last.

        With a single channel in, a library would choose the other order, and turn all that follows around.
        """
        bins, frames = x.shape[1:]
        x = functional.pad(x, (1, 1, 1, 1))
        around = [x[:, row : row + bins : 2, at : at + frames : 2] for row in range(3) for at in range(3)]
        weight = self.conv2d1.weight.flatten(1).to(x.dtype)
        return functional.linear(torch.stack(around, -1), weight, self._bias(self.conv2d1, x)).permute(0, 3, 1, 2)

    @staticmethod
    def _bias(conv: nn.Conv2d, x: Tensor) -> Tensor | None:
        return None if conv.bias is None else conv.bias.to(x.dtype)
