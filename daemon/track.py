"""One source as the daemon hears it: its sound in the spool, and where it is cut.

It owns how samples are numbered and which of them are still needed. It does not know what becomes of an utterance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from daemon.spool import Spool
from daemon.utterance import Options
from pipeline.arrays import Array
from pipeline.cutter import Cutter
from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE
from pipeline.segmenter import Closed, Found
from pipeline.settings import VadSettings

RECOVERED = "recovered"
SPEED_OVER_SAMPLES = 2 * SAMPLE_RATE
FASTEST = 3
"""Sound that comes so many times faster than real time is no speech of now."""


@dataclass(frozen=True)
class Origin:
    """What a source is."""

    id: str
    kind: str
    """microphone, file, network, or recovered: sound that a daemon before this one left behind."""
    options: Options
    follows_listening: bool
    """True if `start` and `stop` rule it; a source that a client opened is always listened to."""
    private: bool = False
    whole: bool = False
    """A recording that is cut by length only."""


class Track:
    """Samples are numbered from 0 in the order they came, whatever restarts the source itself went through."""

    def __init__(self, origin: Origin, settings: VadSettings, spool: Spool, listening: bool) -> None:
        self.origin = origin
        self.state = "starting"
        self.error = ""
        self.detail = ""
        """Which device it is, or why there is none, for people."""
        self.ended = False
        self.heard_ns = 0
        """Monotonic moment at which the newest sample was captured."""
        self._settings = settings
        self._spool = spool
        self._next = 0
        self._cutter: Cutter | None = Cutter(settings, origin.whole) if listening else None
        self._next_from_source = 0
        self._mark = (0, 0)
        """A number of samples, and the moment at which so many had come."""
        self._hurried = False
        """The sound comes faster than anybody speaks."""
        self._used_to = 0
        """End of the last utterance: no other one may begin before."""

    @property
    def live(self) -> bool:
        """True if what is said in it is said now; a recording may take its time."""
        return not (self.origin.whole or self.origin.kind == RECOVERED or self._hurried)

    @property
    def stirring(self) -> bool:
        """True if something is being said, or may be."""
        return self._cutter is not None and self._cutter.stirring

    @property
    def end(self) -> int:
        """Samples taken so far."""
        return self._spool.end

    @property
    def judged(self) -> int:
        """Samples of which the VAD has judged whether they are speech; all, where nobody listens."""
        return self._next if self._cutter is not None else self.end

    @property
    def listening(self) -> bool:
        """True while what is said becomes utterances."""
        return self._cutter is not None

    @property
    def settled_to(self) -> int:
        """No utterance that is still to come begins before this sample."""
        return self._cutter.keep_from if self._cutter is not None else self.end

    @property
    def origin_ns(self) -> int:
        """Monotonic moment at which sample 0 was captured, reckoned from the newest one."""
        return self.heard_ns - self.end * 1_000_000_000 // SAMPLE_RATE

    def commit(self, on: bool) -> None:
        """Commit words while they are spoken, or no more; from the next utterance on."""
        self.origin = replace(self.origin, options=replace(self.origin.options, commit=on))

    def began(self) -> None:
        """The process of the source was started, perhaps again: it counts its samples from 0."""
        self._next_from_source = 0

    def take(self, pcm: Array, first_sample: int, captured_ns: int) -> int:
        """Keep int16[n] samples: into the spool before anything else. Returns how many samples were missing before
        them.
        """
        missing = max(0, first_sample - self._next_from_source)
        self._next_from_source = first_sample + len(pcm)
        self._spool.append(pcm)
        self.heard_ns = captured_ns
        samples, passed_ns = self.end - self._mark[0], captured_ns - self._mark[1]
        if samples >= SPEED_OVER_SAMPLES:
            self._hurried = samples * 1_000_000_000 > FASTEST * passed_ns * SAMPLE_RATE
            self._mark = (self.end, captured_ns)
        return missing

    def segment(self) -> list[Found]:
        """What the samples taken since the last call begin and end."""
        if self._cutter is None:
            return []
        found: list[Found] = []
        whole = (self.end - self._next) // FRAME_SAMPLES
        if whole:
            pcm = self._spool.read(self._next, self._next + whole * FRAME_SAMPLES)
            for frame in pcm.reshape(whole, FRAME_SAMPLES):
                found += self._cutter.step(frame)
            self._next += whole * FRAME_SAMPLES
        return self._noted(found)

    def listen(self) -> None:
        """Begin to cut utterances, with the sound of the pre-roll before now that was in none yet."""
        if self._cutter is None:
            pre_roll = self._settings.pre_roll_ms * SAMPLE_RATE // 1000
            self._next = max(self._spool.first, self.end - pre_roll, self._used_to)
            self._cutter = Cutter(self._settings, self.origin.whole, self._next)

    def close_open(self, reason: str) -> list[Found]:
        """End the open utterance here; go on listening."""
        return [] if self._cutter is None else self._noted(self._cutter.finish(reason))

    def stop(self, reason: str) -> list[Found]:
        """Stop cutting utterances; the open one ends here."""
        if self._cutter is None:
            return []
        found = self.segment()
        found += self._cutter.finish(reason)
        self._cutter = None
        return self._noted(found)

    def finish(self) -> list[Found]:
        """The source has ended. The last frame is filled up for the VAD, but no utterance gets more than was said."""
        self.ended = True
        if self._cutter is None:
            return []
        found = self.segment()
        left = self._spool.read(self._next, self.end)
        if len(left):
            found += self._cutter.step(np.pad(left, (0, FRAME_SAMPLES - len(left))))
        found += self._cutter.finish("end")
        self._cutter = None
        return [self._within(item) if isinstance(item, Closed) else item for item in found]

    def _within(self, closed: Closed) -> Closed:
        """Without what the last frame was filled up with."""
        spans = tuple((start, min(end, self.end)) for start, end in closed.spans)
        return closed._replace(end=min(closed.end, self.end), spans=spans)

    def read(self, from_sample: int, to_sample: int) -> Array:
        """int16[to - from] samples that were not released yet."""
        return self._spool.read(from_sample, to_sample)

    def _noted(self, found: list[Found]) -> list[Found]:
        self._used_to = max([self._used_to] + [item.end for item in found if isinstance(item, Closed)])
        return found

    def settle(self, to_sample: int) -> None:
        """Nobody will have to be told anything of the samples before this one, not even by the next daemon."""
        self._spool.settle(min(to_sample, self.settled_to))

    def release(self, to_sample: int) -> None:
        """Nobody needs the samples before this one, but for the pre-roll. Done a second at a time: it costs a write."""
        pre_roll = self._settings.pre_roll_ms * SAMPLE_RATE // 1000
        unneeded = min(to_sample, self.settled_to, self.end - pre_roll)
        if unneeded - self._spool.first >= SAMPLE_RATE:
            self._spool.release(unneeded)

    def close(self, keep: bool = False) -> None:
        """The track is over. `keep` leaves what was not released on disk, for the next daemon to take up."""
        self._spool.close(delete=not keep)
