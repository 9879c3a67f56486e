"""A worker like any other, but while a file `slow` lies in its runtime directory the decoder takes three times as long
as the sound that is new to it: `python -m tests.end_to_end.slowed_worker NAME --runtime-dir=DIR ...`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from model.beat import Beat, check
from pipeline import worker
from pipeline.messages import SAMPLE_RATE
from pipeline.stages import DecodeStage, Output

SLOWNESS = 3.0
AS_IT_IS = DecodeStage.step


class Slowed:
    """The decoder's step, and what it has heard of each utterance."""

    def __init__(self, switch: Path) -> None:
        self._switch = switch
        self._heard: dict[int, int] = {}

    def step(self, stage: DecodeStage, message: Any, frames: list[bytes], beat: Beat) -> list[Output]:
        """As it is, and then a while."""
        outputs = AS_IT_IS(stage, message, frames, beat)
        new = message.samples - self._heard.get(message.utterance, 0)
        self._heard[message.utterance] = message.samples
        end = time.monotonic() + SLOWNESS * new / SAMPLE_RATE
        while self._switch.exists() and time.monotonic() < end:
            check(beat)
            time.sleep(0.01)
        return outputs


if __name__ == "__main__":
    runtime = next(word.partition("=")[2] for word in sys.argv if word.startswith("--runtime-dir="))
    slowed = Slowed(Path(runtime) / "slow")

    def step(stage: DecodeStage, message: Any, frames: list[bytes], beat: Beat) -> list[Output]:
        return slowed.step(stage, message, frames, beat)

    DecodeStage.step = step  # type: ignore[assignment, method-assign]
    sys.exit(worker.main())
