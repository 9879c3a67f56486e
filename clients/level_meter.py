"""A level meter of characters: a bar on a scale of decibels, and the peak that it reached of late. Sans-IO.

It owns the scale and how long a peak is held. It does not know where levels come from, nor the terminal.
"""

from __future__ import annotations

LOWEST_DB = -60.0
"""The left end of the scale; its right end is full scale, 0 dB."""
HOLD_S = 1.5
"""So long a peak stands."""
FALL_DB_S = 20.0
"""Then it falls so fast, until the level itself is higher."""

FULL, EMPTY, PEAK = "█", "·", "▌"
PLAIN_FULL, PLAIN_EMPTY, PLAIN_PEAK = "#", ".", "|"


class Meter:
    """The meter of one source."""

    def __init__(self) -> None:
        self._db = LOWEST_DB
        self._peak_db = LOWEST_DB
        self._peak_s = 0.0

    def step(self, db: float, now_s: float) -> None:
        """A level was measured: dB below full scale, and the moment of a monotonic clock."""
        self._db = db
        if db >= self.peak(now_s):
            self._peak_db, self._peak_s = db, now_s

    def peak(self, now_s: float) -> float:
        """The peak that is shown at this moment, in dB."""
        fallen = max(0.0, now_s - self._peak_s - HOLD_S) * FALL_DB_S
        return max(self._peak_db - fallen, self._db)

    def bar(self, now_s: float, width: int, plain: bool = False) -> str:
        """So many characters; `plain` where a terminal may know no others than those of ASCII."""
        full, empty, mark = (PLAIN_FULL, PLAIN_EMPTY, PLAIN_PEAK) if plain else (FULL, EMPTY, PEAK)
        level, peak = _columns(self._db, width), _columns(self.peak(now_s), width)
        cells = [full if column < level else empty for column in range(width)]
        if peak > level:
            cells[peak - 1] = mark
        return "".join(cells)

    def text(self) -> str:
        """The level in figures."""
        return f"{max(self._db, -90.0):4.0f} dB"


def _columns(db: float, width: int) -> int:
    """How many of so many columns a level fills."""
    share = (min(max(db, LOWEST_DB), 0.0) - LOWEST_DB) / -LOWEST_DB
    return round(share * width)
