"""The network that is trained: Qwen3-ASR's two halves together, with the release's own tensor names.

This file owns how sound takes its place among the text. `state_dict` keys are those of a checkpoint. It knows nothing
of losses, prompts or files; sizes come from a config.json of the release's layout.

Source: the release's `modeling_qwen3_asr.py`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.miniature.recipe.training.audio_tower import AudioTower, tokens_of
from model.miniature.recipe.training.layers import Linear
from model.miniature.recipe.training.text_model import TextModel

LOOKING = 2
"""Layers of an aligner's decoder, the last ones, that look for the words in the sound."""


def sound_places(ids: Tensor, frames: Tensor, begin: Tensor) -> tuple[Tensor, Tensor]:
    """Which token of the sound stands where: int64[B, L], counted from the first, and whether it is one: bool[B, L]."""
    place = torch.arange(ids.shape[1], device=ids.device)[None] - begin[:, None]
    return place, (place >= 0) & (place < tokens_of(frames)[:, None])


class Thinker(nn.Module):
    """Both halves, and the head that only the aligner has."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.audio_tower = AudioTower(config["audio_config"])
        self.model = TextModel(config["text_config"])
        if "classify_num" in config:
            self.lm_head = Linear(config["text_config"]["hidden_size"], config["classify_num"], bias=False)


class Network(nn.Module):
    """The whole of a checkpoint. Args: config: a config.json of the release's layout."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        self.thinker = Thinker(config["thinker_config"])

    def compile(self) -> None:
        """Let PyTorch fuse what a layer does; costs a minute once, and is worth it on a GPU alone."""
        for layer in (*self.thinker.audio_tower.layers, *self.thinker.model.layers):
            layer.compile(dynamic=True)

    def encode(self, mel: Tensor, frames: Tensor, window: int = 8) -> tuple[Tensor, Tensor]:
        """The audio tower's two results for mel [B, 128, 100 S] and int64[B] frames; see `AudioTower.forward`."""
        return self.thinker.audio_tower(mel, tokens_of(frames), window)

    def embed(self, ids: Tensor) -> Tensor:
        """int64[...] -> float32[..., d]."""
        return self.thinker.model.embed_tokens(ids)

    def decode(self, embeddings: Tensor) -> Tensor:
        """[B, L, d] -> hidden states [B, L, d]."""
        return self.thinker.model(embeddings)[0]

    def head(self, hidden: Tensor) -> Tensor:
        """Hidden states -> logits of the vocabulary, or of the aligner's classes."""
        if hasattr(self.thinker, "lm_head"):
            return self.thinker.lm_head(hidden)
        return functional.linear(hidden, self.thinker.model.embed_tokens.weight.to(hidden.dtype))

    def forward(
        self, mel: Tensor, frames: Tensor, ids: Tensor, begin: Tensor, window: int
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Hidden states of prompts with sound in them.

        Args:
            mel, frames, window: as `encode`.
            ids: int64[B, L], the first place of the sound at `begin`: int64[B].

        Returns:
            The decoder's hidden states [B, L, d], and those within the network that have losses of their own: of the
            audio tower [B, T, width]; of an aligner, what comes into its decoder's last two layers, [B, L, d] each.
        """
        sound, tower = self.encode(mel, frames, window)
        place, inside = sound_places(ids, frames, begin)
        place = place.clamp(0, sound.shape[1] - 1)[:, :, None].expand(-1, -1, sound.shape[2])
        x = torch.where(inside[:, :, None], sound.gather(1, place), self.embed(ids).to(sound.dtype))
        hidden, before = self.thinker.model(x)
        return hidden, tuple(before[-LOOKING:]) if "classify_num" in self.config["thinker_config"] else (tower,)
