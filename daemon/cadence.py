"""When the next partial of an utterance is due. Sans-IO.

It owns the rule that a machine which needs long for a step makes fewer of them: lag cannot grow, whatever a step costs.
It does not know what a step is for.
"""

from __future__ import annotations

from pipeline.messages import SAMPLE_RATE

BREATH = 2
"""After a step that cost so much, the next one begins no sooner than so many times that after it began: half of the
time the workers are free for others, and for the final."""
QUICK_STEPS = 4
"""So many steps may come after half the interval: what has no text by then is no speech."""


class Cadence:
    """One utterance's steps.

    Args:
        interval_ms: new sound that must have come before the next step.
    """

    def __init__(self, interval_ms: int) -> None:
        self._interval_ms = interval_ms
        self._steps = 0
        self._asked_ns = 0
        self._asked_heard_ns = 0
        self._cost_ns = 0
        self._text_shown = False

    @property
    def strain(self) -> float:
        """What the last step cost, as a part of the interval: over a half, the steps are stretched."""
        return self._cost_ns / (self._interval_ms * 1_000_000)

    def due(self, new_samples: int, heard_ns: int, now_ns: int) -> bool:
        """Whether a step is due, if none is in flight.

        The first one is due at once, a few more after half the interval until text is shown.

        Args:
            new_samples: sound that no step has covered yet.
            heard_ns: moment at which the newest sound was captured, on the clock of its source.
            now_ns: monotonic.
        """
        if not self._steps:
            return new_samples > 0
        interval = self._interval_ms * SAMPLE_RATE // 1000
        if not self._text_shown and self._steps <= QUICK_STEPS:
            interval //= 2
        # A replay may run faster than the clock of this machine; then its own clock tells when sound was captured.
        passed_ns = max(heard_ns - self._asked_heard_ns, now_ns - self._asked_ns)
        return new_samples >= interval and passed_ns >= BREATH * self._cost_ns

    def asked(self, heard_ns: int, now_ns: int) -> None:
        """A step was begun."""
        self._steps += 1
        self._asked_ns, self._asked_heard_ns = now_ns, heard_ns

    def answered(self, now_ns: int) -> None:
        """It was answered."""
        self._cost_ns = max(0, now_ns - self._asked_ns)

    def text_shown(self) -> None:
        """There is text on the screen."""
        self._text_shown = True
