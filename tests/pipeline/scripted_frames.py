"""Scripts of voiced (#) and quiet (.) frames of 20 ms, played to a segmenter, for the tests."""

from __future__ import annotations

from pipeline.messages import FRAME_SAMPLES
from pipeline.segmenter import Closed, Found, Opened, Segmenter
from pipeline.settings import VadSettings

PLAIN = VadSettings(onset_ms=60, pre_roll_ms=40, hangover_ms=100, tail_ms=60, max_utterance_s=6)


def frames(count: float) -> int:
    """Samples of so many frames."""
    return round(count * FRAME_SAMPLES)


def heard(segmenter: Segmenter, script: str, energies: list[float] | None = None) -> list[Found]:
    """All that the segmenter says."""
    found: list[Found] = []
    for index, mark in enumerate(script):
        loud = 100.0 if mark == "#" else 1.0
        found += segmenter.step(mark == "#", loud if energies is None else energies[index])
    return found


def cuts(found: list[Found]) -> list[Opened | Closed]:
    """Where utterances begin and end, and nothing else."""
    bare = [item._replace(spans=()) if isinstance(item, Closed) else item for item in found]
    return [item for item in bare if isinstance(item, Opened | Closed)]


def play(segmenter: Segmenter, script: str, energies: list[float] | None = None) -> list[Opened | Closed]:
    return cuts(heard(segmenter, script, energies))
