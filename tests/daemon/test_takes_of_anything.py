"""Presses and releases at any point of any sound: a take has all that was said, and nothing else."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from pipeline.messages import FRAME_SAMPLES
from tests.daemon.pressed import Pressed, S, Said, sound

pytestmark = pytest.mark.usefixtures("loud_vad")

PRE, TAIL, RELEASE_TAIL = (300 * S // 1000, 120 * S // 1000, 600 * S // 1000)
ONSET = 100 * S // 1000
RUNS = st.lists(st.tuples(st.booleans(), st.integers(1, 60)), min_size=1, max_size=10)


@hypothesis(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    runs=RUNS,
    press=st.integers(0, 6 * S),
    length=st.integers(0, 6 * S),
    press_late=st.integers(0, 2 * S),
    release_late=st.integers(0, 3200),
    latency=st.integers(0, 3200),
    held=st.booleans(),
    block=st.sampled_from([320, 640, 700]),
)
def test_whatever_is_said_a_take_has_all_of_it_and_nothing_else(
    runs: list[tuple[bool, int]],
    press: int,
    length: int,
    press_late: int,
    release_late: int,
    latency: int,
    held: bool,
    block: int,
) -> None:
    pcm = sound(*[(loud, frames * 0.05) for loud, frames in runs], (False, 15))
    release = press + length
    with tempfile.TemporaryDirectory() as directory:
        key = Pressed(Path(directory), pcm, block=block)
        press_late = min(press_late, length)
        key.play(
            (press + press_late, lambda: key.press(press, press_late, held=held)),
            (release + release_late, lambda: key.release(release, release_late)),
            latency=latency,
        )
        _check(key.said, np.abs(pcm) > 1000, max(0, press - PRE), release, held)
        assert not key.track.listening
        key.track.close()


def _check(said: list[Said], loud: Any, begin: int, release: int, held: bool) -> None:
    assert all(before.end <= after.start for before, after in itertools.pairwise(said))
    assert all(begin <= one.start < one.end < release + RELEASE_TAIL + 2 * FRAME_SAMPLES for one in said)
    if held:
        assert len([one for one in said if loud[one.start : one.end].sum() >= ONSET]) <= 1
    silent = not loud[max(begin, release - TAIL - 2 * FRAME_SAMPLES) : release + FRAME_SAMPLES].any()
    assert not silent or all(one.end < release + 2 * FRAME_SAMPLES for one in said)
    inside = np.zeros(len(loud), bool)
    for one in said:
        inside[one.start : one.end] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(np.int8)))
    for start, end in edges.reshape(-1, 2):
        first, last = max(start, begin), min(end, release)
        # Speech that goes on behind the release counts as begun, too; less than an onset nobody takes for speech.
        if last > first and min(end, release + RELEASE_TAIL) - first >= ONSET:
            assert inside[first:last].all()
