"""The finals and words of one source, put together as utterances.

It owns which words belong to which final, and what is missing. It does not know where events come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline import events
from pipeline.errors import StenoError
from pipeline.transcript import Utterance


class Collected:
    """Finals and words of one source."""

    def __init__(self) -> None:
        self._finals: dict[int, events.Final] = {}
        self._words: dict[int, events.Words] = {}

    def add(self, came: Iterable[events.Any | None]) -> None:
        """Take what is a final or its words; leave all else."""
        for event in came:
            if isinstance(event, events.Final):
                self._finals[event.utterance] = event
            elif isinstance(event, events.Words):
                self._words[event.utterance] = event

    @property
    def texts(self) -> list[str]:
        """The texts so far, in order; those without any left out."""
        return [final.text for final in self._in_order() if final.text]

    def _in_order(self) -> list[events.Final]:
        return sorted(self._finals.values(), key=lambda final: final.start)

    def utterances(self, offset: float, align: bool, warn: Callable[[str], None]) -> list[Utterance]:
        """All of them, in order, times from the start of the file.

        Raises:
            StenoError: the text of one is incomplete.
        """
        done = []
        for final in self._in_order():
            if final.error:
                raise StenoError(f"the text from {final.start + offset:.1f} s on is incomplete: {final.error}")
            words = self._words.get(final.utterance)
            if final.withheld:
                warn(f"text that no sound carries was held back: {final.withheld}")
            if align and final.text and (words is None or words.error):
                reason = words.error if words is not None else "they did not arrive"
                warn(f"no word times from {final.start + offset:.1f} s to {final.end + offset:.1f} s: {reason}")
            timed = words.words if words is not None else []
            done.append(
                Utterance(
                    text=final.text,
                    language=final.language,
                    start=final.start + offset,
                    end=final.end + offset,
                    timings=final.timings,
                    words=[events.TimedWord(w.text, w.start + offset, w.end + offset) for w in timed],
                    align=words.align if words is not None else 0.0,
                )
            )
        return done
