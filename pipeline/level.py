"""How loud sound is: its peak, as a level meter shows it. It does not know where the sound comes from."""

from __future__ import annotations

import math

import numpy as np

from pipeline.resample import Int16

LOWEST_DB = -90.0
"""Less than the smallest step of 16 bits is silence."""
FULL_SCALE = 32768


def peak_db(pcm: Int16) -> float:
    """Peak of int16[n] in dB below full scale, -90 for silence to 0, with one decimal.

    Raises:
        ValueError: no samples.
    """
    peak = int(np.abs(pcm.astype(np.int32)).max())
    return max(LOWEST_DB, round(20 * math.log10(peak / FULL_SCALE), 1)) if peak else LOWEST_DB
