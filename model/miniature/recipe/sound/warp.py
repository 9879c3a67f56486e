"""Log-mel of a batch as the program computes it, with a vocal tract of any length.

This file owns the warped filterbanks and the batched form of `model.mel`; without a warp it is the same formula.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from model.mel import BINS, DYNAMIC_RANGE, HOP, N_FFT, SILENCE, TOP_HZ, mel_filters

REACH = N_FFT // 2
"""Samples that a frame looks to either side."""
BEHIND = REACH - HOP
"""Samples behind the end of a clip that its last frame looks at: mirrored, as at the beginning."""
BREAK_HZ = 6_400.0
"""Up to here the frequency axis is stretched; the rest is squeezed so that 8 kHz stays where it is."""


def factors(count: int, low: float = 0.82, high: float = 1.22) -> list[float]:
    """Warps, evenly on a logarithmic scale below and above 1, which stands at `identity(count)`.

    Raises:
        ValueError: an even count has no middle.
    """
    if count % 2 == 0 or not 0.0 < low <= 1.0 <= high:
        raise ValueError(f"{count} warps from {low} to {high}: needs an odd count and 1 in between")
    half = count // 2
    return [low ** (1 - i / half) for i in range(half)] + [1.0] + [high ** ((i + 1) / half) for i in range(half)]


def identity(count: int) -> int:
    """Index of the filterbank that warps nothing."""
    return count // 2


def filters(count: int, low: float = 0.82, high: float = 1.22) -> Tensor:
    """Filterbanks for voices whose formants lie `low` to `high` times as high.

    A bank is the program's own, applied to the spectrum after it was stretched (linearly between bins), so that no
    filter falls between two bins.

    Returns:
        float32[count, 128, 201]; the middle one is `model.mel.mel_filters` itself.
    """
    own = mel_filters(BINS).astype(np.float64)
    banks = np.stack([own @ _stretch(factor) for factor in factors(count, low, high)])
    banks[identity(count)] = own
    return torch.from_numpy(banks.astype(np.float32))


def warped(hertz: npt.NDArray[np.float64], factor: float) -> npt.NDArray[np.float64]:
    """Where a frequency goes: times `factor` up to a break, from there linearly to 8 kHz."""
    # The break lies where neither it nor its image is above 6.4 kHz.
    at = BREAK_HZ / max(factor, 1.0)
    above = factor * at + (hertz - at) * (TOP_HZ - factor * at) / (TOP_HZ - at)
    return np.where(hertz <= at, factor * hertz, above)


def _stretch(factor: float) -> npt.NDArray[np.float64]:
    """The matrix [201, 201] that takes a power spectrum to the warped one."""
    bins = np.linspace(0.0, TOP_HZ, N_FFT // 2 + 1)
    # For each bin of the result the place in the source: `warped` is increasing, so it inverts by interpolation.
    fine = np.linspace(0.0, TOP_HZ, 80_001)
    source = np.interp(bins, warped(fine, factor), fine) / (bins[1] - bins[0])
    return np.maximum(0.0, 1.0 - np.abs(source[:, None] - np.arange(len(bins))[None, :]))


class LogMel(nn.Module):
    """Sound to the encoder's input, each utterance with a filterbank of its own."""

    def __init__(self, banks: Tensor) -> None:
        super().__init__()
        self.register_buffer("banks", banks, persistent=False)
        window = torch.hann_window(N_FFT, periodic=True, dtype=torch.float64).float()
        self.register_buffer("window", window, persistent=False)

    def forward(self, sound: Tensor, frames: Tensor, bank: Tensor) -> Tensor:
        """The log-mel that the program would compute for the first `frames * 160` samples of each row.

        Args:
            sound: float32[B, N], N a multiple of 160; what lies past a row's frames does not matter.
            frames: int64[B], frames of 10 ms of each row, 2 to N / 160.
            bank: int64[B], which filterbank.

        Returns:
            float32[B, 128, N / 160], zero past the frames.
        """
        padded = mirrored(sound, frames)
        spectrum = torch.stft(padded, N_FFT, HOP, window=self.window, center=False, return_complex=True)
        power = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)
        # Powers span ten decades: no half precision here, whatever the rest of the training uses.
        with torch.autocast(sound.device.type, enabled=False):
            mel = torch.bmm(self.banks[bank], power).clamp_(min=SILENCE).log10_()
        valid = (torch.arange(mel.shape[2], device=mel.device)[None, :] < frames[:, None])[:, None, :]
        loudest = mel.masked_fill(~valid, -10.0).amax((1, 2), keepdim=True)
        return torch.maximum(mel, loudest - DYNAMIC_RANGE).add_(4.0).div_(4.0).mul_(valid)


def mirrored(sound: Tensor, frames: Tensor) -> Tensor:
    """Sound with its mirror image before its beginning and behind each row's end; float32[B, 200 + N + 40]."""
    rows, samples = sound.shape
    padded = torch.zeros(rows, REACH + samples + BEHIND, device=sound.device, dtype=sound.dtype)
    padded[:, REACH:-BEHIND] = sound
    padded[:, :REACH] = sound[:, 1 : REACH + 1].flip(1)
    step = torch.arange(BEHIND, device=sound.device)[None, :]
    end = frames[:, None] * HOP
    image = sound.gather(1, (end - 2 - step).clamp(min=0))
    return padded.scatter_(1, end + step + REACH, image)
