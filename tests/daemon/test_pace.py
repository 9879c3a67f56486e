"""The schedule of a file is absolute and exact."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.sources.file import frames
from daemon.sources.flow import Flow
from daemon.sources.pace import FASTEST, Pace

SECOND = 1_000_000_000


def test_an_hour_of_sound_takes_an_hour_to_the_nanosecond() -> None:
    assert Pace(7, 1.0).moment(3600 * 16_000) == 7 + 3600 * SECOND


@pytest.mark.parametrize(("speed", "factor"), [(2.0, 2.0), (0.5, 0.5), (0.0, FASTEST), (1000.0, FASTEST)])
def test_the_speed_is_a_factor_and_nothing_runs_away(speed: float, factor: float) -> None:
    assert Pace(0, speed).moment(16_000) == SECOND / factor


def test_frames_are_40_ms_but_for_the_last() -> None:
    sound = np.arange(1000, dtype=np.int16)
    cut = list(frames(iter([sound[:7], sound[7:7], sound[7:900], sound[900:]])))
    assert [len(frame) for frame in cut] == [640, 360]
    assert np.array_equal(np.concatenate(cut), sound)


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (44_100, 2), (16_000, 1), (8_000, 2)])
def test_a_frame_of_a_device_knows_when_its_last_sample_was_captured(rate: int, channels: int) -> None:
    """Blocks of 20 ms whose last sample is captured when they arrive, from moment 0 on."""
    flow, block = Flow(rate, channels), np.zeros((rate // 50, channels), np.int16)
    given = 0
    for count in range(1, 101):
        came = list(flow.push(block, count * SECOND // 50))
        if count == 100:
            came += list(flow.flush())
        for frame, captured_ns in came:
            given += len(frame)
            assert captured_ns == pytest.approx(given / 16_000 * SECOND, abs=SECOND / 8000)
    assert given == pytest.approx(32_000, abs=2)
