"""The text decoder of Qwen3-ASR in PyTorch.

This file owns its arithmetic, batched, with the release's tensor names. It knows nothing of sound.

Source: `modeling_qwen3.py` of transformers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.miniature.recipe.training.layers import Linear, RootMeanSquareNorm


class DecoderAttention(nn.Module):
    """Causal attention with norms of queries and keys, rotary positions and shared keys."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width, head = config["hidden_size"], config["head_dim"]
        heads, shared = config["num_attention_heads"], config["num_key_value_heads"]
        self.head = head
        self.q_proj = Linear(width, heads * head, bias=False)
        self.k_proj, self.v_proj = Linear(width, shared * head, bias=False), Linear(width, shared * head, bias=False)
        self.o_proj = Linear(heads * head, width, bias=False)
        self.q_norm, self.k_norm = RootMeanSquareNorm(head), RootMeanSquareNorm(head)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """[B, L, d] -> [B, L, d]; `turn` are cosines and sines, [L, head]."""
        queries, keys = self.looks(x, turn)
        values = self.v_proj(x).unflatten(-1, (-1, self.head)).transpose(1, 2)
        group = queries.shape[1] // keys.shape[1]
        keys, values = keys.repeat_interleave(group, 1), values.repeat_interleave(group, 1)
        seen = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        return self.o_proj(seen.transpose(1, 2).flatten(2))

    def looks(self, x: Tensor, turn: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Queries [B, heads, L, head] and keys [B, shared, L, head]."""
        queries, keys = (one(x).unflatten(-1, (-1, self.head)) for one in (self.q_proj, self.k_proj))
        return _turned(self.q_norm(queries).transpose(1, 2), turn), _turned(self.k_norm(keys).transpose(1, 2), turn)


def _turned(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    low, high = x.chunk(2, -1)
    return x * turn[0] + torch.cat((-high, low), -1) * turn[1]


class DecoderFeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = Linear(width, inner, bias=False), Linear(width, inner, bias=False)
        self.down_proj = Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., d] -> [..., d]."""
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderLayer(nn.Module):
    """Attention and feed-forward, each behind its norm."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width = config["hidden_size"]
        self.self_attn = DecoderAttention(config)
        self.mlp = DecoderFeedForward(width, config["intermediate_size"])
        self.input_layernorm, self.post_attention_layernorm = RootMeanSquareNorm(width), RootMeanSquareNorm(width)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """As its attention."""
        x = x + self.self_attn(self.input_layernorm(x), turn)
        return x + self.mlp(self.post_attention_layernorm(x))


class TextModel(nn.Module):
    """Qwen3's decoder."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config["num_hidden_layers"]))
        self.norm = RootMeanSquareNorm(config["hidden_size"])
        steps = torch.arange(0, config["head_dim"], 2).float() / config["head_dim"]
        self.register_buffer("speed", 1.0 / config["rope_theta"] ** steps, persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Embeddings [B, L, d] -> hidden states [B, L, d], and what came into each layer, [B, L, d]."""
        turn = self._turn(x)
        before = []
        for layer in self.layers:
            before.append(x)
            x = layer(x, turn)
        return self.norm(x), before

    def scores(self, layer: int, x: Tensor, head: int) -> Tensor:
        """How much one head of a layer looks from where to where, before the softmax: [B, L, L].

        Args:
            layer: its number; negative counts from the last.
            x: what comes into it, [B, L, d].
            head: number of the head.
        """
        attention, norm = self.layers[layer].self_attn, self.layers[layer].input_layernorm
        queries, keys = attention.looks(norm(x), self._turn(x))
        shared = head * keys.shape[1] // queries.shape[1]
        return queries[:, head] @ keys[:, shared].mT / attention.head**0.5

    def _turn(self, x: Tensor) -> tuple[Tensor, Tensor]:
        angle = torch.arange(x.shape[1], device=x.device).float()[:, None] * self.speed[None]
        angle = torch.cat((angle, angle), -1)
        return angle.cos().to(x.dtype), angle.sin().to(x.dtype)
