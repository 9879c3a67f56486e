"""Where an utterance begins and ends, from the VAD's answers: a state machine without clock, sound or library.

This file owns onset, pre-roll, pause, hangover and the end of a take; where an utterance that grows too long is cut is
`pipeline.length_cut`'s. It does not know the samples themselves, which lie in the spool, nor the VAD. Positions are
sample indices of one source.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import groupby, takewhile
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline import length_cut
from pipeline.length_cut import Frame
from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE
from pipeline.settings import VadSettings

Spans = tuple[tuple[int, int], ...]
"""Stretches of sound, each from its first sample to the one behind its last; in order, none touches the next."""
HUSH_SAMPLES = 4 * FRAME_SAMPLES
"""80 ms: of words at whose end the sound was cut the miniature left out nine in ten without, with it one in seven; what
was cut in the middle of a word it heard no worse. From 120 ms on it did, and wrote words for half ones."""


class Opened(NamedTuple):
    """An utterance has begun."""

    start: int
    """Its first sample, pre-roll included."""


class Paused(NamedTuple):
    """The open utterance may be over."""

    at: int
    """It ends at this sample if no more is said."""


class Resumed(NamedTuple):
    """After a pause speech goes on: the utterance is not over."""


class Closed(NamedTuple):
    """The open utterance has ended."""

    start: int
    end: int
    """The sample behind its last one."""
    reason: str
    """silence | length | stop | end | cancel."""
    voiced: int
    """Samples of it that the VAD judged speech; the pre-roll counts as silence."""
    spans: Spans = ()
    """Where they lie; here the pre-roll counts as it was judged."""


Found = Opened | Paused | Resumed | Closed


def hush(end: int, spans: Spans) -> int:
    """Samples of silence that a model has to hear behind an utterance that ends at this sample; mostly none.

    Speech that breaks off is for a model speech that goes on: it leaves out the last word, though that was said whole.
    """
    return HUSH_SAMPLES if spans and spans[-1][1] > end - HUSH_SAMPLES else 0


def energy_of(frame: npt.NDArray[np.int16]) -> float:
    """Mean square of int16[n], the energy that `Segmenter.step` compares; 0 for silence."""
    wide = frame.astype(np.float32)
    return float(np.dot(wide, wide)) / max(1, frame.size)


class Segmenter:
    """Cuts the frames of one source into utterances. Every sample belongs to at most one of them, in order.

    Args:
        settings: section [vad].
        first_sample: where the first frame begins in its source.
        whole: a recording that is cut only where it grows too long: no silence opens, pauses or closes anything.
    """

    def __init__(self, settings: VadSettings, first_sample: int = 0, whole: bool = False) -> None:
        self.held = False
        """No silence closes anything, though it is still said that the utterance pauses; may change at any time."""
        self.over = False
        """The end that `end_at` asked for is reached: no more frames are taken."""
        self._whole = whole
        self._bounds: tuple[int, int] | None = None
        """As `end_at` was told."""
        self._onset = _frames(settings.onset_ms)
        self._window = 2 * self._onset
        self._hangover = _frames(settings.hangover_ms)
        self._tail = min(self._hangover, _frames(settings.tail_ms))
        self._pre_roll = settings.pre_roll_ms * SAMPLE_RATE // 1000
        self._longest = int(settings.max_utterance_s * SAMPLE_RATE)
        self._position = first_sample
        self._free_from = first_sample
        """No utterance may begin before: the first sample, or the end of the previous utterance."""
        self._recent: deque[Frame] = deque(maxlen=self._window + _frames(settings.pre_roll_ms))
        """While closed: frames that an onset may still need."""
        self._frames: list[Frame] = []
        """While open: the frames of the utterance."""
        self._open: Opened | None = None
        self._spoken_from = 0
        """Of the open utterance: speech before this sample was no onset, and does not count."""
        self._quiet = 0
        """Of the open utterance: frames since the last one judged speech."""
        self._paused_at: int | None = None
        self._voiced_to = first_sample - self._window * FRAME_SAMPLES
        """The end of the last frame judged speech."""

    @property
    def stirring(self) -> bool:
        """True if an utterance is open, or the next frames may open one."""
        return self._open is not None or self._position - self._voiced_to < self._window * FRAME_SAMPLES

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

    def step(self, voiced: bool, energy: float) -> list[Found]:
        """Hear the next frame of 320 samples.

        Args:
            voiced: the VAD's answer.
            energy: any measure of loudness that may be averaged, such as `energy_of`.
        """
        frame = Frame(self._position, voiced, energy)
        self._position += FRAME_SAMPLES
        if voiced:
            self._voiced_to = self._position
        if self._open is None:
            self._recent.append(frame)
            found: list[Found] = self._onset_reached()
        else:
            self._frames.append(frame)
            found = self._went_on(voiced or self._whole)
        # A long pre-roll with a short maximum can be too long from the start: hence also for what has just opened.
        if self._open is not None and self._position - self._open.start >= self._longest:
            found += self._too_long()
        quiet = self._position - self._voiced_to >= self._tail * FRAME_SAMPLES
        if self._bounds is not None and _reached(self._bounds, self._position, quiet):
            self.over = True
            found += self.finish("stop")
        return found

    def finish(self, reason: str) -> list[Found]:
        """Close the open utterance, if there is one: at its pause, or at the current position. What follows is a new
        one.
        """
        if self._open is None:
            self._recent.clear()
            self._free_from = self._position
            return []
        return [self._close(reason, self._position)]

    def end_at(self, earliest: int, latest: int) -> list[Found]:
        """Hear no more than up to the first moment from `earliest` on at which `tail_ms` were silent, nor behind
        `latest`. Then what is open closes with reason `stop`, and all is `over`.

        Frames behind that moment may have been heard already: they leave the open utterance again.
        """
        self._bounds = earliest, max(earliest, latest)
        # What the frames begin with follows silence, or a cut that lies seconds before now.
        quiet = self._tail
        for frame in list(self._recent) if self._open is None else self._frames:
            quiet = 0 if frame.voiced else quiet + 1
            end = frame.start + FRAME_SAMPLES
            if _reached(self._bounds, end, quiet >= self._tail):
                self.over = True
                # Even an utterance that should not have begun was said to have: it gets an end, and nothing to say.
                return [] if self._open is None else [self._close("stop", end)]
        return []

    def _onset_reached(self) -> list[Found]:
        """Open if enough of the last frames are speech."""
        window = list(self._recent)[-self._window :]
        spoken = [frame.start for frame in window if frame.voiced or self._whole]
        if len(spoken) < self._onset:
            return []
        # An onset's own speech counts; a lone voiced frame in the pre-roll was not an onset.
        self._spoken_from = spoken[0]
        self._begin(max(self._free_from, spoken[0] - self._pre_roll), list(self._recent))
        self._recent.clear()
        assert self._open is not None
        return [self._open]

    def _begin(self, start: int, frames: list[Frame]) -> None:
        """Open at this sample, with those of the frames that reach beyond it."""
        self._open = Opened(start)
        self._frames = [frame for frame in frames if frame.start + FRAME_SAMPLES > start]
        self._paused_at = None
        silent = takewhile(lambda frame: not (frame.voiced or self._whole), reversed(self._frames))
        self._quiet = sum(1 for _ in silent)

    def _went_on(self, speech: bool) -> list[Found]:
        """One more frame of the open utterance."""
        self._quiet = 0 if speech else self._quiet + 1
        if speech and self._paused_at is not None:
            self._paused_at = None
            return [Resumed()]
        if self._quiet >= self._hangover and not self.held:
            return [self._close("silence", self._position)]
        return self._pause()

    def _pause(self) -> list[Found]:
        """Say that the open utterance pauses, if it does and that was not said yet."""
        if self._quiet < self._tail or self._paused_at is not None:
            return []
        self._paused_at = self._position - (self._quiet - self._tail) * FRAME_SAMPLES
        return [Paused(self._paused_at)]

    def _close(self, reason: str, at: int) -> Closed:
        """End the open utterance at the pause in which it is at this sample, or there; the silence behind a pause
        belongs to none.
        """
        heard = [frame for frame in self._frames if frame.start < at]
        silent = takewhile(lambda frame: not (frame.voiced or self._whole), reversed(heard))
        end = at - max(0, sum(1 for _ in silent) - self._tail) * FRAME_SAMPLES
        behind = [frame for frame in self._frames if frame.start >= end]
        closed = self._end(end, reason)
        self._recent.clear()
        self._recent.extend(behind)
        return closed

    def _end(self, end: int, reason: str) -> Closed:
        assert self._open is not None
        frames = [frame for frame in self._frames if frame.start < end]
        voiced = sum(frame.voiced and frame.start >= self._spoken_from for frame in frames)
        closed = Closed(self._open.start, end, reason, voiced * FRAME_SAMPLES, tuple(_spans(frames, self._open.start)))
        self._open = None
        self._free_from = end
        self._frames = []
        return closed

    def _too_long(self) -> list[Found]:
        """End the utterance at the best point of its last seconds; what lies behind that begins the next one."""
        assert self._open is not None
        frames = self._frames
        cut = length_cut.longest_pause(frames, self._open.start + self._longest)
        if cut is None:
            cut = length_cut.quietest(frames, self._open.start + self._longest)
        elif frames[cut].start >= self._position - self._quiet * FRAME_SAMPLES:
            # It is silent now: nothing was said yet that the next utterance would begin with.
            return [self._close("length", self._position)]
        closed = self._end(frames[cut].start, "length")
        self._spoken_from = closed.end
        self._begin(closed.end, frames)
        assert self._open is not None
        return [closed, self._open, *self._pause()]


def _reached(bounds: tuple[int, int], position: int, quiet: bool) -> bool:
    """Whether a take with these bounds is over at this sample."""
    return position >= bounds[0] and (quiet or position >= bounds[1])


def _spans(frames: list[Frame], start: int) -> Iterator[tuple[int, int]]:
    """The stretches of voiced frames, from the utterance's first sample on."""
    for voiced, run in groupby(frames, lambda frame: frame.voiced):
        stretch = list(run)
        if voiced:
            yield max(start, stretch[0].start), stretch[-1].start + FRAME_SAMPLES


def _frames(milliseconds: int) -> int:
    """So many frames hold at least that time."""
    return -(-milliseconds * SAMPLE_RATE // (1000 * FRAME_SAMPLES))
