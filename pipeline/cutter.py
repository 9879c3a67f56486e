"""Frames of one source -> where its utterances begin and end: the VAD and the segmenter together.

It owns the two ways of cutting. Live speech is cut at its pauses. A recording may be taken whole: then it is cut only
where it grows too long, as the model's own authors feed it, and a pause costs no context; what holds no speech at all
is told by the count of voiced samples. It does not know the samples, which lie elsewhere.
"""

from __future__ import annotations

from msgspec.structs import replace

from pipeline.resample import Int16
from pipeline.segmenter import Found, Segmenter, energy_of
from pipeline.settings import VadSettings
from pipeline.vad import OVERHANG_MS, Vad


class Cutter:
    """One source, from `first_sample` on.

    Args:
        settings: section [vad].
        whole: cut by length only.
        first_sample: where the first frame begins.
    """

    def __init__(self, settings: VadSettings, whole: bool = False, first_sample: int = 0) -> None:
        self._vad = Vad(settings.aggressiveness)
        # What the detector hears beyond the end of speech is silence already, and part of the hangover.
        hangover_ms = max(settings.tail_ms, settings.hangover_ms - OVERHANG_MS[settings.aggressiveness])
        self._segmenter = Segmenter(replace(settings, hangover_ms=hangover_ms), first_sample, whole)

    @property
    def keep_from(self) -> int:
        """No utterance that is open or still to come begins before this sample."""
        return self._segmenter.keep_from

    @property
    def stirring(self) -> bool:
        """True if an utterance is open, or the next frames may open one."""
        return self._segmenter.stirring

    def step(self, frame: Int16) -> list[Found]:
        """Take the next int16[320] frame."""
        return self._segmenter.step(self._vad.is_speech(frame), energy_of(frame))

    def finish(self, reason: str) -> list[Found]:
        """Close the open utterance here, or at the pause in which it is."""
        return self._segmenter.finish(reason)
