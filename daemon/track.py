"""One source as the daemon hears it: its sound in the spool, and where it is cut.

It owns how samples are numbered, at which of them a take begins and ends, and which of them are still needed. It does
not know what becomes of an utterance.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from daemon.clock import Clock
from daemon.spool import Spool
from daemon.take import Take
from daemon.utterance import Options
from pipeline.arrays import Array
from pipeline.cutter import ADAPT_SAMPLES, Cutter
from pipeline.level import peak_db
from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE
from pipeline.segmenter import Closed, Found
from pipeline.settings import VadSettings

RECOVERED = "recovered"
LATE_PRESS_SAMPLES = 2 * SAMPLE_RATE
"""The command of a press may come so late and find all sound of its take."""
LATE_SOUND_NS = 1_000_000_000
"""After a release, sound that does not come for so long is not waited for."""
LONGEST_TAIL_NS = 30_000_000_000
"""Nor is sound that comes, but never gets to the release."""
LEVEL_SAMPLES = SAMPLE_RATE // 10


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

    def __init__(self, origin: Origin, settings: VadSettings, spool: Spool, take: Take | None = None) -> None:
        """`take` begins with the first sample; without one nobody listens yet."""
        self.origin = origin
        self.state = "starting"
        self.error = ""
        self.detail = ""
        """Which device it is, or why there is none, for people."""
        self.ended = False
        self.clock = Clock()
        self.arrived_ns = 0
        """Monotonic moment at which the newest sample came here."""
        self.take_in_hand = take or Take()
        """The take that is cut, or was last."""
        self._settings = settings
        self._spool = spool
        self._next = 0
        self._takes = deque([take] if take is not None else [])
        """Of which sound is cut now, or will be: one that was released may still wait for its last sound, and the next
        be begun."""
        self._cutter: Cutter | None = Cutter(settings, origin.whole) if take is not None else None
        """Of the first of them, once its sound has come."""
        self._release: int | None = None
        """The sample at which that one was released, once that has come."""
        self._next_from_source = 0
        self._used_to = 0
        """End of the last utterance: no other one may begin before."""

    @property
    def live(self) -> bool:
        """True if what is said in it is said now; a recording may take its time."""
        return not (self.origin.whole or self.origin.kind == RECOVERED or self.clock.hurried)

    @property
    def options(self) -> Options:
        """What is asked for of an utterance that opens now."""
        return self.take_in_hand.applied(self.origin.options)

    @property
    def stirring(self) -> bool:
        """True if something is being said, or may be, or a take is about to begin or end."""
        return bool(self._takes) and (self._cutter is None or self.releasing or self._cutter.stirring)

    @property
    def releasing(self) -> bool:
        """True while a take that was released waits for its last sound."""
        return bool(self._takes) and self._takes[0].release_ns is not None

    @property
    def heard_ns(self) -> int:
        """Monotonic moment at which the newest sample was captured."""
        return self.clock.heard_ns

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
        return bool(self._takes)

    @property
    def settled_to(self) -> int:
        """No utterance that is still to come begins before this sample."""
        return self._cutter.keep_from if self._cutter is not None else self.end

    def level(self) -> float | None:
        """Peak of the last tenth of a second in dB below full scale, -90 to 0; None if no sound has come."""
        newest = self._spool.read(max(self._spool.first, self.end - LEVEL_SAMPLES), self.end)
        return peak_db(newest) if len(newest) else None

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
        self.clock.heard(len(pcm), captured_ns)
        return missing

    def segment(self) -> list[Found]:
        """What the samples taken since the last call begin and end, no further than to the end of a take: `proceed`
        goes on with the next one.
        """
        self.proceed()
        cutter = self._cutter
        if cutter is None:
            return []
        cutter.held = self.take_in_hand.held
        found = self._bounded(cutter)
        whole = (self.end - self._next) // FRAME_SAMPLES
        pcm = self._spool.read(self._next, self._next + whole * FRAME_SAMPLES) if whole else np.empty(0, np.int16)
        for frame in pcm.reshape(whole, FRAME_SAMPLES):
            if cutter.over:
                break
            found += cutter.step(frame)
            self._next += FRAME_SAMPLES
        if cutter.over:
            self._over()
        return self._noted(found)

    def _bounded(self, cutter: Cutter) -> list[Found]:
        """Tell the cutter where its take ends, once the sound of the release has come."""
        take = self.take_in_hand
        if self._release is None and take.release_ns is not None:
            at = self.clock.sample_at(take.release_ns)
            self._release = at if at <= self.end else None
        if self._release is None:
            return []
        latest = self._release + self._settings.release_tail_ms * SAMPLE_RATE // 1000
        if len(self._takes) > 1:
            latest = min(latest, self._begin_of(self._takes[1]))
        return cutter.end_at(self._release, latest)

    def _begin_of(self, take: Take) -> int:
        return max(self.clock.gap, self.clock.sample_at(take.begin_ns) - take.pre_roll_ms * SAMPLE_RATE // 1000)

    def _over(self) -> None:
        """The first of the takes is."""
        self._cutter = self._release = None
        self._takes.popleft()

    def listen(self, take: Take) -> None:
        """Cut utterances from this take too, when those before it are over."""
        self._takes.append(take)

    def proceed(self) -> bool:
        """Begin the next take, if none is in hand and its first sample has come. True if that was done.

        It begins no earlier than the last utterance ended: no sample is in two.
        """
        if self._cutter is not None or not self._takes:
            return False
        begin = max(self._spool.first, self._used_to, self._begin_of(self._takes[0]))
        if begin >= self.end:
            return False
        self._next = begin
        self._spool.reopen(begin)
        before = self._spool.read(max(self._spool.first, begin - ADAPT_SAMPLES), begin)
        self._cutter = Cutter(self._settings, self.origin.whole, begin, before)
        self.take_in_hand = self._takes[0]
        return True

    def overdue(self, now_ns: int) -> bool:
        """True if the sound that a released take waits for does not come."""
        release_ns = self._takes[0].release_ns if self._takes else None
        if release_ns is None:
            return False
        return now_ns - max(release_ns, self.arrived_ns) > LATE_SOUND_NS or now_ns - release_ns > LONGEST_TAIL_NS

    def close_open(self, reason: str) -> list[Found]:
        """End the open utterance here; go on listening."""
        return [] if self._cutter is None else self._noted(self._cutter.finish(reason))

    def end_take(self, reason: str) -> list[Found]:
        """End the first of the takes, and its open utterance, where it was cut to; one behind it goes on."""
        found = self.close_open(reason)
        if self._takes:
            self._over()
        return found

    def stop(self, reason: str) -> list[Found]:
        """Stop cutting utterances; the open one ends here."""
        found = self.end_take(reason)
        self._takes.clear()
        return found

    def finish(self) -> list[Found]:
        """The source has ended. The last frame is filled up for the VAD, but no utterance gets more than was said."""
        self.ended = True
        found = self.segment()
        if self._cutter is not None:
            left = self._spool.read(self._next, self.end)
            if len(left):
                found += self._cutter.step(np.pad(left, (0, FRAME_SAMPLES - len(left))))
            found += self._cutter.finish("end")
        self._cutter = None
        self._takes.clear()
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
        """Nobody needs the samples before this one, but a take that may begin. Done a second at a time: it costs a
        write.
        """
        pre_roll = max(self._settings.pre_roll_ms, self._settings.press_pre_roll_ms) * SAMPLE_RATE // 1000
        unneeded = min(to_sample, self.settled_to, self.end - pre_roll - LATE_PRESS_SAMPLES - ADAPT_SAMPLES)
        if unneeded - self._spool.first >= SAMPLE_RATE:
            self._spool.release(unneeded)

    def close(self, keep: bool = False) -> None:
        """The track is over. `keep` leaves what was not released on disk, for the next daemon to take up."""
        self._spool.close(delete=not keep)
