"""The utterances of a daemon with a script in the place of its processes, for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from daemon.spool import Spool
from daemon.take import Take
from daemon.track import Origin, Track
from daemon.utterance import Options
from daemon.utterances import Utterances
from pipeline import events
from pipeline.arrays import Array
from pipeline.messages import SAMPLE_RATE, Align, Cancel, Forget, Hypothesis, Speech, Word, Words
from pipeline.segmenter import Closed, Found, Opened
from pipeline.settings import Settings

S = SAMPLE_RATE
ALL = {"encoder", "decoder", "aligner"}


class Script:
    """Remembers what was wanted, and answers as workers would when told to."""

    def __init__(self) -> None:
        self.work: list[tuple[str, Speech | Align, int]] = []
        self.told: list[Cancel | Forget] = []
        self.events: list[tuple[type[events.Event], dict[str, Any]]] = []

    def send(self, to: str, message: Speech | Align, array: Array) -> None:
        self.work.append((to, message, len(array)))

    def tell(self, message: Cancel | Forget) -> None:
        self.told.append(message)

    def publish(self, kind: type[events.Event], **fields: Any) -> None:
        self.events.append((kind, fields))

    def notice(self, level: str, code: str, text: str, hint: str = "") -> None:
        self.publish(events.Notice, level=level, code=code, text=text, hint=hint)

    def of(self, kind: type[events.Event]) -> list[dict[str, Any]]:
        return [fields for k, fields in self.events if k is kind]

    def finals(self) -> list[str]:
        return [fields["text"] for fields in self.of(events.Final)]

    def codes(self) -> list[str]:
        return [fields["code"] for fields in self.of(events.Notice)]

    def last_speech(self) -> Speech:
        return next(m for _, m, _ in reversed(self.work) if isinstance(m, Speech))


class World:
    """Utterances, one source, and the script."""

    def __init__(self, directory: Path, align: bool = True, commit: bool = True, live_words: bool = False) -> None:
        self.script = Script()
        self.now_ns = 0
        self.utterances = Utterances(Settings(), self.script)
        options = Options("", "", commit, partials=True, align=align, live_words=live_words)
        self.track = Track(
            Origin("mic", "network", options, follows_listening=False), Settings().vad, Spool(directory, "mic"), Take()
        )
        self.track.take(np.zeros(60 * S, np.int16), 0, 0)
        self.track.segment()

    def take(self, seconds: int) -> None:
        """So much more is heard; it is silence, and opens nothing."""
        self.track.take(np.zeros(seconds * S, np.int16), self.track.end, self.track.heard_ns)
        self.track.segment()

    def utter(self, start: float, end: float, voiced: int = S, reason: str = "silence") -> None:
        """All of it is speech, unless so many samples are voiced."""
        at, to = int(start * S), int(end * S)
        self.segmented(Opened(at), Closed(at, to, reason, voiced, ((at, to),)))

    def segmented(self, *found: Found) -> None:
        self.utterances.segmented(self.track, list(found), self.now_ns)

    def advance(self, ready: set[str] = ALL) -> None:
        self.utterances.advance(ready, self.now_ns)

    def answer(self, speech: Speech, text: str, **other: Any) -> None:
        fields = {"utterance": speech.utterance, "epoch": speech.epoch, "seq": speech.seq, "last": speech.last}
        hypothesis = Hypothesis(
            **(fields | {"samples": S} | other),
            language="English",
            text=text,
            tokens=tuple(range(len(text))),
            ends=tuple(range(1, len(text) + 1)),
            encode_ns=0,
            prefill_ns=0,
            prefill_tokens=0,
            generate_ns=0,
            generate_tokens=0,
        )
        self.utterances.hear(hypothesis, self.now_ns)

    def align(self, question: Align, *words: Word) -> None:
        """The aligner's answer."""
        answer = Words(question.utterance, question.epoch, words, 10, live=question.live)
        self.utterances.align(answer, self.now_ns)

    def aligns(self) -> list[Align]:
        return [m for _, m, _ in self.script.work if isinstance(m, Align)]

    def speeches(self) -> list[Speech]:
        return [m for _, m, _ in self.script.work if isinstance(m, Speech)]
