"""Where an utterance that grows too long is cut: in its longest pause, else at its quietest point.

It owns that choice among the last seconds of an utterance, and what is remembered of a frame. It does not know when an
utterance is too long, nor what becomes of the two halves.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np

from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE

CUT_WITHIN_SAMPLES = 5 * SAMPLE_RATE
"""A long utterance is cut within its last 5 s."""
CUT_WITHIN_FRAMES = CUT_WITHIN_SAMPLES // FRAME_SAMPLES
PAUSE_FRAMES = 8
"""Without speech for 160 ms, it is a pause between words and no stop within one: there a long utterance is cut."""
SMOOTH_FRAMES = 5
"""Energy is averaged over 100 ms, so that a single quiet frame inside a word does not win."""


class Frame(NamedTuple):
    """A frame that was heard: where it begins, and what was said of it."""

    start: int
    voiced: bool
    energy: float


def longest_pause(frames: list[Frame], limit: int) -> int | None:
    """Index of the frame in the middle of the longest pause within the last seconds, the latest of equals; None if
    there is none.

    Args:
        frames: of the utterance.
        limit: no cut lies behind this sample.
    """
    first = max(1, len(frames) - CUT_WITHIN_FRAMES)
    best, longest = None, PAUSE_FRAMES
    for silent, run in groupby(range(first, len(frames)), lambda index: not frames[index].voiced):
        pause = list(run)
        middle = pause[len(pause) // 2]
        if silent and len(pause) >= longest and frames[middle].start <= limit:
            best, longest = middle, len(pause)
    return best


def quietest(frames: list[Frame], limit: int) -> int:
    """Index of the frame in the middle of the quietest 100 ms within the last seconds.

    Args:
        frames: of the utterance.
        limit: no cut lies behind this sample.
    """
    loudness = np.convolve([frame.energy for frame in frames], np.ones(SMOOTH_FRAMES), "valid")
    margin = SMOOTH_FRAMES // 2
    possible = [
        index
        for index in range(max(margin, len(frames) - CUT_WITHIN_FRAMES), len(frames) - margin)
        if frames[index].start <= limit
    ]
    # Of equally quiet points the last: it leaves the least to hear again.
    return min(reversed(possible), key=lambda index: float(loudness[index - margin]))
