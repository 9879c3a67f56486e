"""Where one utterance is on its way to word times. Sans-IO.

It owns which question to the aligner an answer belongs to: every question has an epoch of its own, whether it is about
a final or about an utterance that still goes on. It does not know when a question may be asked.
"""

from __future__ import annotations

from enum import Enum, auto

from pipeline import doubt
from pipeline.messages import Align, Word, Words

ATTEMPTS = 3
"""So often may the words of an utterance take the aligner down, or fail, before they are published without times."""


class Stage(Enum):
    """Of the lasting word times."""

    NONE = auto()
    WANTED = auto()
    SENT = auto()
    DONE = auto()


class Alignment:
    """The word times of one utterance."""

    def __init__(self, utterance: int) -> None:
        self._utterance = utterance
        self.stage = Stage.NONE
        self.words: tuple[Word, ...] = ()
        """Of the final, once `stage` is DONE."""
        self.cost_ns = 0
        self.error = ""
        """Why there are none."""
        self._epoch = 0
        self._attempts = 0
        self._live: Align | None = None
        """What was asked while the utterance goes on, and is not answered yet."""
        self._live_committed = ""
        """The committed part of its text, or of the last one that was asked about."""
        self._live_failed = False

    @property
    def busy(self) -> bool:
        """The aligner works on it."""
        return self.stage is Stage.SENT or self._live is not None

    @property
    def has_failed(self) -> bool:
        """A question about the final could not be answered, though it may be asked again."""
        return self._attempts > 0

    def lacks_live(self, committed: str) -> bool:
        """Whether this committed text has words without provisional times, for which nobody has asked yet."""
        return self._live is None and not self._live_failed and len(committed) > len(self._live_committed)

    def ask(self, text: str, language: str) -> Align:
        """The question about the final."""
        self.stage = Stage.SENT
        return Align(self._utterance, self._epoch, text, language)

    def ask_live(self, committed: str, tail: str, language: str) -> Align:
        """A question about an utterance that goes on; the question about its final gets another epoch."""
        self._live = Align(self._utterance, self._epoch, committed + tail, language, live=True)
        self._live_committed = committed
        self._epoch += 1
        return self._live

    def hear(self, words: Words) -> tuple[Word, ...]:
        """Take an answer. Those about a final end the way; of the others, the words that are committed come back."""
        if self._live is not None and words.epoch == self._live.epoch:
            asked, self._live = self._live, None
            places = doubt.places(asked.text, words.words)
            return tuple(
                word for word, (_, end) in zip(words.words, places, strict=False) if end <= len(self._live_committed)
            )
        if self.stage is Stage.SENT and words.epoch == self._epoch:
            self.stage, self.words, self.cost_ns = Stage.DONE, words.words, words.align_ns
        return ()

    def fail(self, epoch: int, error: str) -> None:
        """A question could not be answered: one about the final is asked again, the other ones are of the past."""
        if self._live is not None and epoch == self._live.epoch:
            self._live, self._live_failed = None, True
        elif self.stage is Stage.SENT and epoch == self._epoch:
            self.again(error)

    def again(self, blame: str) -> None:
        """What the aligner was asked is lost.

        Args:
            blame: how the question took the aligner down; empty if it did not.
        """
        if self._live is not None:
            # Not again, if it was that: one utterance must not cost all others their aligner.
            self._live, self._live_failed = None, bool(blame)
        if self.stage is not Stage.SENT:
            return
        self._epoch += 1
        self._attempts += bool(blame)
        self.stage = Stage.WANTED
        if self._attempts >= ATTEMPTS:
            self.give_up(blame)

    def give_up(self, error: str = "") -> None:
        """Without times."""
        self.stage, self.error = Stage.DONE, error
