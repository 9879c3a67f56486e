"""All utterances that are not over yet, and what is to be done about them. Sans-IO.

It decides which step goes to which process and when, in what order finals are published, and when sound may be let go.
What it wants done it says through `Outside`; it knows neither sockets nor processes nor clocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from daemon.track import Track
from daemon.utterance import ATTEMPTS, Alignment, Outcome, Utterance
from pipeline import events
from pipeline.arrays import Array
from pipeline.messages import SAMPLE_RATE, Align, Cancel, Failed, Forget, Hypothesis, Speech, Words
from pipeline.segmenter import Closed, Opened
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
        self._all[self._count] = Utterance(self._count, source, start, track.origin.options, self._settings.stream)
        self._outside.publish(
            events.SpeechStarted,
            source=source,
            utterance=self._count,
            start=start / SAMPLE_RATE,
            origin_ns=track.origin_ns,
        )

    def _close(self, track: Track, closed: Closed, now_ns: int) -> None:
        utterance = next(u for u in self.of(track.origin.id) if not u.closed)
        utterance.close(closed.end, now_ns)
        self._outside.publish(
            events.SpeechEnded,
            source=utterance.source,
            utterance=utterance.number,
            start=closed.start / SAMPLE_RATE,
            end=closed.end / SAMPLE_RATE,
            reason=closed.reason,
        )
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
        self._outside.publish(
            events.Partial,
            source=utterance.source,
            utterance=utterance.number,
            revision=utterance.revision,
            committed=shown.committed,
            tail=shown.tail,
            language=hypothesis.language,
            end=(utterance.start + hypothesis.samples) / SAMPLE_RATE,
        )

    def _publish_finals(self, now_ns: int) -> None:
        """Finals leave in the order of their utterances: one that is decided waits for those before it."""
        waiting: set[str] = set()
        for utterance in list(self._all.values()):
            if utterance.alignment is not Alignment.NONE or utterance.source in waiting:
                continue
            if utterance.outcome is None or not utterance.closed:
                waiting.add(utterance.source)
                continue
            self._publish_final(utterance, utterance.outcome, now_ns)

    def _publish_final(self, utterance: Utterance, outcome: Outcome, now_ns: int) -> None:
        assert utterance.end is not None
        cost = utterance.cost
        timings = events.Timings(
            audio=(utterance.end - utterance.start) / SAMPLE_RATE,
            encode=cost.encode_ns / 1e9,
            prefill=cost.prefill_ns / 1e9,
            prefill_tokens=cost.prefill_tokens,
            generate=cost.generate_ns / 1e9,
            generate_tokens=cost.generate_tokens,
            steps=cost.steps,
            wait=max(0, now_ns - utterance.closed_ns) / 1e9,
        )
        self.finals += 1
        self._outside.publish(
            events.Final,
            source=utterance.source,
            utterance=utterance.number,
            text=outcome.text,
            language=outcome.language,
            start=utterance.start / SAMPLE_RATE,
            end=utterance.end / SAMPLE_RATE,
            timings=timings,
            error=outcome.error,
        )
        if not utterance.options.align:
            self._finish(utterance)
        elif outcome.text and ALIGNER not in self._lost:
            utterance.alignment = Alignment.WANTED
        else:
            self._publish_words(utterance, [], 0, self._lost.get(ALIGNER, "") if outcome.text else "")

    def align(self, words: Words) -> None:
        """The aligner has placed the words of a final."""
        utterance = self._all.get(words.utterance)
        if utterance is None or utterance.alignment is not Alignment.SENT or words.epoch != utterance.align_attempts:
            return
        timed = [
            events.TimedWord(
                w.text,
                round((utterance.start + w.start_sample) / SAMPLE_RATE, 3),
                round((utterance.start + w.end_sample) / SAMPLE_RATE, 3),
            )
            for w in words.words
        ]
        self._publish_words(utterance, timed, words.align_ns, "")

    def _publish_words(self, utterance: Utterance, words: list[events.TimedWord], align_ns: int, error: str) -> None:
        self._outside.publish(
            events.Words,
            source=utterance.source,
            utterance=utterance.number,
            words=words,
            align=align_ns / 1e9,
            error=error,
        )
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
            if failed.epoch == utterance.align_attempts:
                self._align_again(utterance, error)
            return
        utterance.fail(failed.epoch, utterance.is_final(failed.seq), error)
        if utterance.outcome is not None and utterance.outcome.error:
            self._notice(utterance, error)

    def process_died(self, name: str, how: str) -> None:
        """A worker is gone, with all it held: whatever it may have known is given again to the next one."""
        if name == ALIGNER:
            for utterance in [u for u in self._all.values() if u.alignment is Alignment.SENT]:
                self._align_again(utterance, f"the {name} {how}")
            return
        blamed = next((u for u in self._all.values() if u.working), None)
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

    def _align_again(self, utterance: Utterance, error: str) -> None:
        utterance.align_attempts += 1
        utterance.alignment = Alignment.WANTED
        if utterance.align_attempts >= ATTEMPTS:
            self._publish_words(utterance, [], 0, error)

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
