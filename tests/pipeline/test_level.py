"""The level of sound."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.level import peak_db


@pytest.mark.parametrize(
    ("peak", "level"), [(-32768, 0.0), (32767, -0.0), (16384, -6.0), (-3277, -20.0), (1, -90.0), (0, -90.0)]
)
def test_the_level_is_the_peak_in_decibels_below_full_scale(peak: int, level: float) -> None:
    pcm = np.zeros(1600, np.int16)
    pcm[700] = peak
    assert peak_db(pcm) == pytest.approx(level, abs=0.05)
