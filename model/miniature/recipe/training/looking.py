"""What an aligner is taught besides the words' times: to count the seconds, and to look where a word is said.

This file owns both losses. The audio tower sees no further than its windows, where one second looks like any other: so
the decoder has to count, and to find words by what is said around them. From the times alone it learns both slowly,
from the beginning of the sound onwards; asked for them within the network, it learns them in minutes.

Source: the idea of guiding attention is H. Tachibana and others, "Efficiently trainable text-to-speech system based on
deep convolutional networks with guided attention" (2018).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.miniature.recipe.training.audio_tower import BLOCK_TOKENS
from model.miniature.recipe.training.batches import CLASS_S, CLASSES
from model.miniature.recipe.training.network import Network, sound_places

_NEAR_S = (0.42, 0.1)
"""How far from a word's start or end the last layer but one may look, and the last one."""
_HEAD = 1
"""Of each of these layers, the one that is to look there; the others are free."""
_NOWHERE, _NOT_SOUND = -1e4, -1
_MOST = 20.0
"""Nats for a slot, at most: one whose time lies behind the sound's end has nowhere to look."""


def seconds_of(place: Tensor) -> Tensor:
    """When a token of sound begins. Args: place: int64, counted from the first."""
    return place // BLOCK_TOKENS + place % BLOCK_TOKENS * CLASS_S


def class_of(place: Tensor) -> Tensor:
    """The same as one of the aligner's classes, int64."""
    return (seconds_of(place) / CLASS_S).round().long().clamp(0, CLASSES - 1)


def time_loss(head: nn.Module, within: Tensor, place: Tensor, inside: Tensor) -> Tensor:
    """Each token of sound shall know when it is heard, counted from the beginning: nats for each.

    Args:
        head: from the decoder's states to classes.
        within: the states, [B, L, d].
        place, inside: of `sound_places`, [B, L].
    """
    logits = head(functional.rms_norm(within.float(), within.shape[2:]))
    classes = torch.where(inside, class_of(place), _NOT_SOUND)
    return functional.cross_entropy(logits.flatten(0, 1), classes.flatten(), ignore_index=_NOT_SOUND)


def looking_loss(
    network: Network, within: Sequence[Tensor], place: Tensor, inside: Tensor, slots: Tensor, labels: Tensor
) -> Tensor:
    """The last layers shall look from a slot to the sound of its time: nats for each slot and layer.

    Args:
        network: an aligner.
        within: what comes into its decoder's last layers, [B, L, d] each.
        place, inside: of `sound_places`, [B, L].
        slots: int64[M], their places in the flattened rows.
        labels: int64[M], their classes.
    """
    length = place.shape[1]
    rows, columns = slots // length, slots % length
    behind = torch.arange(length, device=slots.device)[None] > columns[:, None]
    away = (seconds_of(place)[rows] - labels[:, None] * CLASS_S).abs()
    lost = torch.zeros((), device=slots.device)
    for at, (x, near) in enumerate(zip(within, _NEAR_S[-len(within) :], strict=True)):
        scores = network.thinker.model.scores(at - len(within), x, _HEAD).flatten(0, 1).index_select(0, slots).float()
        everywhere = scores.masked_fill(behind, _NOWHERE).logsumexp(1)
        there = scores.masked_fill((away > near) | ~inside[rows], _NOWHERE).logsumexp(1)
        lost = lost + (everywhere - there).clamp(max=_MOST).mean()
    return lost / len(within)


def within_loss(
    network: Network,
    head: nn.Module,
    within: Sequence[Tensor],
    ids: Tensor,
    frames: Tensor,
    begin: Tensor,
    *slots: Tensor,
) -> Tensor:
    """Both together, for what `Network.forward` gives. Args: slots: as `looking_loss`, slots and labels."""
    place, inside = sound_places(ids, frames, begin)
    return time_loss(head, within[0], place, inside) + looking_loss(network, within, place, inside, *slots)
