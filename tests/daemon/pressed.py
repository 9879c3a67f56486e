"""A daemon's ear with a key beside it, on a clock of its own, for the tests: sound and commands come when they are told
to, and each knows its moment. Positions are samples of the one source.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from daemon.ear import Ear
from daemon.sourcebook import Sourcebook
from daemon.takes import Takes
from daemon.utterances import Utterances
from pipeline import events
from pipeline.arrays import Array
from pipeline.commands import Start, Toggle
from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE, Audio
from pipeline.settings import DaemonSettings, Settings, VadSettings
from tests.daemon.world import Script

S = SAMPLE_RATE


class Said(NamedTuple):
    """An utterance that is closed."""

    start: int
    end: int
    take: int
    reason: str


class LoudVad:
    """In the place of the detector: what is loud is speech."""

    def __init__(self, aggressiveness: int) -> None:
        pass

    def is_speech(self, frame: Array) -> bool:
        return bool(np.abs(frame).max() > 1000)


def sound(*runs: tuple[bool, float]) -> Array:
    """Loud and silent stretches, each of so many seconds."""
    return np.concatenate([np.full(round(seconds * S), 5000 * loud, np.int16) for loud, seconds in runs])


class Pressed:
    """See the top of the file."""

    def __init__(self, runtime: Path, pcm: Array, mode: Any = "on-demand", block: int = 640, **vad: Any) -> None:
        self.pcm = pcm
        self.heard = 0
        self.gone: set[int] = set()
        """Processes that have ended."""
        self.settings = Settings(daemon=DaemonSettings(mode=mode, source="file:/nowhere.wav"), vad=VadSettings(**vad))
        self.script = Script()
        self.utterances = Utterances(self.settings, self.script)
        self.sources = Sourcebook(self.settings, runtime)
        self.ear = Ear(self.sources, self.utterances, self.script)
        self.takes = Takes(self.settings, self.ear, self.script, lambda process: process not in self.gone)
        track = self.sources.open_default(self.takes.first)
        assert track is not None
        self.track = track
        self._block = block
        self._began_ns = time.monotonic_ns()

    def ns(self, sample: int) -> int:
        """The moment at which it was captured."""
        return self._began_ns + sample * 1_000_000_000 // S

    def hear_to(self, sample: int) -> None:
        """The sound up to there comes."""
        sample = min(sample, len(self.pcm))
        while self.heard < sample:
            end = min(sample, self.heard + self._block)
            audio = Audio(self.track.origin.id, self.heard, self.ns(end))
            self.ear.hear(audio, self.pcm[self.heard : end])
            self.heard = end

    def press(self, at: int, late: int = 0, **wanted: Any) -> None:
        self.takes.start(Start(at_ns=self.ns(at), **wanted), self.ns(at + late))

    def release(self, at: int, late: int = 0) -> None:
        self.takes.stop(self.ns(at), self.ns(at + late))

    def toggle(self, at: int) -> None:
        self.takes.toggle(Toggle(at_ns=self.ns(at)), self.ns(at))

    def play(self, *commands: tuple[int, Any], latency: int = 800) -> None:
        """All sound comes, so late; each command is called when its moment has passed."""
        for at, command in sorted(commands, key=lambda c: c[0]):
            self.hear_to(at - latency)
            command()
        self.hear_to(len(self.pcm))

    @property
    def said(self) -> list[Said]:
        takes = {fields["utterance"]: fields["take"] for fields in self.script.of(events.SpeechStarted)}
        return [
            Said(round(e["start"] * S), round(e["end"] * S), takes[e["utterance"]], e["reason"])
            for e in self.script.of(events.SpeechEnded)
        ]

    @property
    def listening(self) -> list[tuple[bool, int, bool, bool]]:
        """What was said of takes: on, number, held, cancelled."""
        return [(e["on"], e["take"], e["held"], e["cancelled"]) for e in self.script.of(events.Listening)]


def within_a_frame(sample: int, other: int) -> bool:
    return 0 <= sample - other < FRAME_SAMPLES
