"""Rooms: impulse responses that never existed.

This file owns the form of a room: the direct sound at sample 0 (so that words stay where they are), early reflections,
and a tail that decays exponentially, faster at high frequencies. Everything has a fixed shape.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from model.miniature.recipe.sound.dice import Dice, decibels

RATE = 16_000
ROOM = 9_600
"""Samples of an impulse response: 0.6 s."""
REFLECTIONS = 12
EARLIEST, LATEST = 16, 800
"""Early reflections come 1 to 50 ms after the direct sound."""
LEAST_TAIL = 80
"""The tail begins 5 ms after the direct sound."""
DECAY = math.log(1_000.0)
"""An amplitude falls by 60 dB, this in nepers, within the reverberation time."""


def good_length(least: int) -> int:
    """The least even length >= `least` without prime factors above 7: fast to transform."""
    length = least + least % 2
    while True:
        rest = length
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 2


def impulse_responses(dice: Dice, inside: Tensor) -> Tensor:
    """Rooms with RT60 0.08 to 0.9 s and a direct-to-reverberant ratio of 18 to -4 dB; each has energy 1.

    Args:
        dice: says how many rooms.
        inside: bool[rows, 1], False for the open air: a single 1.

    Returns:
        float32[rows, ROOM].
    """
    seconds = dice.ratio(0.08, 0.9)
    time = torch.arange(ROOM, device=dice.device, dtype=torch.float32) / RATE
    dull = functional.avg_pool1d(dice.normal(1, ROOM + 6), 7, 1).squeeze(1) * math.sqrt(7.0)
    echo = dull * torch.exp(-DECAY * time / seconds) + dice.normal(ROOM) * torch.exp(-2.0 * DECAY * time / seconds)
    echo = echo * (time * RATE >= LEAST_TAIL)
    when = dice.ratio(EARLIEST, LATEST, REFLECTIONS)
    # Reflections lose strength with their way and with each wall; the tail's beginning is the measure.
    early = torch.sign(dice.between(-1.0, 1.0, REFLECTIONS)) * dice.between(1.0, 6.0, REFLECTIONS)
    early = early * torch.exp(-DECAY * when / RATE / seconds)
    echo = echo.scatter_add(1, when.long(), early)
    wanted = decibels(dice.between(-18.0, 4.0))
    echo = echo * (wanted * inside / torch.sqrt(echo.square().sum(1, keepdim=True) + 1e-9))
    echo[:, 0] = 1.0
    return echo / torch.sqrt(echo.square().sum(1, keepdim=True))
