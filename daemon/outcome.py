"""What an utterance comes to: its text, and what that cost. Plain values; they know no rules."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.messages import Hypothesis


@dataclass
class Asked:
    """A step that was given to the encoder."""

    seq: int
    to: int
    """It covers the utterance up to this offset, in samples."""
    asked_ns: int
    answer: Hypothesis | None = None
    answered_ns: int = 0


@dataclass(frozen=True)
class Outcome:
    """What the final says."""

    text: str
    language: str
    error: str = ""
    guard: str = ""
    """What the decoder cut, as in `Hypothesis.guard`."""
    step: Asked | None = None
    """The step whose answer it is; none if it was decided without one."""


@dataclass
class Cost:
    """All steps together, in nanoseconds and tokens."""

    steps: int = 0
    encode_ns: int = 0
    prefill_ns: int = 0
    prefill_tokens: int = 0
    generate_ns: int = 0
    generate_tokens: int = 0
    reused_tokens: int = 0
    draft_tokens: int = 0
    accepted_tokens: int = 0
    slowest_ns: int = 0
    """Of encoder and decoder together, in one step."""

    def add(self, hypothesis: Hypothesis) -> None:
        """One more step."""
        self.steps += 1
        self.encode_ns += hypothesis.encode_ns
        self.prefill_ns += hypothesis.prefill_ns
        self.prefill_tokens += hypothesis.prefill_tokens
        self.generate_ns += hypothesis.generate_ns
        self.generate_tokens += hypothesis.generate_tokens
        self.reused_tokens += hypothesis.reused_tokens
        self.draft_tokens += hypothesis.draft_tokens
        self.accepted_tokens += hypothesis.accepted_tokens
        self.slowest_ns = max(self.slowest_ns, work_ns(hypothesis))


def work_ns(hypothesis: Hypothesis) -> int:
    """How long encoder and decoder worked for it."""
    return hypothesis.encode_ns + hypothesis.prefill_ns + hypothesis.generate_ns
