"""Whether the daemon listens, and to which take: presses and releases, starts and stops.

It owns the takes' numbers and what each command does to them. It does not know sound, nor what time it is: `daemon.ear`
and the tracks find the samples of a take by its moments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from daemon.ear import Ear
from daemon.take import Take
from pipeline import events
from pipeline.commands import Start, Toggle
from pipeline.settings import Settings

OVERTAKEN_NS = 2_000_000_000
"""A release that came before its press, as two programs may bring them, is remembered for so long."""


class Outside(Protocol):
    """What the takes may want done."""

    def publish(self, kind: type[events.Event], **fields: Any) -> None:
        """Publish an event."""


class Takes:
    """See the top of the file. Moments are nanoseconds of the monotonic clock."""

    def __init__(self, settings: Settings, ear: Ear, outside: Outside, lives: Callable[[int], bool]) -> None:
        """Begin; `lives` tells whether the process of an id does."""
        self.listening = settings.daemon.mode == "always"
        self.latest = Take()
        """The take that goes on, or the last one."""
        self._on_demand = settings.daemon.mode == "on-demand"
        self._vad = settings.vad
        self._ear = ear
        self._outside = outside
        self._lives = lives
        self._unmatched_ns = 0
        """A release while nobody listened."""

    @property
    def first(self) -> Take | None:
        """What a source hears from its first sample on: all, in a daemon that listens always."""
        return self.latest if self.listening else None

    def start(self, wanted: Start | Toggle, now_ns: int) -> None:
        """Begin a take. One that goes on is `held` as wanted from now on; its owner is the client that will end it."""
        at_ns = min(wanted.at_ns, now_ns) if wanted.at_ns else now_ns
        if self.listening:
            self.latest.owner = wanted.owner or self.latest.owner
            if wanted.held != self.latest.held:
                self.latest.held = wanted.held
                self._publish(at_ns, key_press=wanted.key_press)
            return
        self.latest = Take(
            number=self.latest.number + 1,
            begin_ns=at_ns,
            pre_roll_ms=self._vad.press_pre_roll_ms if wanted.at_ns else self._vad.pre_roll_ms,
            held=wanted.held,
            language=wanted.language,
            context=wanted.context,
            output=wanted.output,
            owner=wanted.owner,
        )
        self.listening = True
        self._publish(at_ns, key_press=wanted.key_press)
        for track in self._ear.followers:
            track.listen(self.latest)
            self._ear.cut(track)
        if wanted.at_ns and at_ns < self._unmatched_ns < at_ns + OVERTAKEN_NS:
            self.stop(self._unmatched_ns, now_ns)

    def stop(self, at_ns: int, now_ns: int, key_press: bool = False) -> None:
        """End the take at once, if `at_ns` is 0; or as of that moment, and then the word that was being said may end.

        Sound that was captured until then may still have to come.
        """
        moment_ns = max(min(at_ns, now_ns), self.latest.begin_ns) if at_ns else now_ns
        if not self.listening:
            self._unmatched_ns = min(at_ns, now_ns)
        else:
            self.listening = False
            self.latest.release_ns = moment_ns if at_ns else None
            self._publish(moment_ns, key_press=key_press)
        if not at_ns:
            self._ear.stop("stop")
        for track in self._ear.followers:
            self._ear.cut(track)

    def toggle(self, wanted: Toggle, now_ns: int) -> None:
        """Start, or stop."""
        if self.listening:
            self.stop(wanted.at_ns, now_ns, wanted.key_press)
        else:
            self.start(wanted, now_ns)

    def cancel(self, now_ns: int, key_press: bool = False) -> None:
        """Drop what is being said. On demand the take ends, even one that was released and waits for its last word."""
        releasing = any(track.releasing for track in self._ear.followers)
        self._ear.close_open("cancel")
        if not self._on_demand:
            return
        if self.listening or releasing:
            self.listening = False
            self._publish(now_ns, cancelled=True, key_press=key_press)
        self._ear.stop("cancel")

    def add_context(self, number: int, context: str) -> None:
        """More context for the take of that number, if it goes on and has one."""
        if number and number == self.latest.number and self.listening:
            self.latest.add_context(context)

    def tick(self, now_ns: int) -> None:
        """End the take whose owner has gone, and those whose last sound does not come."""
        if self.listening and self.latest.owner and not self._lives(self.latest.owner):
            self.stop(now_ns, now_ns)
        for track in self._ear.followers:
            if track.overdue(now_ns):
                self._ear.end_take(track, "stop")
                self._ear.cut(track)

    def _publish(self, at_ns: int, *, cancelled: bool = False, key_press: bool = False) -> None:
        take = self.latest
        self._outside.publish(
            events.Listening,
            on=self.listening,
            take=take.number,
            at_ns=at_ns,
            held=take.held,
            output=take.output,
            cancelled=cancelled,
            key_press=key_press,
        )
