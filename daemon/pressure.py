"""How far the daemon falls behind, and what it leaves out so as to catch up. Sans-IO.

It owns the four paces and when one gives way to the next; it is told what is behind and what time it is. It does not
know utterances, and does not leave out anything itself. Finals are never left out.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Pace = Literal["full", "fewer-partials", "no-live-words", "finals-only"]
PACES: tuple[Pace, ...] = ("full", "fewer-partials", "no-live-words", "finals-only")

STRAINED, EASED = 0.5, 0.35
"""A step that costs more than this part of its interval stretches the next one; to be at ease takes clearly less."""
WORST_STRAIN = 1.0
"""No step counts for more: one hiccup is no pressure."""
WEIGHT = 0.3
"""Of the newest step in the running mean, so that about three slow ones in a row are pressure."""
BEHIND_NS = (2_000_000_000, 5_000_000_000)
"""A final that waits for so long, or a partial in work for so long, asks for `no-live-words` and `finals-only`."""
SETTLE_NS = 1_000_000_000
"""A pace is given so long to help before the next one is taken."""
CALM_NS = 10_000_000_000
"""After so long without a reason for the pace, the one before it is tried again ..."""
LONGEST_CALM_NS = 160_000_000_000
"""... and after twice as long each time that this was too early, but no longer than this."""

SAID: dict[Pace, str] = {
    "full": "the machine keeps up again: nothing is left out any more",
    "fewer-partials": "the machine is slow: text while you speak comes less often",
    "no-live-words": "the machine falls behind: words get no provisional times while you speak",
    "finals-only": "the machine falls far behind: no text while you speak, only finals",
}
HINT = "A smaller model or a faster precision (`steno doctor`) keeps up."


class Change(NamedTuple):
    """Another pace, and what is to be said of it."""

    pace: Pace
    level: str
    """info | warning."""
    text: str
    hint: str


class Pressure:
    """See the top of the file. Moments and intervals are nanoseconds of any monotonic clock."""

    def __init__(self) -> None:
        self._level = 0
        self._strain = 0.0
        self._changed_ns = 0
        self._reason_ns = 0
        """When there was last a reason for the present pace."""
        self._calm_ns = CALM_NS
        self._eased_ns: int | None = None
        """When a faster pace was last tried again."""

    @property
    def pace(self) -> Pace:
        """What is left out now."""
        return PACES[self._level]

    def leaves_out(self, pace: Pace) -> bool:
        """Whether what this pace leaves out is left out now."""
        return self._level >= PACES.index(pace)

    def step(self, strain: float) -> None:
        """A partial was answered.

        Args:
            strain: what it cost, as a part of the interval between partials.
        """
        self._strain += WEIGHT * (min(strain, WORST_STRAIN) - self._strain)

    def tick(self, now_ns: int, waiting_ns: int, working_ns: int) -> Change | None:
        """What changes now, one pace at a time.

        Args:
            waiting_ns: so long has a closed utterance waited for its final.
            working_ns: so long has a partial been in work.
        """
        behind = max(waiting_ns, working_ns)
        strained = self._strain > (EASED if self._level else STRAINED)
        wanted = max(int(strained), *((2 + i) * (behind > limit) for i, limit in enumerate(BEHIND_NS)))
        if wanted >= self._level:
            self._reason_ns = now_ns
        if wanted > self._level and (not self._level or now_ns - self._changed_ns >= SETTLE_NS):
            if self._eased_ns is not None and now_ns - self._eased_ns < 2 * self._calm_ns:
                self._calm_ns = min(2 * self._calm_ns, LONGEST_CALM_NS)
            self._eased_ns = None
            return self._change(self._level + 1, now_ns)
        if self._level and now_ns - self._reason_ns >= self._calm_ns:
            self._eased_ns = self._reason_ns = now_ns
            return self._change(self._level - 1, now_ns)
        if not self._level and self._eased_ns is not None and now_ns - self._eased_ns >= 2 * self._calm_ns:
            self._calm_ns, self._eased_ns = CALM_NS, None
        return None

    def _change(self, level: int, now_ns: int) -> Change:
        slower = level > self._level
        self._level, self._changed_ns = level, now_ns
        text = SAID[self.pace] if slower or not level else f"the machine recovers; still in force: {SAID[self.pace]}"
        return Change(self.pace, "warning" if slower else "info", text, HINT if slower else "")
