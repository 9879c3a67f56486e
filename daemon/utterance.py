"""One utterance, from the first sample to its text. Sans-IO.

It owns the epoch and the step, what of its sound the encoder already has, and the outcome. It knows one rule for every
crash: a new epoch, and all sound again. It does not know sockets, sources, or other utterances.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from daemon.alignment import Alignment
from daemon.cadence import Cadence
from daemon.outcome import Asked, Cost, Outcome
from pipeline.messages import Cancel, Hypothesis, Speech
from pipeline.segmenter import Spans, hush
from pipeline.settings import StreamSettings
from pipeline.stabiliser import Shown, Stabiliser

ATTEMPTS = 3
"""So often may the final of an utterance take a process down, or fail, before the utterance is set aside."""
PARTIAL_ATTEMPTS = 2
"""And so often in a row the steps before, before no more of them are tried. Together no more than the restarts in a row
that a process is granted: one utterance must not cost all others their process."""


@dataclass(frozen=True)
class Options:
    """What its source asks for."""

    language: str
    context: str
    commit: bool
    partials: bool
    align: bool
    live_words: bool = False


@dataclass(frozen=True)
class Moment:
    """What is so when a step may be due."""

    judged: int
    """Samples of the source that may be given to the encoder."""
    heard_ns: int = 0
    """When the newest of them was captured."""
    now_ns: int = 0
    partials: bool = True
    """There is time for partials."""
    speculate: bool = True
    """And for a final step that may turn out to be none."""


@dataclass(frozen=True)
class Step:
    """Work for the encoder: the message, and the samples of the source that go with it."""

    speech: Speech
    from_sample: int
    to_sample: int
    cancel: Cancel | None
    """To be said on the bus first."""


@dataclass
class Utterance:
    """See the top of the file. Positions are samples of the source."""

    number: int
    source: str
    start: int
    options: Options
    settings: StreamSettings
    certain_samples: int = 1 << 62
    """No cut of an utterance that grows too long takes away what lies before this offset."""
    take: int = 0
    """Number of the take that it belongs to; 0 for none."""
    end: int | None = None
    closed_ns: int = 0
    spans: Spans = ()
    """What of it the VAD judged speech; known once it is closed."""
    outcome: Outcome | None = None
    cost: Cost = field(default_factory=Cost)
    is_noise: bool | None = None
    """Its text was written for a sound that is no speech; None until that was looked at."""
    published: bool = False
    """Its final is out; only word times may still come."""
    revision: int = 0
    latest: tuple[Shown, Asked] | None = None
    """The last partial, and the step that it was made from."""

    def __post_init__(self) -> None:
        self.alignment = Alignment(self.number)
        self._stabiliser = Stabiliser(self.settings, self.options.commit, self.certain_samples)
        self._cadence = Cadence(self.settings.interval_ms)
        self._epoch = 0
        self._seq = 0
        self._sent = 0
        self._hush = 0
        """Samples of silence that its final step is given."""
        self._last: Asked | None = None
        """The newest step of this epoch, unless it failed."""
        self._final_seq: int | None = None
        """The step whose answer is the outcome."""
        self._attempts = 0
        self._early = True
        """Steps before the end are tried."""
        self._paused_at: int | None = None

    @property
    def epoch(self) -> int:
        """Raised with every replay."""
        return self._epoch

    @property
    def in_flight(self) -> Asked | None:
        """The step that is with the encoder or the decoder."""
        unanswered = self.outcome is None and self._last is not None and self._last.answer is None
        return self._last if unanswered else None

    @property
    def deciding(self) -> bool:
        """The final step is with the encoder or the decoder."""
        return self.outcome is None and self._final_seq is not None

    @property
    def closed(self) -> bool:
        """Its end is known."""
        return self.end is not None

    @property
    def committed(self) -> str:
        """What of its text was promised not to change."""
        return self._stabiliser.shown.committed

    @property
    def strain(self) -> float:
        """As `Cadence.strain`."""
        return self._cadence.strain

    def pause(self, at: int) -> None:
        """It ends at this sample if no more is said."""
        self._paused_at = at

    def resume(self) -> None:
        """It goes on."""
        self._paused_at = None

    def close(self, end: int, now_ns: int, spans: Spans = ()) -> None:
        """No sound comes after this sample.

        If the newest step covers just that, it was the final one, whether it is answered or not: with one step alone in
        flight, nothing can have been committed after it was begun but what is in its answer. Where it breaks off in
        speech, no step before covered the silence that the final one is given.
        """
        self.end, self.closed_ns, self.spans = end, now_ns, spans
        self._hush = hush(end, spans)
        self._attempts = 0
        if not self._hush and self._last is not None and self.start + self._last.to == end and self.outcome is None:
            self._final_seq = self._last.seq
            self._decide(self._last)

    def give_up(self, error: str = "") -> None:
        """Decide without decoding: what was committed stays, and nothing else is said."""
        self.outcome = Outcome(self.committed, "", error)

    def due(self, at: Moment) -> int | None:
        """The sample up to which a step is due now, or None."""
        if self.outcome is not None or self._final_seq is not None:
            return None
        if self.end is not None:
            return self.end
        if self.in_flight is not None or not self._early:
            return None
        covered = self.start + self._sent
        if self._paused_at is not None:
            speculate = self.settings.speculate and at.speculate and covered != self._paused_at
            return self._paused_at if speculate else None
        partials = self.options.partials and at.partials
        return at.judged if partials and self._cadence.due(at.judged - covered, at.heard_ns, at.now_ns) else None

    def next_step(self, at: Moment) -> Step | None:
        """The step that is due, or None. The caller sends it."""
        to = self.due(at)
        if to is None:
            return None
        offset = to - self.start
        # A cut lies before what the encoder has already heard: it must forget what lies behind.
        from_sample = min(self._sent, offset)
        cancel = None if self.in_flight is None else Cancel(self.number, self._epoch, self._seq)
        speech = Speech(
            utterance=self.number,
            epoch=self._epoch,
            seq=self._seq,
            from_sample=from_sample,
            last=self.closed,
            language=self.options.language,
            context=self.options.context,
            forced=self._stabiliser.shown.forced,
            hush=self._hush,
        )
        if self.closed:
            self._final_seq = self._seq
        self._cadence.asked(at.heard_ns, at.now_ns)
        self._last = Asked(self._seq, offset, at.now_ns)
        self._seq += 1
        self._sent = offset
        return Step(speech, self.start + from_sample, to, cancel)

    def hear(self, hypothesis: Hypothesis, now_ns: int) -> Shown | None:
        """Take what the decoder says. Returns what to show of a partial; a final sets `outcome`.

        A hypothesis of an older epoch, or a partial of an utterance that is closed, says nothing.
        """
        if self.outcome is not None or hypothesis.epoch != self._epoch:
            return None
        self.cost.add(hypothesis)
        asked = self.in_flight
        if asked is None or asked.seq != hypothesis.seq:
            return None
        asked.answer, asked.answered_ns = hypothesis, now_ns
        self._cadence.answered(now_ns)
        if asked.seq == self._final_seq:
            self._decide(asked)
            return None
        if self.closed:
            # The final step, which is about to be sent, says it better; nothing is committed any more.
            return None
        self._attempts = 0
        self.revision += 1
        shown = self._stabiliser.step(hypothesis)
        if shown.committed or shown.tail:
            self._cadence.text_shown()
        self.latest = shown, asked
        return shown

    def _decide(self, step: Asked) -> None:
        """The answer to the final step is the outcome, once it is there."""
        if step.answer is not None:
            self.outcome = Outcome(step.answer.text, step.answer.language, guard=step.answer.guard, step=step)

    def replay(self, blame: str = "") -> None:
        """What the stages held of it is lost: begin again with all its sound.

        Args:
            blame: how this utterance's own step took the process down; empty if it did not.
        """
        if self.outcome is not None:
            return
        self._attempts += bool(blame)
        if self.closed and self._attempts >= ATTEMPTS:
            self.give_up(blame)
            return
        if not self.closed and self._attempts >= PARTIAL_ATTEMPTS:
            self._early = False
        self._epoch += 1
        self._seq = self._sent = 0
        self._last = self._final_seq = None
        self._stabiliser.restart()

    def fail(self, epoch: int, seq: int, error: str) -> None:
        """A stage could not do a step of it. A partial is just not shown; a final is tried once more."""
        if epoch != self._epoch or self.outcome is not None or self._last is None or seq != self._last.seq:
            return
        if seq == self._final_seq:
            self.replay(error)
        else:
            self._last = None
