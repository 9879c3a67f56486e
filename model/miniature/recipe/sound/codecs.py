"""Lossy codecs for some clips, on the processor: what calls and streams do to speech.

This file owns two: a telephone line at 8 kHz with A-law, and a transform codec with few bits as music and calls have,
with its holes in the spectrum and its smearing over 20 ms. No format of the world is written, only heard.

Source: ITU-T G.711 (the continuous A-law); Princen and Bradley 1987 (the modified discrete cosine transform).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.sound.waves import Floats, Random, fast_length

Samples = npt.NDArray[np.int16]

A = 87.6
HOP = 320
"""Samples between blocks: 20 ms. A block has twice as many."""
BAND_EDGES = (0, 4, 8, 12, 16, 20, 24, 30, 36, 44, 52, 62, 74, 88, 104, 124, 150, 180, 220, 264, 320)
"""Coefficients of 25 Hz where the bands begin that share a step."""


def through_a_codec(rng: Random, samples: Samples) -> Samples:
    """A clip through one of the codecs with a random quality; int16[n] at 16 kHz gives the same, in time with it."""
    if rng.random() < 0.3:
        return telephone(samples)
    return transform(samples, float(rng.uniform(4.0, 20.0)), float(rng.choice([3_400.0, 5_500.0, 7_000.0, 8_000.0])))


def telephone(samples: Samples) -> Samples:
    """300 to 3400 Hz, 8 kHz, 8 bits by A-law."""
    length = fast_length(len(samples) + 1_600)
    length += length % 2
    hertz = np.fft.rfftfreq(length, 1.0 / 16_000).astype(np.float32)
    slopes = np.clip((hertz - 200.0) / 100.0, 0.0, 1.0) * np.clip((3_700.0 - hertz) / 300.0, 0.0, 1.0)
    spectrum = np.fft.rfft(samples.astype(np.float32) / np.float32(32_768.0), length) * slopes
    # Half the samples are coded, as they are all that is sent.
    half = np.fft.irfft(spectrum[: length // 4 + 1], length // 2).astype(np.float32) * np.float32(0.5)
    sent = np.fft.rfft(a_law(half) * np.float32(2.0), length // 2)
    spectrum = np.zeros(length // 2 + 1, dtype=np.complex64)
    spectrum[: length // 4] = sent[:-1]
    return _whole(np.fft.irfft(spectrum, length)[: len(samples)])


def a_law(sound: Floats) -> Floats:
    """There and back through 8 bits; float32[n] in [-1, 1]."""
    size, knee = np.minimum(np.abs(sound), 1.0), 1.0 + np.log(A)
    code = np.where(size < 1.0 / A, A * size, 1.0 + np.log(np.maximum(A * size, 1.0))) / knee
    code = (np.floor(code * 127.999) + 0.5) / 128.0
    size = np.where(code < 1.0 / knee, code * knee / A, np.exp(code * knee - 1.0) / A)
    return np.copysign(size, sound).astype(np.float32)


def transform(samples: Samples, quality: float, top: float) -> Samples:
    """Blocks of cosines with coarse steps.

    Args:
        samples: int16[n].
        quality: dB from a band's power to its error at low frequencies; high ones get 12 dB less.
        top: Hz above which nothing is sent.
    """
    blocks = -(-len(samples) // HOP) + 1
    padded = np.zeros((blocks + 1) * HOP, dtype=np.float32)
    padded[HOP : HOP + len(samples)] = samples
    parts = padded.reshape(-1, HOP)
    basis = _basis()
    heights = np.concatenate([parts[:-1], parts[1:]], axis=1) @ basis
    heights[:, int(top / 25.0) :] = 0.0
    coded = _stepped(heights, quality) @ basis.T
    sound = np.zeros_like(parts)
    sound[:-1] += coded[:, :HOP]
    sound[1:] += coded[:, HOP:]
    return _whole(sound.reshape(-1)[HOP : HOP + len(samples)] / np.float32(32_768.0))


def _stepped(heights: Floats, quality: float) -> Floats:
    """Each band in steps by its own power, which is itself told in steps of 3 dB."""
    edges = np.array(BAND_EDGES)
    widths = np.diff(edges)
    power = np.add.reduceat(heights**2, edges[:-1], axis=1) / widths + np.float32(1e-6)
    level = np.rint(10.0 * np.log10(power) / 3.0) * 3.0
    kept = quality - 12.0 * np.arange(len(widths)) / len(widths)
    step = np.sqrt(12.0) * 10.0 ** ((level - kept) / 20.0)
    steps = np.repeat(step, widths, axis=1).astype(np.float32)
    return np.rint(heights / steps) * steps


@cache
def _basis() -> Floats:
    """The windowed cosines of the transform, float32[2 HOP, HOP]; applied there and back they give the sound itself."""
    time, number = np.arange(2 * HOP)[:, None], np.arange(HOP)[None, :]
    window = np.sin(np.pi * (time + 0.5) / (2 * HOP))
    waves = np.cos(np.pi / HOP * (time + 0.5 + HOP / 2) * (number + 0.5))
    return (window * waves * np.sqrt(2.0 / HOP)).astype(np.float32)


def _whole(sound: npt.NDArray[np.floating]) -> Samples:
    return np.rint(np.clip(sound * 32_768.0, -32_768.0, 32_767.0)).astype(np.int16)
