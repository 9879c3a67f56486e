"""Plays a recording into the daemon as a microphone would, and notes what comes back and when.

It owns the two paces and the clock that both are measured on. It knows neither sockets nor what is measured.

- Real speed: each frame is sent when its last sample would have been captured.
- Virtual: while the daemon has anything to do, time runs as it does and frames are sent when they are due. While it has
  nothing to do, and has taken all that was sent, nothing can happen before the next frame: the clock jumps to the
  moment at which that one is due. So latencies are those of real speed, and the pauses between work cost no time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

from benchmarks.stream_take import Heard, Sent, Sound, Step, Take
from pipeline import events
from pipeline.commands import ProgressReply
from pipeline.errors import StenoError
from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE, Audio
from pipeline.resample import Int16

SECOND = 1_000_000_000
LOOK_S = 0.01
"""How often, at the virtual pace, it is looked whether the daemon has done its work. Seldom enough to be no load."""
SETTLE_S = 0.001
"""What a frame has the daemon publish at once is here after so long, and is noted before anything is asked."""
END_S = 0.2
STALLED_S = 120.0
"""Without any event for so long after the end of the sound, a source will not end any more."""


Arrival = tuple[int, events.Any]
"""When an event came, on the machine's clock, and the event."""


class Line(Protocol):
    """The daemon as the player sees it, and the machine's clock."""

    def now_ns(self) -> int:
        """The clock of the daemon's own moments: CLOCK_MONOTONIC."""

    def open(self, name: str, commit: bool) -> str:
        """Open a network source; its id."""

    def send(self, audio: Audio, pcm: Int16) -> None:
        """Give the daemon a frame."""

    def receive(self, timeout_s: float) -> list[Arrival]:
        """The next events, as soon as there are any; none after the timeout."""

    def progress(self, source: str) -> ProgressReply:
        """How far it has come."""

    def published(self) -> list[Arrival]:
        """All that the daemon published before this call and that was not received yet."""


class Clock:
    """The machine's clock with some time left out. Moments in nanoseconds."""

    def __init__(self) -> None:
        self._since = [0]
        self._ahead = [0]

    def at(self, real_ns: int) -> int:
        """What this clock showed at a moment of the machine's clock."""
        return real_ns + self._ahead[bisect_right(self._since, real_ns) - 1]

    def jump(self, real_ns: int, to_ns: int) -> None:
        """From this moment of the machine's clock on it shows `to_ns` and what follows."""
        self._since.append(real_ns)
        self._ahead.append(to_ns - real_ns)


class Player:
    """Plays one sound, once.

    Args:
        line: to a daemon that is ready.
        sound: what is played.
        commit: ask that words be committed before the final.
        virtual: the pace, see the top of the file.
    """

    def __init__(self, line: Line, sound: Sound, *, commit: bool = False, virtual: bool = False) -> None:
        self._line = line
        self._sound = sound
        self._commit = commit
        self._virtual = virtual
        self._clock = Clock()
        self._source = ""
        self._origin = 0
        self._sent: list[Sent] = []
        self._taken = 0
        """Samples sent."""
        self._heard: list[Heard] = []
        self._steps: dict[int, Step] = {}
        self._ended = False
        self._listened_ns = 0
        self._deaf_ns = 0

    def play(self, turn: int = 0) -> Take:
        """Play it, and wait until the daemon has done all its work on it.

        Raises:
            StenoError: the source failed, or the daemon has come to a standstill.
        """
        began = self._line.now_ns()
        self._source = self._line.open(self._sound.name, self._commit)
        self._origin = self._listened_ns = self._line.now_ns()
        pcm = self._sound.pcm
        for first in range(0, len(pcm), FRAME_SAMPLES):
            frame = pcm[first : first + FRAME_SAMPLES]
            self.wait_until(self.due_ns(first + len(frame)))
            self._send(frame)
        self._send(pcm[:0], end=True)
        self.wait_for_end()
        return Take(
            name=self._sound.name,
            turn=turn,
            sound=self._sound.digest,
            seconds=self._sound.seconds,
            text=self._sound.text,
            words=list(self._sound.words),
            origin_ns=self._origin,
            sent=self._sent,
            heard=self._heard,
            steps=self._steps,
            deaf=self._deaf_ns / SECOND,
            wall=(self._line.now_ns() - began) / SECOND,
        )

    def due_ns(self, samples: int) -> int:
        """Moment at which so many samples would have been captured."""
        return self._origin + samples * SECOND // SAMPLE_RATE

    def wait_until(self, due_ns: int) -> None:
        """Listen until the clock shows that moment."""
        while (left := due_ns - self._clock.at(self._line.now_ns())) > 0:
            if not self._virtual:
                self.listen(left / SECOND)
            elif self._idle():
                self._clock.jump(self._line.now_ns(), due_ns)
            else:
                self.listen(min(left / SECOND, LOOK_S))

    def _idle(self) -> bool:
        """Nothing will happen before another frame is sent."""
        if self.listen(SETTLE_S):
            return False
        progress = self._line.progress(self._source)
        if progress.working or progress.taken < self._taken:
            return False
        # What it published before it answered may be on its way still: behind a jump it would seem to come too late.
        return not self._note(self._line.published())

    def _send(self, frame: Int16, end: bool = False) -> None:
        first, self._taken = self._taken, self._taken + len(frame)
        # Its capture, not its sending: what was sent late is heard late, and that must show.
        audio = Audio(self._source, first, captured_ns=self.due_ns(self._taken), end=end)
        self._line.send(audio, frame)
        if len(frame):
            self._sent.append(Sent(self._taken / SAMPLE_RATE, self._moment(self._line.now_ns())))

    def listen(self, timeout_s: float) -> bool:
        """Note the next events; True if there were any before the timeout."""
        self._deaf_ns = max(self._deaf_ns, self._line.now_ns() - self._listened_ns)
        return self._note(self._line.receive(timeout_s))

    def _note(self, arrivals: Sequence[Arrival]) -> bool:
        """True if there were any."""
        self._listened_ns = self._line.now_ns()
        for moment, event in arrivals:
            if getattr(event, "source", self._source) == self._source:
                self._heard.append(Heard(self._moment(moment), event))
                self._follow(event)
        return bool(arrivals)

    def _follow(self, event: events.Any) -> None:
        match event:
            case events.Final():
                self._steps[event.utterance] = self._step(event.timings.last_step)
            case events.Source(state="failed"):
                raise StenoError(f"the source failed: {event.detail}")
            case events.Source(state="ended"):
                self._ended = True
            case _:
                pass

    def _step(self, last: events.LastStep) -> Step:
        asked, answered = (self._moment(moment) if moment else None for moment in (last.asked_ns, last.answered_ns))
        return Step(asked, answered, self._moment(last.closed_ns))

    def _moment(self, real_ns: int) -> float:
        """Seconds of the capture clock."""
        return (self._clock.at(real_ns) - self._origin) / SECOND

    def wait_for_end(self) -> None:
        """Listen until the daemon has ended the source.

        Raises:
            StenoError: it does not.
        """
        last = self._line.now_ns()
        while not self._ended:
            if self.listen(END_S):
                last = self._line.now_ns()
            elif self._line.now_ns() - last > STALLED_S * SECOND:
                raise StenoError(f"the daemon published nothing for {STALLED_S:g} s, though its source has not ended")
