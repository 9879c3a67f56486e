"""When the samples of a source were captured: moments into samples, and back. Sans-IO.

It reckons from the newest sample, so that a clock of the source's own, which runs a little fast or slow, is followed.
It does not know the samples.
"""

from __future__ import annotations

from pipeline.messages import SAMPLE_RATE

SECOND = 1_000_000_000
SPEED_OVER_SAMPLES = 2 * SAMPLE_RATE
FASTEST = 3
"""Sound that comes so many times faster than real time is no speech of now."""
GAP_NS = 500_000_000
"""Sound captured so much later than the sound before it goes on: between them the source gave none."""


class Clock:
    """Moments are nanoseconds of the monotonic clock; samples are numbered from 0 in the order they came."""

    def __init__(self) -> None:
        self.heard_ns = 0
        """When the newest sample was captured."""
        self.hurried = False
        """The sound comes faster than anybody speaks."""
        self.gap = 0
        """The first sample behind the last gap: those before it are older than their number says."""
        self._end = 0
        self._mark = (0, 0)
        """A number of samples, and the moment at which so many had come."""

    def heard(self, count: int, captured_ns: int) -> None:
        """So many samples came, the last of them captured then."""
        if captured_ns - self.heard_ns - count * SECOND // SAMPLE_RATE > GAP_NS:
            self.gap = self._end
        self._end += count
        self.heard_ns = captured_ns
        samples, passed_ns = self._end - self._mark[0], captured_ns - self._mark[1]
        if samples >= SPEED_OVER_SAMPLES:
            self.hurried = samples * SECOND > FASTEST * passed_ns * SAMPLE_RATE
            self._mark = (self._end, captured_ns)

    def sample_at(self, moment_ns: int) -> int:
        """The sample that was captured at that moment, or will be; none before the last gap."""
        return max(self.gap, self._end + (moment_ns - self.heard_ns) * SAMPLE_RATE // SECOND)

    @property
    def origin_ns(self) -> int:
        """Moment at which sample 0 was captured."""
        return self.heard_ns - self._end * SECOND // SAMPLE_RATE
