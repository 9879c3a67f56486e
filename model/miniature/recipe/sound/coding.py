"""What a recording or a line does to single samples: clipping, coarse coding, loss.

This file owns the non-linear faults. All work on a batch whose rows peak at about 1, each with parameters per row, and
leave a row as it is where the parameter says so; none changes a shape.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from model.miniature.recipe.sound.dice import Dice, decibels

FRAME = 160
"""Samples that have one gain: 10 ms."""
MU = 255.0


def mu_law(sound: Tensor) -> Tensor:
    """There and back through 8 bits by ITU-T G.711's continuous law, mu = 255; float32 of any shape, in [-1, 1]."""
    code = torch.log1p(sound.abs().clamp(max=1.0).mul_(MU)).mul_(127.0 / math.log1p(MU)).round_()
    return code.mul_(math.log1p(MU) / 127.0).expm1_().div_(MU).copysign_(sound)


def softly_clipped(sound: Tensor, drive: Tensor) -> Tensor:
    """A tube that is driven too hard: tanh, which keeps 1 where it is; drive float32[B, 1] > 0."""
    return torch.tanh(sound * drive).div_(torch.tanh(drive))


def coded(sound: Tensor, dice: Dice, dirty: Tensor) -> Tensor:
    """Soft and hard clipping, mu-law and coarse steps, each for few of the dirty rows; float32[B, N] gives the same."""
    soft = dice.share(0.10) & dirty
    sound = torch.where(soft, softly_clipped(sound, dice.ratio(0.7, 6.0)), sound)
    hard = dice.share(0.08) & dirty
    limit = torch.where(hard, dice.ratio(0.12, 0.9), torch.full_like(sound[:, :1], 2.0))
    sound = torch.clamp(sound, -limit, limit)
    sound = torch.where(dice.share(0.08) & dirty, mu_law(sound), sound)
    coarse = dice.share(0.06) & dirty
    steps = torch.where(coarse, torch.exp2(dice.between(5.0, 9.0).round()), torch.full_like(limit, 2.0**22))
    return sound.mul_(steps).round_().div_(steps)


def losses(dice: Dice, frames: int, dirty: Tensor) -> Tensor:
    """Gains that lose packets of 10 to 40 ms, or let the sound drop out once for longer; float32[B, frames]."""
    lossy = dice.share(0.10) & dirty
    rate = dice.ratio(0.003, 0.04) * lossy
    starts = torch.rand(rate.shape[0], frames, device=dice.device) < rate
    # A gap lasts as many frames as the utterance's packets: 1 to 4.
    packet = dice.between(1.0, 5.0).floor()
    lost = starts
    for late in range(1, 4):
        moved = torch.nn.functional.pad(starts, (late, 0))[:, :frames]
        lost = lost | (moved & (packet > late))
    at, length = dice.between(0.0, 1.0) * frames, dice.between(3.0, 12.0) * (dice.share(0.04) & dirty)
    clock = torch.arange(frames, device=dice.device, dtype=torch.float32)
    dropout = (clock >= at) & (clock < at + length)
    return 1.0 - (lost | dropout).float()


def swings(dice: Dice, frames: int, slowest: float, fastest: float) -> Tensor:
    """A smooth random walk around 0 of variance about 1: three sines a row; float32[rows, frames].

    Args:
        dice: says how many rows.
        frames: of 10 ms.
        slowest: Hz.
        fastest: Hz.
    """
    seconds = torch.arange(frames, device=dice.device, dtype=torch.float32) * (FRAME / 16_000.0)
    hertz, phase = dice.ratio(slowest, fastest, 3), dice.between(0.0, 2.0 * math.pi, 3)
    waves = torch.sin(2.0 * math.pi * hertz[:, :, None] * seconds + phase[:, :, None])
    return waves.sum(1) * math.sqrt(2.0 / 3.0)


def frame_gains(dice: Dice, frames: int, dirty: Tensor) -> Tensor:
    """Slow swings of the level by up to about 8 dB, as of an automatic gain, and losses; float32[B, frames]."""
    swinging = dice.share(0.15) & dirty
    return decibels(swings(dice, frames, 0.05, 0.7) * (dice.between(0.5, 4.0) * swinging)) * losses(dice, frames, dirty)


def by_frames(sound: Tensor, gains: Tensor) -> Tensor:
    """Sound float32[B, N] times its gains float32[B, N / FRAME], in place."""
    return sound.view(sound.shape[0], -1, FRAME).mul_(gains[:, :, None]).view_as(sound)
