"""A source of the daemon that this client feeds: opened by command, fed through the hub's inbox.

It owns the Audio messages of one source, their pace, and how far the sound may run ahead of the text. It does not know
where the sound comes from; it needs numpy, so only commands that send sound import it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import TracebackType

import numpy as np
import numpy.typing as npt

from pipeline import commands
from pipeline.arrays import pack
from pipeline.commands import OpenReply, ProgressReply
from pipeline.errors import StenoError
from pipeline.messages import SAMPLE_RATE, Audio
from pipeline.sockets import Wire

Pcm = npt.NDArray[np.int16]

MESSAGE_SAMPLES = SAMPLE_RATE // 20
"""50 ms: short beside the interval of partials."""
AHEAD_SAMPLES = 150 * SAMPLE_RATE
"""So much sound may wait for its finals. More than the longest utterance (vad.max_utterance_s is at most 120), or the
end of that one would never be sent."""
POLL_S = 0.05
CHECK_S = 1.0
"""How often it is looked, while sound is sent at its own pace, whether the daemon still takes it."""


class NetworkSource:
    """An open source of this client; a context manager that closes it if its sound has not ended."""

    def __init__(self, wire: Wire, request: commands.Open) -> None:
        """Open it.

        Raises:
            NotRunningError: no daemon.
            StenoError: the daemon refuses.
        """
        self._wire = wire
        self.id = commands.ask(wire, request, OpenReply).source
        self._hub = wire.outbox("hub")
        self._sent = 0
        self._done = False

    def __enter__(self) -> NetworkSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._done:
            with suppress(StenoError):
                commands.ask(self._wire, commands.Close(source=self.id), commands.Done, timeout_s=1.0)
        self._hub.close()

    def progress(self) -> ProgressReply:
        """How far the daemon has come.

        Raises:
            NotRunningError: the daemon has gone.
            StenoError: the source failed, or the daemon does not know it.
        """
        reply = commands.ask(self._wire, commands.Progress(source=self.id), ProgressReply)
        if reply.error:
            raise StenoError(reply.error)
        return reply

    def play(self, blocks: Iterable[Pcm], speed: float, idle: Callable[[ProgressReply], None]) -> None:
        """Send all sound, end the source, and return when all its utterances are finished.

        Args:
            blocks: int16 mono at 16 kHz, of any lengths; an empty one says that there is no sound yet.
            speed: 1 sends each message when its last sample would have been captured; 0 as fast as it is taken.
            idle: called with each look at the progress.
        """
        begin = time.monotonic()
        looked = begin
        for block in _messages(blocks):
            if not len(block):
                idle(self.progress())
                continue
            due = begin + (self._sent + len(block)) / SAMPLE_RATE / speed if speed else 0.0
            while (wait := due - time.monotonic()) > 0:
                time.sleep(min(wait, CHECK_S))
            if speed and time.monotonic() - looked > CHECK_S:
                looked = time.monotonic()
                idle(self.progress())
            if not speed:
                self._wait_for_room(idle)
            self._send(block)
        self._send(np.zeros(0, np.int16), end=True)
        while not (progress := self.progress()).ended:
            idle(progress)
            time.sleep(POLL_S)
        self._done = True
        idle(progress)

    def _wait_for_room(self, idle: Callable[[ProgressReply], None]) -> None:
        # Asked once for every second sent, and not for every message.
        if self._sent % SAMPLE_RATE >= MESSAGE_SAMPLES:
            return
        while self._sent - (progress := self.progress()).finished > AHEAD_SAMPLES:
            idle(progress)
            time.sleep(POLL_S)
        idle(progress)

    def _send(self, block: Pcm, end: bool = False) -> None:
        message = Audio(source=self.id, first_sample=self._sent, captured_ns=time.monotonic_ns(), end=end)
        self._hub.send(message, *pack(block))
        self._sent += len(block)


def _messages(blocks: Iterable[Pcm]) -> Iterator[Pcm]:
    """The same sound in pieces of at most one message's length; empty blocks stay."""
    for block in blocks:
        if not len(block):
            yield block
        for begin in range(0, len(block), MESSAGE_SAMPLES):
            yield block[begin : begin + MESSAGE_SAMPLES]
