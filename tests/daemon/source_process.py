"""A source process started by a test, with the test in the place of the hub."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipeline import messages
from pipeline.arrays import unpack
from pipeline.messages import Audio, SourceState
from pipeline.sockets import Inbox, Poll

ROOT = Path(__file__).parents[2]
Kind = TypeVar("Kind", bound=messages.Message)


class SourceProcess:
    """What the hub sees of a source: all messages so far, each with the moment at which it came."""

    def __init__(self, process: subprocess.Popen[bytes], inbox: Inbox) -> None:
        self.process = process
        self._inbox = inbox
        self._poll = Poll()
        self._poll.add(inbox)
        self.heard: list[tuple[int, messages.Any]] = []
        self._pcm: list[npt.NDArray[np.int16]] = []

    def listen(self, condition: Callable[[], bool], timeout_s: float = 10.0) -> float:
        """Receive until the condition holds; returns how many seconds it took."""
        began = time.monotonic()
        while not condition():
            left = timeout_s - (time.monotonic() - began)
            assert left > 0, f"it did not happen; the last that came: {self.others()[-3:]}"
            if self._poll.wait(min(left, 0.02)) and (came := self._inbox.receive()) is not None:
                message, frames = came
                self.heard.append((time.monotonic_ns(), message))
                if isinstance(message, Audio):
                    self._pcm.append(unpack(frames, "int16", 1))
        return time.monotonic() - began

    def listen_for(self, seconds: float) -> None:
        """Receive for so long."""
        end = time.monotonic() + seconds
        self.listen(lambda: time.monotonic() >= end, seconds + 5)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The messages of one kind."""
        return [message for _, message in self.heard if isinstance(message, kind)]

    def others(self) -> list[messages.Any]:
        """All but the sound."""
        return [message for _, message in self.heard if not isinstance(message, Audio)]

    def states(self) -> list[str]:
        """The states of the device, in order."""
        return [message.state for message in self.of(SourceState)]

    def ended(self) -> bool:
        """The source has said that it is over."""
        return any(message.end for message in self.of(Audio))

    @property
    def pcm(self) -> npt.NDArray[np.int16]:
        """All sound so far, joined; checks that its numbering has no gap."""
        numbers = [message.first_sample for message in self.of(Audio)]
        lengths = [len(block) for block in self._pcm]
        assert numbers == [numbers[0] + sum(lengths[:i]) for i in range(len(numbers))] if numbers else True
        return np.concatenate([np.empty(0, np.int16), *self._pcm])


@contextmanager
def source_process(
    inbox: Inbox, runtime: Path, *arguments: str, environ: Mapping[str, str] = os.environ
) -> Iterator[SourceProcess]:
    """Run `python -m daemon.sources KIND ...` for the runtime directory."""
    kind, *options = arguments
    command = [sys.executable, "-m", "daemon.sources", kind, "--runtime-dir", str(runtime), "--source", "s1", *options]
    with subprocess.Popen(command, cwd=ROOT, env=dict(environ)) as process:
        try:
            yield SourceProcess(process, inbox)
        finally:
            process.kill()
