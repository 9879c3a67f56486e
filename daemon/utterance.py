"""One utterance, from the first sample to its last word time. Sans-IO.

It owns the epoch and the step, what of its sound the encoder already has, and the outcome. It knows one rule for every
crash: a new epoch, and all sound again. It does not know sockets, sources, or other utterances.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from pipeline.messages import SAMPLE_RATE, Align, Cancel, Hypothesis, Speech
from pipeline.settings import StreamSettings
from pipeline.stabiliser import Shown, Stabiliser

ATTEMPTS = 3
"""So often may the final of an utterance take a process down, or fail, before the utterance is set aside."""
PARTIAL_ATTEMPTS = 2
"""And so often in a row its partials, before no more of them are tried. Together no more than the restarts in a row
that a process is granted: one utterance must not cost all others their process."""


@dataclass(frozen=True)
class Options:
    """What its source asks for."""

    language: str
    context: str
    commit: bool
    partials: bool
    align: bool


@dataclass(frozen=True)
class Step:
    """Work for the encoder: the message, and the samples of the source that go with it."""

    speech: Speech
    from_sample: int
    to_sample: int
    cancel: Cancel | None
    """To be said on the bus first."""


@dataclass(frozen=True)
class Outcome:
    """What the final says."""

    text: str
    language: str
    error: str = ""


@dataclass
class Cost:
    """All steps together, in nanoseconds and tokens."""

    steps: int = 0
    encode_ns: int = 0
    prefill_ns: int = 0
    prefill_tokens: int = 0
    generate_ns: int = 0
    generate_tokens: int = 0

    def add(self, hypothesis: Hypothesis) -> None:
        """One more step."""
        self.steps += 1
        self.encode_ns += hypothesis.encode_ns
        self.prefill_ns += hypothesis.prefill_ns
        self.prefill_tokens += hypothesis.prefill_tokens
        self.generate_ns += hypothesis.generate_ns
        self.generate_tokens += hypothesis.generate_tokens


class Alignment(Enum):
    """Where the word times are."""

    NONE = auto()
    WANTED = auto()
    SENT = auto()


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
    end: int | None = None
    closed_ns: int = 0
    outcome: Outcome | None = None
    cost: Cost = field(default_factory=Cost)
    alignment: Alignment = Alignment.NONE
    align_epoch: int = 0
    align_attempts: int = 0
    published: bool = False
    """Its final is out; only word times may still come."""
    revision: int = 0

    def __post_init__(self) -> None:
        self._stabiliser = Stabiliser(self.settings, self.options.commit, self.certain_samples)
        self._epoch = 0
        self._seq = 0
        self._sent = 0
        self._in_flight = False
        self._final_sent = False
        self._attempts = 0
        self._partials = self.options.partials

    @property
    def epoch(self) -> int:
        """Raised with every replay."""
        return self._epoch

    @property
    def working(self) -> bool:
        """A step is with the encoder or the decoder."""
        return self.outcome is None and (self._in_flight or self._final_sent)

    @property
    def deciding(self) -> bool:
        """The final step is with the encoder or the decoder."""
        return self.outcome is None and self._final_sent

    @property
    def closed(self) -> bool:
        """Its end is known."""
        return self.end is not None

    def close(self, end: int, now_ns: int) -> None:
        """No sound comes after this sample."""
        self.end, self.closed_ns = end, now_ns
        self._attempts = 0

    def give_up(self, error: str = "") -> None:
        """Decide without decoding: what was committed stays, and nothing else is said."""
        self.outcome = Outcome(self._stabiliser.shown.committed, "", error)

    def next_step(self, available: int) -> Step | None:
        """The step that is due now that the source has `available` samples, or None."""
        if self.outcome is not None or self._final_sent:
            return None
        if self.end is None:
            due = self.start + self._sent + self.settings.interval_ms * SAMPLE_RATE // 1000
            if not self._partials or self._in_flight or available < due:
                return None
            return self._step(available, last=False, cancel=None)
        cancel = None
        if self._in_flight:
            cancel = Cancel(self.number, self._epoch, self._seq)
        if self.start + self._sent > self.end:
            # The cut lies before what the encoder has already heard: it must forget that.
            self._begin_again()
            cancel = Cancel(self.number, self._epoch, 0)
        return self._step(self.end, last=True, cancel=cancel)

    def _step(self, to: int, last: bool, cancel: Cancel | None) -> Step:
        speech = Speech(
            utterance=self.number,
            epoch=self._epoch,
            seq=self._seq,
            from_sample=self._sent,
            last=last,
            language=self.options.language,
            context=self.options.context,
            forced=self._stabiliser.shown.forced,
        )
        step = Step(speech, self.start + self._sent, to, cancel)
        self._seq += 1
        self._sent = to - self.start
        self._in_flight, self._final_sent = True, last
        return step

    def hear(self, hypothesis: Hypothesis) -> Shown | None:
        """Take what the decoder says. Returns what to show of a partial; a final sets `outcome`.

        A hypothesis of an older epoch, or a partial that the final has overtaken, says nothing.
        """
        if self.outcome is not None or hypothesis.epoch != self._epoch:
            return None
        self.cost.add(hypothesis)
        if hypothesis.last:
            self._in_flight = False
            self.outcome = Outcome(hypothesis.text, hypothesis.language)
            return None
        if self._final_sent:
            return None
        self._in_flight = False
        self._attempts = 0
        self.revision += 1
        return self._stabiliser.step(hypothesis)

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
            self._partials = False
        self._begin_again()

    def fail(self, epoch: int, last: bool, error: str) -> None:
        """A stage could not do a step of it. A partial is just not shown; a final is tried once more."""
        if epoch != self._epoch or self.outcome is not None:
            return
        if last:
            self.replay(error)
        else:
            self._in_flight = False

    def is_final(self, seq: int) -> bool:
        """True if the step of that number was the final one."""
        return self._final_sent and seq == self._seq - 1

    def _begin_again(self) -> None:
        self._epoch += 1
        self._seq = self._sent = 0
        self._in_flight = self._final_sent = False
        self._stabiliser.restart()

    def align(self) -> Align:
        """The message for the aligner."""
        assert self.outcome is not None
        self.alignment = Alignment.SENT
        return Align(self.number, self.align_epoch, self.outcome.text, self.outcome.language or self.options.language)
