"""Which words of a changing hypothesis may be shown as settled.

Sans-IO: one `Stabiliser` for each utterance is told every hypothesis and answers with committed text, which only ever
grows, and a tail, which may change; how the tail follows the hypotheses is `pipeline.display`'s. It works on the
decoder's tokens, because what is committed must be forced on the next decode; it knows neither audio nor sockets.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.display import Display
from pipeline.doubt import UNSURE
from pipeline.messages import SAMPLE_RATE, Hypothesis
from pipeline.settings import StreamSettings
from pipeline.word_breaks import goes_on, word_breaks

BROKEN = "\ufffd"
"""What stands for bytes that are no character."""


@dataclass(frozen=True)
class Shown:
    """What to show of an utterance."""

    committed: str
    tail: str
    forced: tuple[int, ...]
    """The tokens that write `committed`, language tag included; empty while nothing is committed."""


class Stabiliser:
    """Local agreement: a word is committed once several consecutive hypotheses wrote it in the same place, the first of
    them well before the sound's present end, none of them goes on with it, and enough words follow it.
    """

    def __init__(self, settings: StreamSettings, commit: bool, certain_samples: int = 1 << 62) -> None:
        """`certain_samples`: sound behind this offset may yet be cut off and become another utterance's; no word that
        was first heard there is committed.
        """
        self._settings = settings
        self._commit = commit
        self._certain = certain_samples
        self._agreeing: list[Hypothesis] = []
        self._forced: tuple[int, ...] = ()
        self._committed = ""
        self._display = Display()

    @property
    def shown(self) -> Shown:
        """What is committed so far, with no tail."""
        return Shown(self._committed, "", self._forced)

    def step(self, hypothesis: Hypothesis) -> Shown:
        """Take the next hypothesis of the utterance."""
        if self._commit:
            self._advance(hypothesis)
        shown = self._display.step(hypothesis.text, self._committed)
        return Shown(self._committed, shown[len(self._committed) :], self._forced)

    def restart(self) -> None:
        """The utterance is decoded anew from its beginning: what was committed stays, agreement begins again."""
        self._agreeing.clear()

    def _advance(self, newest: Hypothesis) -> None:
        if newest.tokens[: len(self._forced)] != self._forced:
            # It was asked before the latest words were committed, or overruled them: no witness for what follows them.
            self._agreeing.clear()
            return
        if not self._forced and newest.confidence < UNSURE:
            # What is committed cannot be held back any more, and this may turn out to be written for a noise.
            self._agreeing.clear()
            return
        self._agreeing.append(newest)
        witnesses = self._witnesses(newest)
        if len(witnesses) < self._settings.commit_after:
            return
        agreed = min(_common(newest.tokens, other.tokens) for other in witnesses)
        boundaries = _word_boundaries(newest)
        allowed = boundaries[: max(0, len(boundaries) - self._settings.hold_back_words + 1)]
        for settled in (at for at in reversed(allowed) if len(self._forced) < at <= agreed):
            if _ended(newest.ends[settled - 1], witnesses):
                self._forced = newest.tokens[:settled]
                self._committed = newest.text[: newest.ends[settled - 1]]
                return

    def _witnesses(self, newest: Hypothesis) -> list[Hypothesis]:
        """The hypotheses that must agree: back to the latest one that is old enough. What lies before is dropped."""
        horizon = min(newest.samples - int(self._settings.hold_back_s * SAMPLE_RATE), self._certain)
        old = [i for i, h in enumerate(self._agreeing) if h.samples <= horizon]
        if not old:
            return []
        first = max(0, min(old[-1], len(self._agreeing) - self._settings.commit_after))
        self._agreeing = self._agreeing[first:]
        return self._agreeing


def _common(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """Length of the common beginning."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))


def _word_boundaries(hypothesis: Hypothesis) -> list[int]:
    """Numbers of tokens after which a whole word is written and another begins.

    A word may end within a token: then there is no boundary, since tokens are forced whole.
    """
    ends, breaks = hypothesis.ends, set(word_breaks(hypothesis.text))
    return [count for count in range(1, len(ends)) if ends[count - 1] in breaks and ends[count] != ends[count - 1]]


def _ended(at: int, witnesses: list[Hypothesis]) -> bool:
    """Whether the text up to there, which they all have, is whole for each of them: none goes on with the last word, as
    `meeting` does with `meet` and `3.5` with `3`, and no bytes in it are not a character.
    """
    return BROKEN not in witnesses[0].text[:at] and not any(goes_on(witness.text, at) for witness in witnesses)
