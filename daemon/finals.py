"""Finals and word times: in which order they leave, and what of a doubtful text is held back. Sans-IO.

It owns what the aligner is asked and when: a final's words come before provisional ones. It does not know how a text is
found, nor the processes; what it wants done it says through `Outside`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from daemon import reports
from daemon.alignment import Stage
from daemon.outcome import Outcome
from daemon.utterance import Utterance
from pipeline import doubt, events
from pipeline.arrays import Array
from pipeline.doubt import Kept
from pipeline.messages import SAMPLE_RATE, Align, Words
from pipeline.sockets import ALIGNER
from pipeline.voicing import voicing

ALIGNMENTS_IN_FLIGHT = 2
GUARDS = {
    "loop": "the text began to repeat itself without end",
    "budget": "the text grew longer than so much sound can carry",
    "echo": "the text repeated the context that was given to the model",
}
"""What the decoder saw, as in `Hypothesis.guard`, before it cut its text and tried again without context."""


class Outside(Protocol):
    """What may be wanted done."""

    def send(self, to: str, message: Align, array: Array) -> None:
        """Give work to a process."""

    def publish(self, kind: type[events.Event], **fields: Any) -> None:
        """Publish an event."""

    def notice(self, level: str, code: str, text: str, hint: str = "") -> None:
        """Tell the user something."""


class Finals:
    """See the top of the file.

    Args:
        outside: does what is wanted.
        sound: int16[n], the first n samples of an utterance.
        settle: told of each utterance whose final is out.
        forget: told of each utterance that is over.
    """

    def __init__(
        self,
        outside: Outside,
        sound: Callable[[Utterance, int], Array],
        settle: Callable[[Utterance], None],
        forget: Callable[[Utterance], None],
    ) -> None:
        self.count = 0
        """Finals published so far."""
        self.lost = ""
        """Why the aligner will not come back; empty while it may."""
        self._outside = outside
        self._sound = sound
        self._settle = settle
        self._forget = forget
        self._alive = True
        """The aligner has not died since it was last ready."""
        self._timed_last = 0
        """The utterance whose provisional times were asked for last."""
        self._rest_until_ns = 0
        """Provisional times leave the machine to others for as long as they took."""

    def advance(self, utterances: list[Utterance], ready: bool, live: bool, now_ns: int) -> None:
        """Publish what is decided, and ask the aligner for what is wanted.

        Args:
            utterances: all that are not over, oldest first.
            ready: the aligner is.
            live: there is time for provisional word times.
            now_ns: monotonic.
        """
        self._alive = (self._alive or ready) and not self.lost
        if self.lost:
            for utterance in utterances:
                if utterance.alignment.stage in (Stage.WANTED, Stage.SENT):
                    utterance.alignment.give_up(self.lost)
        self.publish(utterances, now_ns)
        if ready:
            self._ask(utterances, live and now_ns >= self._rest_until_ns)

    def died(self) -> None:
        """The aligner has died; until it is ready again no final waits for it."""
        self._alive = False

    def publish(self, utterances: list[Utterance], now_ns: int) -> None:
        """Finals leave in the order of their utterances: one that is decided waits for those before it."""
        waiting: set[str] = set()
        for utterance in utterances:
            if not utterance.published and utterance.source not in waiting:
                if utterance.outcome is None or not utterance.closed or self._must_wait(utterance, utterance.outcome):
                    waiting.add(utterance.source)
                else:
                    self._publish_final(utterance, utterance.outcome, now_ns)
            if utterance.published and utterance.alignment.stage is Stage.DONE:
                self._publish_words(utterance)
            elif utterance.published and not utterance.options.align:
                self._forget(utterance)

    def _must_wait(self, utterance: Utterance, outcome: Outcome) -> bool:
        """Whether the aligner is to say first where a doubtful text was heard. It is asked here."""
        alignment = utterance.alignment
        if not (self._alive and utterance.options.align) or alignment.stage is Stage.DONE or alignment.has_failed:
            return False
        if not _is_doubtful(utterance, outcome) or self._is_noise(utterance, outcome):
            return False
        if alignment.stage is Stage.NONE:
            alignment.stage = Stage.WANTED
        return True

    def _publish_final(self, utterance: Utterance, outcome: Outcome, now_ns: int) -> None:
        self.count += 1
        noise = self._is_noise(utterance, outcome)
        kept = Kept("", outcome.text) if noise else Kept(outcome.text, "")
        alignment = utterance.alignment
        if not noise and alignment.stage is Stage.DONE and _is_doubtful(utterance, outcome):
            silent = doubt.unheard(alignment.words, utterance.start, utterance.spans)
            # What was committed may be typed already: that is never taken back.
            silent = doubt.behind(outcome.text, alignment.words, silent, len(utterance.committed))
            kept = doubt.without(outcome.text, alignment.words, silent)
            if kept.withheld:
                alignment.words = tuple(word for i, word in enumerate(alignment.words) if i not in silent)
        self._outside.publish(events.Final, **reports.final(utterance, outcome, kept, now_ns))
        if kept.withheld:
            self._say(utterance, "withheld", "text that no sound carries was held back")
        if outcome.guard:
            self._say(utterance, "guard", f"{GUARDS.get(outcome.guard, outcome.guard)}; that was cut")
        utterance.published = True
        self._settle(utterance)
        if utterance.options.align and alignment.stage is Stage.NONE:
            if kept.text and not self.lost:
                alignment.stage = Stage.WANTED
            else:
                alignment.give_up(self.lost if kept.text else "")

    def _is_noise(self, utterance: Utterance, outcome: Outcome) -> bool:
        """Whether its text is that of a noise; looked at once. What was committed may be typed already: it stays."""
        if utterance.is_noise is None:
            step, end = outcome.step, utterance.end
            assert end is not None
            utterance.is_noise = (
                step is not None
                and step.answer is not None
                and not utterance.committed
                and doubt.is_noise(
                    outcome.text,
                    step.answer.confidence,
                    utterance.spans,
                    lambda: voicing(self._sound(utterance, end - utterance.start)),
                )
            )
        return utterance.is_noise

    def _publish_words(self, utterance: Utterance) -> None:
        alignment = utterance.alignment
        self._outside.publish(events.Words, **reports.words(utterance, alignment))
        silent = doubt.unheard(alignment.words, utterance.start, utterance.spans)
        if silent:
            first = (utterance.start + alignment.words[min(silent)].start_sample) / SAMPLE_RATE
            where = f"where no speech was heard, from {first:.1f} s on"
            self._say(utterance, "doubtful-words", f"words that lie {where}: {len(silent)}")
        self._forget(utterance)

    def _say(self, utterance: Utterance, code: str, text: str) -> None:
        """Never with words of the utterance: a notice is public and goes to the log, its source may be private."""
        self._outside.notice("info", code, f"utterance {utterance.number} of {utterance.source}: {text}")

    def _ask(self, utterances: list[Utterance], live: bool) -> None:
        busy = sum(u.alignment.busy for u in utterances)
        wanted = [u for u in utterances if u.alignment.stage is Stage.WANTED]
        # First those whose finals wait for it.
        for utterance in sorted(wanted, key=lambda u: u.published)[: max(0, ALIGNMENTS_IN_FLIGHT - busy)]:
            outcome, end = utterance.outcome, utterance.end
            assert outcome is not None
            assert end is not None
            question = utterance.alignment.ask(outcome.text, outcome.language or utterance.options.language)
            self._outside.send(ALIGNER, question, self._sound(utterance, end - utterance.start))
        if live and not wanted and not busy:
            self._ask_live(utterances)

    def _ask_live(self, utterances: list[Utterance]) -> None:
        """Ask for one utterance, and rather not for the one that was asked for last."""
        for utterance in sorted(utterances, key=lambda u: u.number == self._timed_last):
            if utterance.closed or not utterance.options.live_words or utterance.latest is None:
                continue
            shown, step = utterance.latest
            if step.answer is not None and utterance.alignment.lacks_live(shown.committed):
                self._timed_last = utterance.number
                language = step.answer.language or utterance.options.language
                # What is shown may lag behind what was heard; the aligner is to get what belongs to the sound.
                tail = step.answer.text[len(shown.committed) :]
                question = utterance.alignment.ask_live(shown.committed, tail, language)
                self._outside.send(ALIGNER, question, self._sound(utterance, step.to))
                return

    def hear(self, utterance: Utterance, words: Words, now_ns: int) -> None:
        """The aligner has answered a question about this utterance."""
        timed = utterance.alignment.hear(words)
        if timed:
            self._rest_until_ns = now_ns + words.align_ns
        if timed and not utterance.closed:
            self._outside.publish(events.LiveWords, **reports.live_words(utterance, timed))


def _is_doubtful(utterance: Utterance, outcome: Outcome) -> bool:
    assert utterance.end is not None
    return doubt.is_doubtful(outcome.text, utterance.start, utterance.end, utterance.spans)
