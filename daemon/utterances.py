"""All utterances that are not over yet, and what is to be done about them. Sans-IO.

It decides which step goes to which process and when, in what order finals are published, and when sound may be let go.
What it wants done it says through `Outside`; it knows neither sockets nor processes nor clocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from daemon import reports
from daemon.track import Track
from daemon.utterance import ATTEMPTS, Alignment, Outcome, Utterance
from pipeline import events
from pipeline.arrays import Array
from pipeline.messages import SAMPLE_RATE, Align, Cancel, Failed, Forget, Hypothesis, Speech, Word, Words
from pipeline.segmenter import CUT_WITHIN_SAMPLES, Closed, Opened
from pipeline.settings import Settings
from pipeline.sockets import ALIGNER, DECODER, ENCODER

FINALS_IN_FLIGHT = 4
"""Finals given to the encoder at once: enough to keep both stages busy, few enough that a backlog waits in the spool
and not in sockets."""
ALIGNMENTS_IN_FLIGHT = 2


class Outside(Protocol):
    """What the utterances may want done."""

    def send(self, to: str, message: Speech | Align, array: Array) -> None:
        """Give work to a process."""

    def tell(self, message: Cancel | Forget) -> None:
        """Say something on the bus."""

    def publish(self, kind: type[events.Event], **fields: Any) -> None:
        """Publish an event."""


class Utterances:
    """See the top of the file."""

    def __init__(self, settings: Settings, outside: Outside) -> None:
        self._settings = settings
        self._outside = outside
        self._all: dict[int, Utterance] = {}
        self._tracks: dict[str, Track] = {}
        self._count = 0
        self.finals = 0
        """Published so far."""
        self._lost: dict[str, str] = {}
        """Processes that will not come back, and why."""

    def __iter__(self) -> Iterator[Utterance]:
        return iter(self._all.values())

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

    @property
    def awaited(self) -> set[str]:
        """The processes whose answers are still awaited."""
        undecided = any(not u.published for u in self._all.values())
        unaligned = any(u.published for u in self._all.values())
        return ({ENCODER, DECODER} if undecided else set()) | ({ALIGNER} if unaligned else set())

    def let_go(self, source: str) -> None:
        """The source is over, and all its utterances are."""
        self._tracks.pop(source, None)

    def segmented(self, track: Track, found: list[Opened | Closed], now_ns: int) -> None:
        """Utterances of this track began and ended."""
        for item in found:
            if isinstance(item, Opened):
                self._open(track, item.start)
            else:
                self._close(track, item, now_ns)

    def _open(self, track: Track, start: int) -> None:
        self._count += 1
        source = track.origin.id
        self._tracks[source] = track
        longest = int(self._settings.vad.max_utterance_s * SAMPLE_RATE)
        self._all[self._count] = Utterance(
            self._count, source, start, track.origin.options, self._settings.stream, longest - CUT_WITHIN_SAMPLES
        )
        self._outside.publish(events.SpeechStarted, **reports.started(self._all[self._count], track.origin_ns))

    def _close(self, track: Track, closed: Closed, now_ns: int) -> None:
        utterance = next(u for u in self.of(track.origin.id) if not u.closed)
        utterance.close(closed.end, now_ns)
        self._outside.publish(events.SpeechEnded, **reports.ended(utterance, closed))
        if closed.reason == "cancel":
            self._outside.tell(Cancel(utterance.number, utterance.epoch + 1, 0))
            utterance.outcome = Outcome("", "")
        elif closed.voiced < self._settings.vad.min_speech_ms * SAMPLE_RATE // 1000:
            utterance.give_up()

    def advance(self, ready: set[str], now_ns: int) -> None:
        """Give out the work that is due, to processes that are ready, and publish what is decided."""
        self._give_up_on_lost()
        if {ENCODER, DECODER} <= ready:
            for utterance in self._all.values():
                self._advance_one(utterance)
        self._publish_finals(now_ns)
        if ALIGNER in ready:
            busy = sum(u.alignment is Alignment.SENT for u in self._all.values())
            for utterance in [u for u in self._all.values() if u.alignment is Alignment.WANTED]:
                if busy < ALIGNMENTS_IN_FLIGHT:
                    busy += 1
                    self._outside.send(ALIGNER, utterance.align(), self._sound(utterance))

    def _advance_one(self, utterance: Utterance) -> None:
        if utterance.closed and sum(u.deciding for u in self._all.values()) >= FINALS_IN_FLIGHT:
            return
        track = self._tracks[utterance.source]
        step = utterance.next_step(track.end)
        if step is None:
            return
        if step.cancel is not None:
            self._outside.tell(step.cancel)
        self._outside.send(ENCODER, step.speech, track.read(step.from_sample, step.to_sample))

    def _sound(self, utterance: Utterance) -> Array:
        assert utterance.end is not None
        return self._tracks[utterance.source].read(utterance.start, utterance.end)

    def hear(self, hypothesis: Hypothesis) -> None:
        """The decoder has something to say."""
        utterance = self._all.get(hypothesis.utterance)
        if utterance is None:
            return
        shown = utterance.hear(hypothesis)
        if shown is None or not (shown.committed or shown.tail):
            return
        self._outside.publish(events.Partial, **reports.partial(utterance, shown, hypothesis))

    def _publish_finals(self, now_ns: int) -> None:
        """Finals leave in the order of their utterances: one that is decided waits for those before it."""
        waiting: set[str] = set()
        for utterance in list(self._all.values()):
            if utterance.published or utterance.source in waiting:
                continue
            if utterance.outcome is None or not utterance.closed:
                waiting.add(utterance.source)
                continue
            self._publish_final(utterance, utterance.outcome, now_ns)

    def _publish_final(self, utterance: Utterance, outcome: Outcome, now_ns: int) -> None:
        self.finals += 1
        self._outside.publish(events.Final, **reports.final(utterance, outcome, now_ns))
        utterance.published = True
        track = self._tracks[utterance.source]
        track.settle(self.decided_to(track))
        if not utterance.options.align:
            self._finish(utterance)
        elif outcome.text and ALIGNER not in self._lost:
            utterance.alignment = Alignment.WANTED
        else:
            self._publish_words(utterance, [], 0, self._lost.get(ALIGNER, "") if outcome.text else "")

    def align(self, words: Words) -> None:
        """The aligner has placed the words of a final."""
        utterance = self._all.get(words.utterance)
        if utterance is None or utterance.alignment is not Alignment.SENT or words.epoch != utterance.align_epoch:
            return
        self._publish_words(utterance, words.words, words.align_ns, "")

    def _publish_words(self, utterance: Utterance, words: Iterable[Word], align_ns: int, error: str) -> None:
        self._outside.publish(events.Words, **reports.words(utterance, words, align_ns, error))
        self._finish(utterance)

    def _finish(self, utterance: Utterance) -> None:
        del self._all[utterance.number]
        self._outside.tell(Forget(utterance.number))
        track = self._tracks[utterance.source]
        track.release(self.finished_to(track))

    def fail(self, failed: Failed) -> None:
        """A stage could not do a step; its process is well."""
        utterance = self._all.get(failed.utterance)
        if utterance is None:
            return
        error = f"{failed.error}. {failed.hint}" if failed.hint else failed.error
        if failed.process == ALIGNER:
            if failed.epoch == utterance.align_epoch:
                self._align_again(utterance, error)
            return
        utterance.fail(failed.epoch, utterance.is_final(failed.seq), error)
        if utterance.outcome is not None and utterance.outcome.error:
            self._notice(utterance, error)

    def process_died(self, name: str, how: str, at_work: int) -> None:
        """A worker is gone, with all it held: whatever it may have known is given again to the next one.

        Args:
            at_work: number of the utterance that it worked on; 0 if that is not known. Only that one is blamed.
        """
        if name == ALIGNER:
            for utterance in [u for u in self._all.values() if u.alignment is Alignment.SENT]:
                self._align_again(utterance, f"the {name} {how}" if utterance.number == at_work else "")
            return
        working = [u for u in self._all.values() if u.working]
        blamed = working[0] if len(working) == 1 else next((u for u in working if u.number == at_work), None)
        for utterance in self._all.values():
            utterance.replay(f"the {name} {how}" if utterance is blamed else "")
        if blamed is not None and blamed.outcome is not None:
            self._notice(blamed, blamed.outcome.error)

    def process_lost(self, name: str, why: str) -> None:
        """A worker will not come back."""
        self._lost[name] = why

    def _give_up_on_lost(self) -> None:
        why = self._lost.get(ENCODER) or self._lost.get(DECODER)
        for utterance in list(self._all.values()):
            if why and utterance.outcome is None and utterance.closed:
                utterance.give_up(why)
            if ALIGNER in self._lost and utterance.alignment is not Alignment.NONE:
                self._publish_words(utterance, [], 0, self._lost[ALIGNER])

    def _align_again(self, utterance: Utterance, blame: str) -> None:
        utterance.align_epoch += 1
        utterance.align_attempts += bool(blame)
        utterance.alignment = Alignment.WANTED
        if utterance.align_attempts >= ATTEMPTS:
            self._publish_words(utterance, [], 0, blame)

    def _notice(self, utterance: Utterance, error: str) -> None:
        self._outside.publish(
            events.Notice,
            level="error",
            code="utterance-failed",
            text=f"utterance {utterance.number} could not be decoded: {error}",
            hint="Its final has only the text that was committed before.",
        )

    @property
    def backlog_samples(self) -> int:
        """Sound of closed utterances that wait for their final."""
        return sum((u.end or u.start) - u.start for u in self._all.values() if u.closed and u.outcome is None)
