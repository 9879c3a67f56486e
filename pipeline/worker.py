"""The process around a stage: `python -m pipeline.worker encoder|decoder|aligner`.

It owns the loop: take a message, let the stage work, send on what it gives; give a sign of life from that same loop,
so that a stage that hangs is seen; heed the hub's bus even in the middle of a step. It does not know what the stage
computes. Its settings come as JSON on standard input, already checked by the daemon.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import msgspec

from model.errors import Cancelled, StenoError
from pipeline import loading, messages
from pipeline.arrays import pack
from pipeline.messages import (
    Align,
    Beat,
    Cancel,
    Failed,
    Features,
    Forget,
    Loading,
    Malformed,
    Ready,
    Refused,
    Shutdown,
    Speech,
)
from pipeline.process import Parent
from pipeline.settings import ModelSettings
from pipeline.sockets import ALIGNER, DECODER, ENCODER, HUB, Outbox, Poll, Wire
from pipeline.stages import Stage

BEAT_INTERVAL_NS = 300_000_000
LOOK_INTERVAL_NS = 10_000_000
"""How often a step looks at the bus: a cancel waits at most so long."""

REMEMBERED = 1000
"""Utterances that are over: work for them that was still on its way, as after a cancel, is left undone."""

UNFORESEEN = "This was not expected; the daemon's own output has more. `steno model verify` checks the model's files."

log = logging.getLogger("steno")
Job = Speech | Features | Align


class Worker:
    """One stage at work.

    Args:
        stretch_ns: its steps may go on for so long without a beat.
    """

    def __init__(self, name: str, wire: Wire, stage: Stage, parent: Parent, stretch_ns: int = 0) -> None:
        self._name = name
        self._stretch_ns = stretch_ns
        self._wire = wire
        self._stage = stage
        self._parent = parent
        self._bus = wire.bus_listener()
        self._inbox = wire.inbox(name)
        self._outboxes: dict[str, Outbox] = {}
        self._cancelled: dict[int, tuple[int, int]] = {}
        self._over: deque[int] = deque(maxlen=REMEMBERED)
        self._unforgotten: list[int] = []
        """Those that the stage still holds: it is told between its steps, not in the middle of the library's work."""
        self._job: Job | None = None
        self._ended = False
        self._beat_ns = 0
        self._look_ns = 0

    def run(self) -> None:
        """Work until the hub says Shutdown, or is gone."""
        poll = Poll()
        poll.add(self._inbox)
        poll.add(self._bus)
        self._send(HUB, Ready(self._name, os.getpid(), self._stage.detail, self._stretch_ns))
        while not self._ended:
            poll.wait(BEAT_INTERVAL_NS / 1e9)
            self._look()
            while self._unforgotten:
                self._stage.forget(self._unforgotten.pop())
            try:
                received = self._inbox.receive()
                if received is not None:
                    self._take(*received)
            except Malformed as error:
                log.warning("%s: passed over what is no message: %s", self._name, error.message)

    def _take(self, message: messages.Any, frames: list[bytes]) -> None:
        if not isinstance(message, Job):
            raise Malformed(f"{type(message).__name__} is no work for a stage")
        if message.utterance in self._over:
            return
        self._job = message
        # Said before, for after a crash nobody could say what it was.
        self._send(HUB, Beat(self._name, os.getpid(), message.utterance))
        try:
            for output in self._stage.step(message, frames, self._beat):
                self._send(output.to, output.message, *(() if output.array is None else pack(output.array)))
        except Cancelled:
            log.debug("%s: gave up a step of utterance %d", self._name, message.utterance)
        except StenoError as error:
            self._fail(message, error.message, error.hint)
        except Exception as error:
            log.exception("%s: a step of utterance %d failed", self._name, message.utterance)
            self._fail(message, f"{type(error).__name__}: {error}")
        finally:
            self._job = None

    def _fail(self, job: Job, error: str, hint: str = "") -> None:
        seq = 0 if isinstance(job, Align) else job.seq
        self._send(HUB, Failed(self._name, job.utterance, job.epoch, seq, error, hint))

    def _send(self, to: str, message: messages.Any, *frames: bytes | memoryview) -> None:
        if to not in self._outboxes:
            self._outboxes[to] = self._wire.outbox(to)
        self._outboxes[to].send(message, *frames)

    def _beat(self) -> bool:
        """Called from within a step. True once the step is of no more use."""
        if time.monotonic_ns() - self._look_ns >= LOOK_INTERVAL_NS:
            self._look()
        return self._ended or self._stale(self._job)

    def _stale(self, job: Job | None) -> bool:
        if job is None:
            return False
        if job.utterance in self._over:
            return True
        # Alignment comes after the last step: a cancel of steps does not mean it.
        if isinstance(job, Align) or job.utterance not in self._cancelled:
            return False
        return (job.epoch, job.seq) < self._cancelled[job.utterance]

    def _look(self) -> None:
        """Give a sign of life when one is due, and heed the bus."""
        now = self._look_ns = time.monotonic_ns()
        if now - self._beat_ns >= BEAT_INTERVAL_NS:
            self._beat_ns = now
            self._send(HUB, Beat(self._name, os.getpid()))
            self._ended = self._ended or self._parent.gone
        while (message := self._bus.receive()) is not None:
            if isinstance(message, Cancel):
                below = (message.epoch, message.below_seq)
                self._cancelled[message.utterance] = max(below, self._cancelled.get(message.utterance, below))
            elif isinstance(message, Forget):
                self._over.append(message.utterance)
                self._cancelled.pop(message.utterance, None)
                self._unforgotten.append(message.utterance)
            elif isinstance(message, Shutdown):
                self._ended = True


def _tell(words: str) -> None:
    log.info("%s", words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Load the stage and work. Returns the exit code: 1 if it cannot work at all."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.worker", description=__doc__)
    parser.add_argument("name", choices=(ENCODER, DECODER, ALIGNER))
    parser.add_argument("--runtime-dir", type=Path, required=True)
    parser.add_argument("--cache-dir", type=Path, required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.WARNING)
    log.setLevel(logging.INFO)
    parent = Parent()
    parent.follow()
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=ModelSettings)
    with Wire(options.runtime_dir) as wire:
        # Opened before the files are looked for: it is connected by the time that `Loading` has to get away.
        hub = wire.outbox(HUB)
        try:
            plan = loading.plan(options.name, settings, options.cache_dir, _tell)
            hub.send(Loading(options.name, os.getpid(), tuple(str(file) for file in plan.files)))
            stage = loading.load(plan, _tell)
            stretch_ns = stage.warm_up()
        except Exception as error:
            # Also what nobody foresaw: it would happen again at every start.
            message, hint = f"{type(error).__name__}: {error}", UNFORESEEN
            if isinstance(error, StenoError):
                message, hint = error.message, error.hint
            else:
                log.exception("%s cannot be loaded", options.name)
            hub.send(Refused(options.name, os.getpid(), message, hint))
            hub.close(linger_ms=1000)
            return 1
        hub.close(linger_ms=1000)
        Worker(options.name, wire, stage, parent, stretch_ns).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
