"""Frames of one source -> where its utterances begin and end: the VAD and the segmenter together.

It owns the two ways of cutting. Live speech is cut at its pauses. A recording may be taken whole: then it is cut only
where it grows too long, as the model's own authors feed it, and a pause costs no context; what holds no speech at all
is told by the count of voiced samples. It does not know the samples, which lie elsewhere.
"""

from __future__ import annotations

from msgspec.structs import replace

from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE
from pipeline.resample import Int16
from pipeline.segmenter import Found, Segmenter, energy_of
from pipeline.settings import VadSettings
from pipeline.vad import OVERHANG_MS, Vad

ADAPT_SAMPLES = SAMPLE_RATE
"""A detector that begins in the middle of speech misses 3 in 100 of its frames; one that has heard so much before that,
less than 1 (recordings of the miniature)."""


class Cutter:
    """One source, from `first_sample` on.

    Args:
        settings: section [vad].
        whole: cut by length only.
        first_sample: where the first frame begins.
        before: int16[n], the sound before that, if it was kept: the detector adapts to it.
    """

    def __init__(
        self, settings: VadSettings, whole: bool = False, first_sample: int = 0, before: Int16 | None = None
    ) -> None:
        self._vad = Vad(settings.aggressiveness)
        if before is not None:
            for frame in before[len(before) % FRAME_SAMPLES :].reshape(-1, FRAME_SAMPLES):
                self._vad.is_speech(frame)
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

    @property
    def held(self) -> bool:
        """No silence closes anything, though it is still said that the utterance pauses; may change at any time."""
        return self._segmenter.held

    @held.setter
    def held(self, held: bool) -> None:
        self._segmenter.held = held

    @property
    def over(self) -> bool:
        """The end that `end_at` asked for is reached: no more frames are taken."""
        return self._segmenter.over

    def end_at(self, earliest: int, latest: int) -> list[Found]:
        """As `Segmenter.end_at`: hear no more than up to the first silence from `earliest` on."""
        return self._segmenter.end_at(earliest, latest)

    def step(self, frame: Int16) -> list[Found]:
        """Take the next int16[320] frame."""
        return self._segmenter.step(self._vad.is_speech(frame), energy_of(frame))

    def finish(self, reason: str) -> list[Found]:
        """Close the open utterance here, or at the pause in which it is."""
        return self._segmenter.finish(reason)
