"""Curves over frequency: equalisers, band limits and the colours of noise.

This file owns the grid on which such curves are drawn. It is coarse (about 8 Hz), so that a curve costs little and its
impulse response is short; `stretched` brings a curve to the bins of any transform.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from model.miniature.recipe.sound.dice import Dice, decibels

TOP_HZ = 8_000.0
POINTS = 1_025
KNOTS = 10
"""Points of an equaliser, evenly on the scale of octaves from 60 Hz to 8 kHz."""
LOWEST_HZ = 60.0
BANDS = ((300.0, 3_400.0), (200.0, 3_600.0), (50.0, 7_000.0), (120.0, 5_000.0), (20.0, 3_950.0), (400.0, 2_800.0))
"""Telephone, a looser one, wide-band telephone, medium-wave radio, sampled at 8 kHz, a poor hand-held radio."""


def grid(device: torch.device) -> Tensor:
    """Frequencies in Hz; float32[POINTS]."""
    return torch.linspace(0.0, TOP_HZ, POINTS, device=device)


def smooth(dice: Dice, most: float) -> Tensor:
    """Random smooth curves in dB, linear between the knots over octaves; float32[rows, POINTS]."""
    octaves = torch.log2(grid(dice.device).clamp(min=LOWEST_HZ) / LOWEST_HZ)
    at = octaves * ((KNOTS - 1) / math.log2(TOP_HZ / LOWEST_HZ))
    knots = torch.arange(KNOTS, device=dice.device, dtype=torch.float32)
    hats = (1.0 - (at[None, :] - knots[:, None]).abs()).clamp(min=0.0)
    return (dice.normal(KNOTS) * dice.between(0.0, most / 2.0)).clamp(-most, most) @ hats


def channel(dice: Dice, coloured: Tensor, limited: Tensor) -> Tensor:
    """What a microphone and a line do to the spectrum, as factors; float32[rows, POINTS].

    Args:
        dice: says how many channels.
        coloured: bool[rows, 1], which ones have an equaliser of up to 12 dB.
        limited: bool[rows, 1], which ones pass a band alone.
    """
    kind = (dice.between(0.0, 1.0) * (len(BANDS) + 1)).floor()
    low, high = dice.ratio(20.0, 300.0), dice.between(2_500.0, 7_800.0)
    for number, (bottom, top) in enumerate(BANDS):
        low = torch.where(kind == number, torch.full_like(low, bottom), low)
        high = torch.where(kind == number, torch.full_like(high, top), high)
    hertz = grid(dice.device)
    width = dice.ratio(0.02, 0.15)
    # 90 dB at most: what no line lets through is noise in the end.
    below = functional.logsigmoid((hertz - low) / (low * width + 8.0))
    above = functional.logsigmoid((high - hertz) / (high * width * 0.3 + 8.0))
    band = (20.0 / math.log(10.0) * (below + above)).clamp(min=-90.0)
    return decibels(smooth(dice, 12.0) * coloured + band * limited)


def noise_colour(dice: Dice) -> Tensor:
    """Spectra of noise from white to brown with smooth humps, of mean square 1; float32[rows, POINTS]."""
    slope = dice.between(-0.2, 2.0)
    octaves = torch.log2(grid(dice.device).clamp(min=30.0) / 1_000.0)
    curve = decibels(-3.0 * slope * octaves + smooth(dice, 10.0))
    return curve / torch.sqrt(curve.square().mean(1, keepdim=True) + 1e-12)


def stretched(curve: Tensor, bins: int) -> Tensor:
    """A curve at the bins 0 to Nyquist of a transform; float32[rows, POINTS] to float32[rows, bins]."""
    return functional.interpolate(curve[:, None, :], bins, mode="linear", align_corners=True)[:, 0, :]
