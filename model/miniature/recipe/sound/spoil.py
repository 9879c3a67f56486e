"""Speech as it reaches a microphone: rooms, noise, lines and their faults, on the device and by the batch.

This file owns the order in which things happen to an utterance: room, noise, channel, level swings and losses, clipping
and coding, level, 16 bits. All shapes are fixed by the arguments' shapes, nothing waits for the device, and all chance
is drawn on it, so that a CUDA graph can hold the whole.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from model.miniature.recipe.sound.coding import FRAME, by_frames, coded, frame_gains, swings
from model.miniature.recipe.sound.curves import channel, noise_colour, stretched
from model.miniature.recipe.sound.dice import Dice, decibels
from model.miniature.recipe.sound.rooms import ROOM, good_length, impulse_responses

CLEAN = 0.2
"""Share of the utterances of speech that stay as they are, but for their level."""
NOISY = 0.8
"""Share of the others that have noise: 0.64 of all."""
MILD_DB, HARSH_DB = 26.0, 0.0
"""Signal-to-noise ratios."""
BABBLE = 4
"""Windows of the batch that talk at once."""
LEAST = 1e-4
"""Levels below this, -80 dB, are taken for it: silence is not amplified."""


def spoil(speech: Tensor, lengths: Tensor, is_speech: Tensor, background: Tensor, strength: Tensor) -> Tensor:
    """What the microphone hears.

    Args:
        speech: float32[B, N] in [-1, 1], 16 kHz, N a multiple of 160; B and N fix all shapes.
        lengths: int64[B], samples of each.
        is_speech: bool[B]; where False, the row's own sound is left out: silence, noise, music or hum alone.
        background: int16[K], one long buffer of other sound, K >= N.
        strength: float32[], 0 (every row clean) to 1.

    Returns:
        float32[B, N] of whole steps of 1 / 32768 in [-1, 1], zero past the lengths; finite whatever comes in.
    """
    rows, samples = speech.shape
    dice = Dice(rows, strength)
    spoken = is_speech[:, None]
    inside = torch.arange(samples, device=speech.device)[None, :] < lengths[:, None]
    speech = speech * (inside & spoken)
    dirty = dice.coin(1.0 - CLEAN) | ~spoken
    noise = _noise(dice, speech, spoken, background).mul_(inside)
    gain = _noise_gain(dice, active_level(speech), active_level(noise), dirty, spoken)
    rooms = impulse_responses(dice, dice.share(0.5) & dirty & spoken)
    curve = channel(dice, dice.share(0.6) & dirty, dice.share(0.3) & dirty)
    sound = transmitted(speech, rooms, noise.mul_(gain), curve).mul(inside)
    return _recorded(dice, sound, dirty, spoken).mul_(inside)


def transmitted(speech: Tensor, rooms: Tensor, noise: Tensor, curve: Tensor) -> Tensor:
    """Speech convolved with a room, and noise, both through a channel without phase; all by rows.

    Args:
        speech: float32[B, N].
        rooms: float32[B, ROOM], impulse responses.
        noise: float32[B, N].
        curve: float32[B, POINTS], factors over frequency.

    Returns:
        float32[B, N], a view of a longer one.
    """
    length = good_length(speech.shape[1] + ROOM)
    spectrum = torch.fft.rfft(speech, length).mul_(torch.fft.rfft(rooms, length))
    spectrum.add_(torch.fft.rfft(noise, length)).mul_(stretched(curve, length // 2 + 1))
    return torch.fft.irfft(spectrum, length)[:, : speech.shape[1]]


def active_level(sound: Tensor) -> Tensor:
    """Root of the mean square of the frames within 30 dB of the loudest; float32[B, N] gives float32[B, 1]."""
    frames = sound.view(sound.shape[0], -1, FRAME)
    energy = torch.linalg.vector_norm(frames, dim=2).square_().div_(FRAME)
    active = energy > 1e-3 * energy.amax(1, keepdim=True)
    return torch.sqrt((energy * active).sum(1, keepdim=True) / active.sum(1, keepdim=True).clamp(min=1))


def windows(buffer: Tensor, starts: Tensor, samples: int) -> Tensor:
    """Stretches of a long buffer; [K] of any type and int64[B], each within 0 to K - samples, give [B, samples]."""
    return buffer.unfold(0, samples, 1)[starts].contiguous()


def _noise(dice: Dice, speech: Tensor, spoken: Tensor, background: Tensor) -> Tensor:
    """Mixtures of coloured noise, babble of the batch, background and hum, of no certain level; float32[B, N]."""
    samples = speech.shape[1]
    kind, second = dice.between(0.0, 1.0), dice.between(0.0, 1.0)
    both = dice.coin(0.2)
    # No voices where the right answer is that nobody speaks.
    of_voices = ((kind < 0.2) | (both & (second < 0.1))) & spoken
    of_background = ((kind >= 0.2) & (kind < 0.6)) | (both & (second > 0.6)) | ((kind < 0.2) & ~spoken)
    of_noise = (kind >= 0.6) | both
    noise = _coloured(dice, samples).mul_(dice.ratio(0.3, 1.0) * of_noise)
    starts = (dice.between(0.0, 1.0)[:, 0] * float(background.shape[0] - samples)).long()
    piece = windows(background, starts, samples).float()
    noise.addcmul_(piece, of_background / (active_level(piece) + LEAST * 32768.0))
    voices = _babble(dice, speech)
    return noise.addcmul_(voices, of_voices / (active_level(voices) + LEAST))


def _coloured(dice: Dice, samples: int) -> Tensor:
    """Noise of random colour with a random hum in some rows, its loudness moving in others; level 1; float32[B, N]."""
    length = good_length(samples)
    bins = length // 2 + 1
    parts = dice.normal(bins, 2)
    spectrum = torch.view_as_complex(parts)
    hums = dice.coin(0.15)
    loudness = 1.0 - 0.95 * (hums & dice.coin(0.4)).float()
    spectrum.mul_(stretched(noise_colour(dice), bins)).mul_(loudness * math.sqrt(length / 2.0))
    # Mains: 50 or 60 Hz a little beside, and 11 harmonics. A line of this height is a sine of amplitude 1.
    mains = torch.where(dice.coin(0.5), dice.between(49.9, 50.1), dice.between(59.9, 60.1))
    harmonics = torch.arange(1, 13, device=dice.device, dtype=torch.float32)
    heights = dice.between(0.0, 1.0, 12) / harmonics.pow(dice.between(0.3, 1.5)) * (length / 2.0)
    phases = dice.between(0.0, 2.0 * math.pi, 12)
    lines = torch.stack([heights * hums * torch.cos(phases), heights * hums * torch.sin(phases)], 2)
    places = (mains * harmonics * (length / 16_000.0)).round().long()
    parts.scatter_add_(1, places[:, :, None].expand(-1, -1, 2), lines)
    noise = torch.fft.irfft(spectrum, length)[:, :samples]
    moving = swings(dice, samples // FRAME, 0.2, 8.0) * (dice.between(2.0, 8.0) * (dice.coin(0.4) & ~hums))
    gains = functional.interpolate(decibels(moving)[:, None, :], samples, mode="linear")[:, 0, :]
    return gains.mul_(noise)


def _babble(dice: Dice, speech: Tensor) -> Tensor:
    """Several voices at once: windows of the batch's other rows; float32[B, N]."""
    rows, samples = speech.shape
    everything = speech.reshape(-1)
    own = torch.arange(rows, device=speech.device, dtype=torch.float32)
    voices = torch.zeros_like(speech)
    for _ in range(BABBLE):
        # A window lies across two rows; from the second row behind the own one on, neither is the own one.
        other = torch.remainder(own + 1.0 + dice.between(0.0, 1.0)[:, 0] * max(rows - 2, 0), rows)
        starts = (other * samples).long().clamp(0, (rows - 1) * samples)
        voices.addcmul_(windows(everything, starts, samples), dice.ratio(0.4, 1.0))
    return voices


def _noise_gain(dice: Dice, speech: Tensor, noise: Tensor, dirty: Tensor, spoken: Tensor) -> Tensor:
    """The factor of the noise: by the signal-to-noise ratio under speech, by a level of its own elsewhere; [B, 1]."""
    beside = speech * decibels(-dice.milder(MILD_DB, HARSH_DB)) * (dice.share(NOISY) & dirty)
    alone = decibels(dice.between(-85.0, -8.0)) * dice.coin(0.8)
    return torch.where(spoken, beside, alone) / noise.clamp(min=LEAST)


def _recorded(dice: Dice, sound: Tensor, dirty: Tensor, spoken: Tensor) -> Tensor:
    """Level swings, losses, clipping, coding, offset, final level and 16 bits."""
    peak = torch.linalg.vector_norm(sound, math.inf, 1, keepdim=True).clamp_(min=1e-5)
    gains = frame_gains(dice, sound.shape[1] // FRAME, dirty) / peak
    sound = coded(by_frames(sound, gains), dice, dirty)
    # What stays as it is keeps its own level unless it was too loud; the quieter a clip is made, the rarer.
    wanted = decibels(torch.minimum(dice.between(-40.0, 0.0), dice.between(-20.0, 10.0).clamp(max=0.0)))
    level = torch.where(dice.share(0.8) & spoken, wanted, peak.clamp(max=1.0))
    offset = dice.between(-0.03, 0.03) * (dice.share(0.05) & dirty & spoken)
    dither = dice.coin(0.5) * dice.between(0.5, 3.0)
    sound.add_(offset).mul_(level * 32767.0)
    return sound.addcmul_(torch.rand_like(sound).sub_(0.5), dither).round_().clamp_(-32768.0, 32767.0).div_(32768.0)
