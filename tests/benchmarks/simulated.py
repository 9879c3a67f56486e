"""A daemon that hears words from a list, in a time that passes only where somebody waits for it.

It is a line for the player: it takes frames, begins a step when enough of them have come, answers it when its work is
done, and ends an utterance after the hangover. So a recording is played at real speed in no time, and two paces can be
held against each other to the microsecond.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.stream_play import Arrival
from benchmarks.stream_take import Sound
from clients.samples import SpokenWord
from pipeline import events
from pipeline.commands import ProgressReply
from pipeline.messages import SAMPLE_RATE, Audio
from pipeline.resample import Int16

SECOND = 1_000_000_000
CALL_NS = 300_000
"""What a question to the daemon takes."""
SOURCE = "network-1"


def spoken(*words: tuple[str, float, float]) -> tuple[SpokenWord, ...]:
    return tuple(SpokenWord(*word) for word in words)


def sound(words: Sequence[SpokenWord], seconds: float, silence: float = 1.0) -> Sound:
    """A recording of these words; only its length is heard."""
    pcm = np.zeros(round((seconds + silence) * SAMPLE_RATE), np.int16)
    return Sound("said", pcm, seconds, " ".join(word.word for word in words), tuple(words))


class SimulatedDaemon:
    """Hears `words`. Work is in seconds: `step` for a partial and a final, all of it prefill."""

    interval = 0.5
    hangover = 0.6

    def __init__(self, words: Sequence[SpokenWord], step: float = 0.1) -> None:
        self.words = words
        self.step = step
        self.now = 5 * SECOND
        self._heard = 0.0
        self._captured = 0
        self._due: list[tuple[int, Callable[[], None]]] = []
        self._published: list[Arrival] = []
        self._number = 0
        self._start: float | None = None
        self._covered = 0.0
        self._busy = False
        self._ended = False
        self._steps = 0

    def now_ns(self) -> int:
        return self.now

    def open(self, name: str, commit: bool) -> str:
        self.now += CALL_NS
        return SOURCE

    def send(self, audio: Audio, pcm: Int16) -> None:
        self._pass(self.now)
        self._heard += len(pcm) / SAMPLE_RATE
        self._captured = audio.captured_ns
        self._ended = audio.end
        self._decide()

    def progress(self, source: str) -> ProgressReply:
        self._pass(self.now + CALL_NS)
        return ProgressReply(taken=round(self._heard * SAMPLE_RATE), finished=0, ended=False, working=self._busy)

    def published(self) -> list[Arrival]:
        self._pass(self.now + CALL_NS)
        return self._taken()

    def receive(self, timeout_s: float) -> list[Arrival]:
        """Time passes to the next event, or to the end of the wait."""
        until = self.now + round(timeout_s * SECOND)
        while not self._published and self._due and self._due[0][0] <= until:
            self._pass(self._due[0][0])
        if not self._published:
            self._pass(until)
        return self._taken()

    def _taken(self) -> list[Arrival]:
        found, self._published = self._published, []
        return found

    def _pass(self, until: int) -> None:
        while self._due and self._due[0][0] <= until:
            moment, action = self._due.pop(0)
            self.now = max(self.now, moment)
            action()
        self.now = max(self.now, until)

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._due.append((self.now + round(seconds * SECOND), action))
        self._due.sort(key=lambda item: item[0])

    def publish(self, kind: type[Any], **fields: Any) -> None:
        given = {"source": SOURCE, "daemon": "one", "seq": 0, "time": 0.0} | fields
        self._published.append((self.now, kind(**given)))

    def _decide(self) -> None:
        begun = [word for word in self.words if word.start < self._heard and word.start >= self._covered]
        if self._start is None and begun:
            self._number += 1
            self._start = self._covered = begun[0].start
            self._steps = 0
            origin = self._captured - round(self._heard * SECOND)
            self.publish(events.SpeechStarted, utterance=self._number, start=self._start, origin_ns=origin)
        if self._start is None:
            if self._ended and not self._busy:
                self.publish(events.Source, state="ended")
            return
        last = max(word.end for word in self.words if word.start < self._heard)
        if self._ended or self._heard - last >= self.hangover:
            self._close(self._start, self._heard)
        elif not self._busy and self._heard - self._covered >= self.interval:
            self._busy, self._covered = True, self._heard
            self._steps += 1
            self._after(self.step, lambda start=self._start, end=self._heard: self.partial(start, end))  # type: ignore[misc]

    def text(self, start: float, end: float) -> str:
        return " ".join(word.word for word in self.words if word.start >= start and word.end <= end)

    def partial(self, start: float, end: float) -> None:
        """A step is answered, unless the utterance is over."""
        if self._start is None:
            return
        self._busy = False
        given = {"utterance": self._number, "revision": self._steps, "committed": "", "language": "English"}
        self.publish(events.Partial, tail=self.text(start, end), end=end, cost=self.step, **given)

    def _close(self, start: float, end: float) -> None:
        self._start, self._covered, self._busy = None, end, True
        self.publish(events.SpeechEnded, utterance=self._number, start=start, end=end, reason="silence")
        closed = self.now
        self._after(self.step, lambda: self.final(start, end, closed))

    def final(self, start: float, end: float, closed: int) -> None:
        """The final step is answered."""
        self._busy = False
        last = events.LastStep(asked_ns=closed, answered_ns=self.now, closed_ns=closed, prefill=self.step)
        timings = events.Timings(
            audio=end - start,
            encode=0.0,
            prefill=self.step * (self._steps + 1),
            prefill_tokens=20,
            generate=0.0,
            generate_tokens=3,
            steps=self._steps + 1,
            wait=self.step,
            slowest=self.step,
            last_step=last,
        )
        given = {"utterance": self._number, "language": "English", "timings": timings}
        self.publish(events.Final, text=self.text(start, end), start=start, end=end, **given)
        if self._ended:
            self.publish(events.Source, state="ended")
