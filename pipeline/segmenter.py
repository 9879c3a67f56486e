"""Where an utterance begins and ends, from the VAD's answers: a state machine without clock, sound or library.

This file owns onset, pre-roll, hangover and the cut of an utterance that grows too long. It does not know the samples
themselves, which lie in the spool, nor the VAD. Positions are sample indices of one source.
"""

from __future__ import annotations

from collections import deque
from itertools import takewhile
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE
from pipeline.settings import VadSettings

CUT_WITHIN_SAMPLES = 5 * SAMPLE_RATE
"""A long utterance is cut within its last 5 s."""
CUT_WITHIN_FRAMES = CUT_WITHIN_SAMPLES // FRAME_SAMPLES
SMOOTH_FRAMES = 5
"""Energy is averaged over 100 ms, so that a single quiet frame inside a word does not win."""


class Opened(NamedTuple):
    """An utterance has begun."""

    start: int
    """Its first sample, pre-roll included."""


class Closed(NamedTuple):
    """The open utterance has ended."""

    start: int
    end: int
    """The sample behind its last one."""
    reason: str
    """silence | length | stop | end | cancel."""
    voiced: int
    """Samples of it that the VAD judged speech; the pre-roll counts as silence."""


class _Frame(NamedTuple):
    """A frame that was heard: where it begins, and what was said of it."""

    start: int
    voiced: bool
    energy: float


def energy_of(frame: npt.NDArray[np.int16]) -> float:
    """Mean square of int16[n], the energy that `Segmenter.step` compares; 0 for silence."""
    wide = frame.astype(np.float32)
    return float(np.dot(wide, wide)) / max(1, frame.size)


class Segmenter:
    """Cuts the frames of one source into utterances. Every sample belongs to at most one of them, in order."""

    def __init__(self, settings: VadSettings, first_sample: int = 0) -> None:
        """`first_sample`: where the first frame begins in its source."""
        self._onset = _frames(settings.onset_ms)
        self._window = 2 * self._onset
        self._hangover = _frames(settings.hangover_ms)
        self._pre_roll = settings.pre_roll_ms * SAMPLE_RATE // 1000
        self._longest = int(settings.max_utterance_s * SAMPLE_RATE)
        self._position = first_sample
        self._free_from = first_sample
        """No utterance may begin before: the first sample, or the end of the previous utterance."""
        self._recent: deque[_Frame] = deque(maxlen=self._window + _frames(settings.pre_roll_ms))
        """While closed: frames that an onset may still need."""
        self._frames: list[_Frame] = []
        """While open: the frames of the utterance."""
        self._open: Opened | None = None
        self._spoken = 0
        """Of the open utterance: frames judged speech."""
        self._quiet = 0
        """Of the open utterance: frames since the last one judged speech."""

    @property
    def position(self) -> int:
        """The sample behind the last frame."""
        return self._position

    @property
    def open(self) -> Opened | None:
        """The open utterance."""
        return self._open

    @property
    def keep_from(self) -> int:
        """The oldest sample that is or may become part of an utterance not yet closed; older ones may go."""
        if self._open is not None:
            return self._open.start
        return max(self._free_from, self._position - self._window * FRAME_SAMPLES - self._pre_roll)

    def step(self, voiced: bool, energy: float) -> list[Opened | Closed]:
        """Hear the next frame of 320 samples.

        Args:
            voiced: the VAD's answer.
            energy: any measure of loudness that may be averaged, such as `energy_of`.
        """
        frame = _Frame(self._position, voiced, energy)
        self._position += FRAME_SAMPLES
        events: list[Opened | Closed] = []
        if self._open is None:
            self._recent.append(frame)
            opened = self._onset_reached()
            if opened is None:
                return []
            events.append(opened)
        else:
            self._frames.append(frame)
            self._spoken += voiced
            self._quiet = 0 if voiced else self._quiet + 1
            if self._quiet >= self._hangover:
                return [self._close("silence", self._position)]
        # A long pre-roll with a short maximum can be too long from the start: hence not `elif`.
        if self._open is not None and self._position - self._open.start >= self._longest:
            events += self._cut(self._open.start)
        return events

    def finish(self, reason: str) -> list[Closed]:
        """Close the open utterance, if there is one, at the current position; what follows is a new one."""
        if self._open is None:
            self._recent.clear()
            self._free_from = self._position
            return []
        return [self._close(reason, self._position)]

    def _onset_reached(self) -> Opened | None:
        """Open if enough of the last frames are speech."""
        window = list(self._recent)[-self._window :]
        if sum(frame.voiced for frame in window) < self._onset:
            return None
        first = next(frame.start for frame in window if frame.voiced)
        self._open = Opened(max(self._free_from, first - self._pre_roll))
        # An onset's own speech counts; a lone voiced frame in the pre-roll was not an onset.
        self._frames = [
            frame if frame.start >= first else frame._replace(voiced=False)
            for frame in self._recent
            if frame.start + FRAME_SAMPLES > self._open.start
        ]
        self._recent.clear()
        self._count()
        return self._open

    def _close(self, reason: str, end: int) -> Closed:
        assert self._open is not None
        closed = Closed(self._open.start, end, reason, self._spoken * FRAME_SAMPLES)
        self._open = None
        self._free_from = end
        self._frames = []
        return closed

    def _cut(self, start: int) -> list[Opened | Closed]:
        """End the utterance at its quietest point; what lies behind that begins the next one."""
        frames = self._frames
        loudness = np.convolve([frame.energy for frame in frames], np.ones(SMOOTH_FRAMES), "valid")
        margin = SMOOTH_FRAMES // 2
        possible = [
            index
            for index in range(max(margin, len(frames) - CUT_WITHIN_FRAMES), len(frames) - margin)
            if frames[index].start - start <= self._longest
        ]
        # Of equally quiet points the last: it leaves the least to hear again.
        cut = min(reversed(possible), key=lambda index: float(loudness[index - margin]))
        end = frames[cut].start
        self._frames = frames[:cut]
        self._count()
        closed = self._close("length", end)
        self._open = Opened(end)
        self._frames = frames[cut:]
        self._count()
        return [closed, self._open]

    def _count(self) -> None:
        """Count speech and trailing silence anew from the frames of the open utterance."""
        self._spoken = sum(frame.voiced for frame in self._frames)
        self._quiet = sum(1 for _ in takewhile(lambda frame: not frame.voiced, reversed(self._frames)))


def _frames(milliseconds: int) -> int:
    """So many frames hold at least that time."""
    return -(-milliseconds * SAMPLE_RATE // (1000 * FRAME_SAMPLES))
