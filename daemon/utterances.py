"""All utterances that are not over yet, and what is to be done about them. Sans-IO.

It decides which step goes to which process and when, and what a process's death means. What it wants done it says
through `Outside`; it knows neither sockets nor processes nor clocks. Finals and word times are `daemon.finals`'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from daemon import reports
from daemon.alignment import Stage
from daemon.finals import Finals
from daemon.outcome import Outcome
from daemon.pressure import Pace, Pressure
from daemon.track import Track
from daemon.utterance import Moment, Utterance
from pipeline import events
from pipeline.arrays import Array
from pipeline.length_cut import CUT_WITHIN_SAMPLES
from pipeline.messages import SAMPLE_RATE, Align, Cancel, Failed, Forget, Hypothesis, Speech, Words
from pipeline.segmenter import Closed, Found, Opened, Paused, Resumed
from pipeline.settings import Settings
from pipeline.sockets import ALIGNER, DECODER, ENCODER

FINALS_IN_FLIGHT = 4
"""Finals given to the encoder at once: enough to keep both stages busy, few enough that a backlog waits in the spool
and not in sockets."""


class Outside(Protocol):
    """What the utterances may want done."""

    def send(self, to: str, message: Speech | Align, array: Array) -> None:
        """Give work to a process."""

    def tell(self, message: Cancel | Forget) -> None:
        """Say something on the bus."""

    def publish(self, kind: type[events.Event], **fields: Any) -> None:
        """Publish an event."""

    def notice(self, level: str, code: str, text: str, hint: str = "") -> None:
        """Tell the user something."""


class Utterances:
    """See the top of the file. Moments are nanoseconds of the monotonic clock."""

    def __init__(self, settings: Settings, outside: Outside) -> None:
        self._settings = settings
        self._outside = outside
        self._all: dict[int, Utterance] = {}
        self._tracks: dict[str, Track] = {}
        self._count = 0
        self._pressure = Pressure()
        self._finals = Finals(outside, self._sound, self._settle, self._forget)
        self._ready_ns: int | None = None
        """Since when encoder and decoder are ready; None while they are not."""
        self.lost = ""
        """Why encoder or decoder will not come back; empty while they may."""

    def __iter__(self) -> Iterator[Utterance]:
        return iter(self._all.values())

    @property
    def none(self) -> bool:
        """True if all are over."""
        return not self._all

    @property
    def finals(self) -> int:
        """Published so far."""
        return self._finals.count

    @property
    def pace(self) -> Pace:
        """What is left out so as not to fall behind."""
        return self._pressure.pace

    def of(self, source: str) -> list[Utterance]:
        """Those of one source, oldest first."""
        return [u for u in self._all.values() if u.source == source]

    def finished_to(self, track: Track) -> int:
        """Sample of the track up to which every utterance is over."""
        return min([u.start for u in self.of(track.origin.id)] + [track.settled_to])

    def decided_to(self, track: Track) -> int:
        """Sample of the track up to which every utterance has its final."""
        open_ones = [u.start for u in self.of(track.origin.id) if not u.published]
        return min([*open_ones, track.settled_to])

    def undecided(self, source: str) -> bool:
        """True if a final of this source is still to be published."""
        return any(not u.published for u in self.of(source))

    def working(self, track: Track, now_ns: int) -> bool:
        """True while something of this source is with a worker, or is about to go there."""
        moment = self._moment(track, now_ns)
        return any(
            u.closed or u.in_flight is not None or u.alignment.busy or (not self.lost and u.due(moment) is not None)
            for u in self.of(track.origin.id)
        )

    @property
    def awaited(self) -> set[str]:
        """The processes whose answers are still awaited."""
        undecided = any(u.outcome is None for u in self._all.values())
        unaligned = any(u.alignment.stage in (Stage.WANTED, Stage.SENT) for u in self._all.values())
        return ({ENCODER, DECODER} if undecided else set()) | ({ALIGNER} if unaligned else set())

    def let_go(self, source: str) -> None:
        """The source is over, and all its utterances are."""
        self._tracks.pop(source, None)

    def segmented(self, track: Track, found: list[Found], now_ns: int) -> None:
        """Utterances of this track began, paused, went on and ended."""
        for item in found:
            if isinstance(item, Opened):
                self._open(track, item.start)
                continue
            utterance = next(u for u in self.of(track.origin.id) if not u.closed)
            match item:
                case Paused(at=at):
                    utterance.pause(at)
                case Resumed():
                    utterance.resume()
                case Closed():
                    self._close(utterance, item, now_ns)

    def _open(self, track: Track, start: int) -> None:
        self._count += 1
        source = track.origin.id
        self._tracks[source] = track
        longest = int(self._settings.vad.max_utterance_s * SAMPLE_RATE)
        self._all[self._count] = Utterance(
            self._count,
            source,
            start,
            track.options,
            self._settings.stream,
            longest - CUT_WITHIN_SAMPLES,
            take=track.take_in_hand.number,
        )
        self._outside.publish(events.SpeechStarted, **reports.started(self._all[self._count], track.clock.origin_ns))

    def _close(self, utterance: Utterance, closed: Closed, now_ns: int) -> None:
        utterance.close(closed.end, now_ns, closed.spans)
        self._outside.publish(events.SpeechEnded, **reports.ended(utterance, closed))
        click = closed.voiced < self._settings.vad.min_speech_ms * SAMPLE_RATE // 1000
        if closed.reason == "cancel":
            utterance.outcome = Outcome("", "")
        elif click:
            utterance.give_up()
        if closed.reason == "cancel" or click:
            self._outside.tell(Cancel(utterance.number, utterance.epoch + 1, 0))

    def advance(self, ready: set[str], now_ns: int) -> None:
        """Give out the work that is due, to processes that are ready, and publish what is decided."""
        if self.lost:
            for utterance in self._all.values():
                if utterance.outcome is None and utterance.closed:
                    utterance.give_up(self.lost)
        if {ENCODER, DECODER} <= ready:
            self._ready_ns = now_ns if self._ready_ns is None else self._ready_ns
            self._feel_pressure(now_ns, self._ready_ns)
            for utterance in self._all.values():
                self._advance_one(utterance, now_ns)
        else:
            self._ready_ns = None
        live = not self._pressure.leaves_out("no-live-words")
        self._finals.advance(list(self._all.values()), ALIGNER in ready, live, now_ns)

    def _feel_pressure(self, now_ns: int, ready_ns: int) -> None:
        """Only what is spoken now can be late: a recording may take its time."""
        waiting, working = 0, 0
        for utterance in self._all.values():
            if utterance.outcome is not None or not self._tracks[utterance.source].live:
                continue
            asked = utterance.in_flight
            if utterance.closed:
                waiting = max(waiting, now_ns - max(utterance.closed_ns, ready_ns))
            elif asked is not None:
                working = max(working, now_ns - max(asked.asked_ns, ready_ns))
        change = self._pressure.tick(now_ns, waiting, working)
        if change is not None:
            self._outside.notice(change.level, "pace", change.text, change.hint)

    def _moment(self, track: Track, now_ns: int) -> Moment:
        partials = not self._pressure.leaves_out("finals-only")
        idle = not any(u.closed and u.outcome is None for u in self._all.values())
        return Moment(track.judged, track.heard_ns, now_ns, partials, partials or idle)

    def _advance_one(self, utterance: Utterance, now_ns: int) -> None:
        if utterance.closed and sum(u.deciding for u in self._all.values()) >= FINALS_IN_FLIGHT:
            return
        track = self._tracks[utterance.source]
        step = utterance.next_step(self._moment(track, now_ns))
        if step is None:
            return
        if step.cancel is not None:
            self._outside.tell(step.cancel)
        self._outside.send(ENCODER, step.speech, track.read(step.from_sample, step.to_sample))

    def _sound(self, utterance: Utterance, samples: int) -> Array:
        return self._tracks[utterance.source].read(utterance.start, utterance.start + samples)

    def hear(self, hypothesis: Hypothesis, now_ns: int) -> None:
        """The decoder has something to say."""
        utterance = self._all.get(hypothesis.utterance)
        if utterance is None:
            return
        shown = utterance.hear(hypothesis, now_ns)
        if shown is None:
            return
        if self._tracks[utterance.source].live:
            self._pressure.step(utterance.strain)
        if utterance.options.partials and (shown.committed or shown.tail):
            self._outside.publish(events.Partial, **reports.partial(utterance, shown, hypothesis))

    def _settle(self, utterance: Utterance) -> None:
        """Its final is out."""
        track = self._tracks[utterance.source]
        track.settle(self.decided_to(track))

    def _forget(self, utterance: Utterance) -> None:
        """It is over."""
        del self._all[utterance.number]
        self._outside.tell(Forget(utterance.number))
        track = self._tracks[utterance.source]
        track.release(self.finished_to(track))

    def align(self, words: Words, now_ns: int) -> None:
        """The aligner has placed the words of an utterance."""
        utterance = self._all.get(words.utterance)
        if utterance is not None:
            self._finals.hear(utterance, words, now_ns)
            self._finals.publish(list(self._all.values()), now_ns)

    def fail(self, failed: Failed) -> None:
        """A stage could not do a step; its process is well."""
        utterance = self._all.get(failed.utterance)
        if utterance is None:
            return
        error = f"{failed.error}. {failed.hint}" if failed.hint else failed.error
        if failed.process == ALIGNER:
            utterance.alignment.fail(failed.epoch, error)
            return
        utterance.fail(failed.epoch, failed.seq, error)
        if utterance.outcome is not None and utterance.outcome.error:
            self._say_failed(utterance, error)

    def process_died(self, name: str, how: str, at_work: int) -> None:
        """A worker is gone, with all it held: whatever it may have known is given again to the next one.

        Args:
            at_work: number of the utterance that it worked on; 0 if that is not known. Only that one is blamed.
        """
        if name == ALIGNER:
            self._finals.died()
            for utterance in self._all.values():
                utterance.alignment.again(f"the {name} {how}" if utterance.number == at_work else "")
            return
        working = [u for u in self._all.values() if u.in_flight is not None]
        blamed = working[0] if len(working) == 1 else next((u for u in working if u.number == at_work), None)
        for utterance in self._all.values():
            utterance.replay(f"the {name} {how}" if utterance is blamed else "")
        if blamed is not None and blamed.outcome is not None:
            self._say_failed(blamed, blamed.outcome.error)

    def process_lost(self, name: str, why: str) -> None:
        """A worker will not come back."""
        if name == ALIGNER:
            self._finals.lost = why
        else:
            self.lost = self.lost or why

    def _say_failed(self, utterance: Utterance, error: str) -> None:
        self._outside.notice(
            "error",
            "utterance-failed",
            f"utterance {utterance.number} could not be decoded: {error}",
            "Its final has only the text that was committed before.",
        )

    @property
    def backlog_samples(self) -> int:
        """Sound of closed utterances that wait for their final."""
        return sum((u.end or u.start) - u.start for u in self._all.values() if u.closed and u.outcome is None)
