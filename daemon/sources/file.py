"""A file in the place of a microphone: its frames come when they would have been captured.

This file owns that play. It does not know formats (`pipeline.audio_file`) nor the schedule (`daemon.sources.pace`).
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from daemon.sources.link import Link
from daemon.sources.pace import Pace
from model.errors import StenoError
from pipeline.audio_file import AudioFile
from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE
from pipeline.resample import Int16

MESSAGE_SAMPLES = 2 * FRAME_SAMPLES
"""40 ms: the costs of a message, not of its samples, are what listening to silence costs."""
TRAIL_S = 1.0
"""Silence after the recording: a microphone goes on when nobody speaks, and its last utterance ends by the hangover."""

log = logging.getLogger("steno")


def run(link: Link, path: Path, speed: float, first_sample: int = 0) -> int:
    """Play the file to its end, or until the hub wants no more. Returns the exit code."""
    try:
        sound = AudioFile(path)
        blocks = itertools.chain(sound.blocks(), [np.zeros(int(TRAIL_S * SAMPLE_RATE), np.int16)])
        link.ready(f"file {path}")
        link.state("opened", str(path))
        _play(link, frames(blocks), speed, first_sample)
        if sound.warning:
            log.warning("%s", sound.warning)
    except StenoError as error:
        link.refuse(error)
        return 1
    return 0


def _play(link: Link, sound: Iterator[Int16], speed: float, first_sample: int) -> None:
    pace = Pace(time.monotonic_ns(), speed)
    played = 0
    for frame in sound:
        due = pace.moment(played + len(frame))
        while True:
            left = due - time.monotonic_ns()
            # One millisecond more than is left: the poll counts in whole ones, and must not spin through the last.
            if link.over(left / 1e9 + 0.001 if left > 0 else 0.0):
                return
            if time.monotonic_ns() >= due:
                break
        link.audio(frame, first_sample + played, due)
        played += len(frame)
    link.end(first_sample + played, pace.moment(played))


def frames(blocks: Iterator[Int16]) -> Iterator[Int16]:
    """Blocks of any size as frames of 40 ms, int16[640]; the last one may be shorter."""
    rest = np.empty(0, np.int16)
    for block in blocks:
        rest = np.concatenate([rest, block])
        whole = len(rest) // MESSAGE_SAMPLES * MESSAGE_SAMPLES
        yield from rest[:whole].reshape(-1, MESSAGE_SAMPLES)
        rest = rest[whole:]
    if len(rest):
        yield rest
