"""Log-mel spectrogram: sound in, the picture that the encoder looks at out.

This file owns the formula, which is that of Whisper's feature extractor, and nothing else. The unfloored spectrogram
and the floor are apart, since only the floor depends on the whole clip.

Source: `WhisperFeatureExtractor` of transformers; filters after Slaney's Auditory Toolbox, as librosa writes them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
HOP = 160
"""Samples between frames: 10 ms."""
N_FFT = 400
"""Samples of a frame: 25 ms."""
BINS = 128
TOP_HZ = 8_000.0
SILENCE = 1e-10
"""Least power, before the logarithm."""
DYNAMIC_RANGE = 8.0
"""Decades below the loudest value at which the picture is cut off."""
TOGETHER = 100
"""Frames that are computed at once. The clip is divided from its beginning, and the last ones are always as many, so
that every frame has one place in one shape of product, and the same bits however long the clip has grown."""

Floats = npt.NDArray[np.float32]

# The Slaney scale: linear up to 1 kHz, 27 steps per factor 6.4 above it.
_LINEAR_HZ = 200.0 / 3.0
_BREAK_HZ = 1_000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ
_LOG_STEP = np.log(6.4) / 27.0


def log_mel(pcm: Floats, bins: int = BINS) -> Floats:
    """The encoder's input.

    Args:
        pcm: float32[n], mono 16 kHz, in [-1, 1].
        bins: mel bands, `num_mel_bins` of the model.

    Returns:
        float32[bins, n // 160]; empty for less than one hop.
    """
    return floored(unfloored_log_mel(pcm, bins))


def unfloored_log_mel(pcm: Floats, bins: int = BINS, first: int = 0) -> Floats:
    """log10 of the mel power, before floor and scaling; float32[bins, n // 160 - first] for float32[n].

    A frame depends on no sample farther from its middle than 200, at the ends of the clip on their mirror image.

    Args:
        pcm: the whole clip.
        bins: mel bands.
        first: the first frame that is wanted, 0 <= first <= n // 160; the cost is that of the frames from there on.
    """
    # The centred transform has n // 160 + 1 frames; the last one is dropped, as in the original.
    frames = len(pcm) // HOP
    begin = first - first % TOGETHER
    parts = [np.empty((bins, 0), dtype=np.float32)]
    parts += [_frames(pcm, bins, start) for start in range(begin, frames, TOGETHER)]
    return np.concatenate(parts, axis=1)[:, first - begin : frames - begin]


def settled(samples: int) -> int:
    """How many frames of a clip stay as they are whatever sound follows: all, or all but the last.

    Frame t ends before sample 160 t + 200; what the clip lacks of that is mirrored until it comes. (Sample 200 itself,
    the farthest that is mirrored before the clip, has no weight in the window.)
    """
    return max(0, (samples - N_FFT // 2) // HOP + 1)


def _frames(pcm: Floats, bins: int, start: int) -> Floats:
    """`TOGETHER` frames of the unfloored log-mel, those behind the clip's end made up of its mirror image."""
    at = np.abs(np.arange(start * HOP - N_FFT // 2, (start + TOGETHER - 1) * HOP + N_FFT // 2))
    at %= 2 * (len(pcm) - 1)
    near = pcm[np.minimum(at, 2 * (len(pcm) - 1) - at)]
    windows = np.lib.stride_tricks.sliding_window_view(near, N_FFT)[::HOP]
    spectrum = np.fft.rfft(windows * _hann(), axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    mel = mel_filters(bins) @ power.T
    return np.log10(np.maximum(mel, np.float32(SILENCE)))


def floored(log: Floats, loudest: float | None = None) -> Floats:
    """Cut off what lies 8 decades below the loudest value and scale: (max(x, loudest - 8) + 4) / 4.

    Args:
        log: unfloored log-mel.
        loudest: largest unfloored value of the whole clip; taken from `log` when not given.
    """
    if log.size == 0:
        return log
    top = np.float32(log.max() if loudest is None else loudest)
    return (np.maximum(log, top - np.float32(DYNAMIC_RANGE)) + np.float32(4.0)) / np.float32(4.0)


@cache
def mel_filters(bins: int) -> Floats:
    """Triangular filters of equal area, float32[bins, 201], from 0 Hz to 8 kHz; read-only."""
    edges = _hertz(np.linspace(0.0, _mel(TOP_HZ), bins + 2))
    frequencies = np.linspace(0.0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    rising = (frequencies[None, :] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies[None, :]) / (edges[2:] - edges[1:-1])[:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    filters = (np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]).astype(np.float32)
    filters.setflags(write=False)
    return filters


@cache
def _hann() -> Floats:
    """Periodic Hann window of 400 samples; read-only."""
    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)
    window.setflags(write=False)
    return window


def _mel(hertz: float) -> float:
    return float(_BREAK_MEL + np.log(hertz / _BREAK_HZ) / _LOG_STEP) if hertz >= _BREAK_HZ else hertz / _LINEAR_HZ


def _hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mel >= _BREAK_MEL, _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL)), _LINEAR_HZ * mel)
