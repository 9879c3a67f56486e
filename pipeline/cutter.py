"""Frames of one source -> where its utterances begin and end: the VAD and the segmenter together.

It owns the two ways of cutting. Live speech is cut at its pauses. A recording may be taken whole: then it is cut only
where it grows too long, as the model's own authors feed it, and a pause costs no context; what holds no speech at all
is told by the count of voiced samples. It does not know the samples, which lie elsewhere.
"""

from __future__ import annotations

from collections import deque

from pipeline.messages import FRAME_SAMPLES
from pipeline.resample import Int16
from pipeline.segmenter import Closed, Opened, Segmenter, energy_of
from pipeline.settings import VadSettings
from pipeline.vad import Vad


class Cutter:
    """One source, from `first_sample` on.

    Args:
        settings: section [vad].
        whole: cut by length only.
        first_sample: where the first frame begins.
    """

    def __init__(self, settings: VadSettings, whole: bool = False, first_sample: int = 0) -> None:
        self._vad = Vad(settings.aggressiveness)
        self._segmenter = Segmenter(settings, first_sample)
        self._whole = whole
        self._spoken: deque[int] = deque()
        """Of a whole recording: where the frames lie in which the VAD heard speech, from the open utterance on."""

    @property
    def keep_from(self) -> int:
        """No utterance that is open or still to come begins before this sample."""
        return self._segmenter.keep_from

    def step(self, frame: Int16) -> list[Opened | Closed]:
        """Take the next int16[320] frame."""
        voiced = self._vad.is_speech(frame)
        if self._whole and voiced:
            self._spoken.append(self._segmenter.position)
        return [self._told(found) for found in self._segmenter.step(voiced or self._whole, energy_of(frame))]

    def finish(self, reason: str) -> list[Opened | Closed]:
        """Close the open utterance here."""
        return [self._told(found) for found in self._segmenter.finish(reason)]

    def _told(self, found: Opened | Closed) -> Opened | Closed:
        if not self._whole or isinstance(found, Opened):
            return found
        voiced = 0
        while self._spoken and self._spoken[0] < found.end:
            voiced += FRAME_SAMPLES * (self._spoken.popleft() >= found.start)
        return found._replace(voiced=voiced)
