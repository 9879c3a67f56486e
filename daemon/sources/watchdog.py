"""Whether a live device still delivers: a state machine without clock or device.

This file owns the decisions lost, silent and opened from the flow of the sound alone, because a device that is pulled
out mostly raises no error: its callbacks just stop. It does not know how a device is opened.
"""

from __future__ import annotations

SECOND = 1_000_000_000
FIRST_SOUND_WITHIN_NS = 2 * SECOND
"""A device that wakes up may take longer for its first block than between two of them."""

OPENED, SILENT, LOST = "opened", "silent", "lost"


class Watchdog:
    """Watches one device over all its losses. Each method returns the new state when there is one to report.

    Args:
        lost_after_ns: no sound for so long means that the device is lost.
        silent_after_ns: nothing but zeros for so long means that the device is silent.
    """

    def __init__(self, lost_after_ns: int, silent_after_ns: int) -> None:
        self._lost_after = lost_after_ns
        self._silent_after = silent_after_ns
        self._state = ""
        self._patience = lost_after_ns
        self._sound_at = 0
        self._loud_at = 0
        self._looked_at = 0

    def opening(self, now: int) -> None:
        """The device was asked to deliver; it counts as opened when it does."""
        self._patience = max(self._lost_after, FIRST_SOUND_WITHIN_NS)
        self._sound_at = self._looked_at = now

    def heard(self, now: int, zeros: bool) -> str | None:
        """A block came, of nothing but zeros or not."""
        self._sound_at = self._looked_at = now
        self._patience = self._lost_after
        if not zeros or self._state not in (OPENED, SILENT):
            self._loud_at = now
        if zeros and self._state == SILENT:
            return None
        if now - self._loud_at >= self._silent_after:
            return self._become(SILENT)
        return self._become(OPENED)

    def failed(self) -> str | None:
        """The device could not be opened, or said itself that it has stopped."""
        return self._become(LOST)

    def overdue(self, now: int) -> bool:
        """Whether the device has been still for too long; to be asked often."""
        # Nobody looked for a while: this process was stopped or the machine slept, so the silence proves nothing yet.
        if now - self._looked_at > self._lost_after // 2:
            self._sound_at = now
        self._looked_at = now
        return now - self._sound_at >= self._patience

    def _become(self, state: str) -> str | None:
        changed = state != self._state
        self._state = state
        return state if changed else None
