"""When a sample of a file would have been captured, had it come from a microphone.

This file owns that schedule. It is absolute: a late frame does not delay the next one. It does not know the clock; it
is told the moment at which the first sample begins.
"""

from __future__ import annotations

from pipeline.messages import SAMPLE_RATE

FASTEST = 20.0
"""Stands for "as fast as it is taken": a source process cannot see what the hub has taken, so it never runs away."""


class Pace:
    """The schedule of one file.

    Args:
        start_ns: monotonic moment at which sample 0 begins.
        speed: 1 is real speed; 0 is as fast as this side dares, FASTEST.
    """

    def __init__(self, start_ns: int, speed: float) -> None:
        self._start_ns = start_ns
        self._speed = min(speed, FASTEST) if speed > 0 else FASTEST

    def moment(self, samples: int) -> int:
        """Monotonic moment, in ns, at which so many samples have been captured."""
        return self._start_ns + round(samples * 1_000_000_000 / SAMPLE_RATE / self._speed)
