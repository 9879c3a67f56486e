"""Whether a stretch of sound has the pitch of a voice: how much of it is periodic. numpy alone; it knows no words.

Most of what anybody says aloud is voiced, that is, it repeats itself with the folds of the throat. Breath, keys and the
air of a fan repeat nothing. Nor does whispering, so that a lack of pitch alone proves nothing; and music has pitch too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.messages import SAMPLE_RATE

Int16 = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]

RATE = SAMPLE_RATE // 2
"""Pitch lies low: every pair of samples is added up, which halves the work and leaves out the upper half of a noise."""
FRAME = RATE // 25
"""40 ms, in which the lowest voice repeats itself more than twice ..."""
HOP = FRAME // 2
"""... and half of them again in the next frame."""
LAGS = np.arange(RATE // 400, RATE // 60 + 1)
"""Samples between two repetitions, of voices from 400 down to 60 Hz."""
ALIKE = 0.6
"""So alike are the periods of a voice, the same being 1.0; two pieces of noise seldom are."""
LOUD = 0.03
"""Of the energy of the loudest frames, 15 dB below them: what is softer lies mostly between the sounds."""
LOUDEST = 0.95
"""The loudest are those above this share of all: one knock does not make all else soft."""
TOGETHER = 128
"""Frames that are looked at in one go: they fit into a processor's cache."""
POINTS = 512
"""Of their transform: no less than a frame and the longest lag."""


def voicing(pcm: Int16) -> float:
    """The share of the loud part of int16[n], mono 16 kHz, that is voiced: 0.0 for none of it, 1.0 for all.

    A frame alone may be periodic by chance: only those count that stand beside another one.
    """
    sound = pcm[: len(pcm) // 2 * 2].reshape(-1, 2).sum(axis=1, dtype=np.float32)
    if len(sound) < FRAME:
        return 0.0
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    energy = np.einsum("ft,ft->f", frames, frames)
    loud = np.flatnonzero((energy > 0.0) & (energy >= LOUD * np.quantile(energy, LOUDEST)))
    if not len(loud):
        return 0.0
    voiced = np.zeros(len(frames) + 2, np.bool_)
    for at in range(0, len(loud), TOGETHER):
        some = loud[at : at + TOGETHER]
        voiced[some + 1] = _likeness(frames[some]) > ALIKE
    lasting = voiced[1:-1] & (voiced[:-2] | voiced[2:])
    return float(np.count_nonzero(lasting)) / len(loud)


def _likeness(frames: Floats) -> Floats:
    """float32[f]: how alike each of float32[f, FRAME], none of them silent, is to itself a period of a voice later.

    Source: the normalised cross-correlation of Talkin, A Robust Algorithm for Pitch Tracking (1995).
    """
    spectrum = np.fft.rfft(frames, POINTS, axis=1)
    products = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, POINTS, axis=1)[:, LAGS]
    energy = np.cumsum(frames**2, axis=1)
    first, second = energy[:, FRAME - 1 - LAGS], energy[:, -1:] - energy[:, LAGS - 1]
    powers = np.sqrt(first * second)
    likeness = np.divide(products, powers, out=np.zeros_like(products), where=powers > 0.0)
    return np.asarray(likeness.max(axis=1), np.float32)
