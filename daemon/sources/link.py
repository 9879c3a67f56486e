"""The tie between a source process and its hub.

This file owns what every source says (ready, state, sound, refusal) and when it must end: told so on the bus, by
SIGTERM, or because the hub has died. It does not know where the sound comes from.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import FrameType

import numpy as np
import numpy.typing as npt

from model.errors import StenoError
from pipeline.arrays import pack
from pipeline.messages import Audio, Beat, Ready, Refused, Shutdown, SourceState
from pipeline.process import Parent
from pipeline.sockets import HUB, Poll, Wire

BEAT_INTERVAL_S = 0.3
LINGER_MS = 2000
"""So long the last messages have to reach the hub when the process ends."""


class Link:
    """One source's way to the hub, for the main thread of its process.

    Args:
        runtime: the daemon's runtime directory.
        source: the source's id.
        parent: process id of the hub; the process ends when it has another parent. 0 takes the parent of now.
    """

    def __init__(self, runtime: Path, source: str, parent: int = 0) -> None:
        self.source = source
        self._ended = False
        self._beaten = 0.0
        self._parent = Parent(parent)
        self._parent.follow()
        signal.signal(signal.SIGTERM, self._end)
        self._wire = Wire(runtime)
        self._outbox = self._wire.outbox(HUB)
        self._bus = self._wire.bus_listener()
        self._poll = Poll()
        self._poll.add(self._bus)

    def ready(self, detail: str = "") -> None:
        """The process works."""
        self._outbox.send(Ready(self.source, os.getpid(), detail))

    def state(self, state: str, detail: str = "", hint: str = "") -> None:
        """The device is opened, silent or lost."""
        self._outbox.send(SourceState(self.source, state, detail, hint))

    def refuse(self, error: StenoError) -> None:
        """The process cannot do its work and will end."""
        self._outbox.send(Refused(self.source, os.getpid(), error.message, error.hint))

    def audio(self, pcm: npt.NDArray[np.int16], first_sample: int, captured_ns: int, overflows: int = 0) -> None:
        """Send int16[n]; `captured_ns` is the moment of its last sample."""
        self._outbox.send(Audio(self.source, first_sample, captured_ns, overflows), *pack(pcm))

    def end(self, first_sample: int, captured_ns: int) -> None:
        """The source is over: no sound follows."""
        self._outbox.send(Audio(self.source, first_sample, captured_ns, end=True), *pack(np.empty(0, np.int16)))

    def over(self, timeout_s: float = 0.0) -> bool:
        """Whether the process must end; waits so long for a word from the hub. To be called often: it gives the sign of
        life.
        """
        now = time.monotonic()
        if now - self._beaten >= BEAT_INTERVAL_S:
            self._beaten = now
            self._outbox.send(Beat(self.source, os.getpid()))
        if not self._ended and self._poll.wait(timeout_s):
            while (message := self._bus.receive()) is not None:
                self._ended |= isinstance(message, Shutdown)
        self._ended |= self._parent.gone
        return self._ended

    def close(self) -> None:
        """Let the last messages leave, and close."""
        self._bus.close()
        self._outbox.close(LINGER_MS)
        self._wire.close()

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        self._ended = True
