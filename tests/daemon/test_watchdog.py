"""Whether a device delivers, decided from the flow of its sound alone; the clock is the test's."""

from __future__ import annotations

from daemon.sources.watchdog import Watchdog

MS = 1_000_000


class Story:
    """A device and its watchdog: 20 ms steps, each with sound, zeros, or nothing."""

    def __init__(self) -> None:
        self.now = 5_000 * MS
        self.watchdog = Watchdog(lost_after_ns=800 * MS, silent_after_ns=2_000 * MS)
        self.watchdog.opening(self.now)
        self.told: list[tuple[int, str]] = []

    def live(self, milliseconds: int, what: str) -> list[tuple[int, str]]:
        """Returns what was reported in this time: (ms from its beginning, state)."""
        began, before = self.now, len(self.told)
        while self.now < began + milliseconds * MS:
            self.now += 20 * MS
            if what == "nothing":
                state = self.watchdog.failed() if self.watchdog.overdue(self.now) else None
            else:
                state = self.watchdog.heard(self.now, zeros=what == "zeros")
            if state is not None:
                self.told.append(((self.now - began) // MS, state))
        return self.told[before:]


def test_a_device_is_opened_when_it_delivers_and_not_before() -> None:
    story = Story()
    assert story.live(1000, "nothing") == []
    assert story.live(1000, "sound") == [(20, "opened")]


def test_a_device_that_never_delivers_is_lost_after_a_longer_wait() -> None:
    assert Story().live(5000, "nothing") == [(2000, "lost")]


def test_a_device_that_stops_is_lost_once_after_the_set_time() -> None:
    story = Story()
    story.live(1000, "sound")
    assert story.live(5000, "nothing") == [(800, "lost")]


def test_a_short_stall_is_no_loss() -> None:
    story = Story()
    story.live(1000, "sound")
    assert story.live(780, "nothing") + story.live(1000, "sound") == []


def test_a_lost_device_is_opened_again_when_it_delivers() -> None:
    story = Story()
    story.live(1000, "sound")
    story.live(2000, "nothing")
    story.watchdog.opening(story.now)
    assert story.live(500, "nothing") == []
    assert story.live(500, "zeros") == [(20, "opened")]


def test_zeros_are_silence_after_the_set_time_and_sound_ends_it() -> None:
    story = Story()
    story.live(1000, "sound")
    assert story.live(5000, "zeros") == [(2000, "silent")]
    assert story.live(1000, "sound") == [(20, "opened")]


def test_zeros_from_the_start_are_opened_then_silent() -> None:
    assert Story().live(5000, "zeros") == [(20, "opened"), (2020, "silent")]


def test_a_silent_device_can_be_lost() -> None:
    story = Story()
    story.live(5000, "zeros")
    assert story.live(1000, "nothing") == [(800, "lost")]


def test_a_gap_in_which_nobody_looked_proves_nothing() -> None:
    story = Story()
    story.live(1000, "sound")
    story.now += 30_000 * MS
    assert story.live(700, "nothing") + story.live(1000, "sound") == []


def test_a_device_that_is_gone_after_such_a_gap_is_lost_a_little_later() -> None:
    story = Story()
    story.live(1000, "sound")
    story.now += 30_000 * MS
    assert story.live(2000, "nothing") == [(820, "lost")]


def test_a_device_that_cannot_be_opened_is_lost_once() -> None:
    watchdog = Watchdog(800 * MS, 2000 * MS)
    assert [watchdog.failed(), watchdog.failed()] == ["lost", None]
