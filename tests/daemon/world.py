"""The utterances of a daemon with a script in the place of its processes, for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from daemon.spool import Spool
from daemon.track import Origin, Track
from daemon.utterance import Options
from daemon.utterances import Utterances
from pipeline import events
from pipeline.arrays import Array
from pipeline.messages import SAMPLE_RATE, Align, Cancel, Forget, Hypothesis, Speech
from pipeline.segmenter import Closed, Opened
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

    def of(self, kind: type[events.Event]) -> list[dict[str, Any]]:
        return [fields for k, fields in self.events if k is kind]

    def finals(self) -> list[str]:
        return [fields["text"] for fields in self.of(events.Final)]

    def last_speech(self) -> Speech:
        return next(m for _, m, _ in reversed(self.work) if isinstance(m, Speech))


class World:
    """Utterances, one source, and the script."""

    def __init__(self, directory: Path, align: bool = True) -> None:
        self.script = Script()
        self.utterances = Utterances(Settings(), self.script)
        options = Options("", "", commit=True, partials=True, align=align)
        self.track = Track(
            Origin("mic", "network", options, follows_listening=False), Settings().vad, Spool(directory, "mic"), True
        )
        self.track.take(np.zeros(60 * S, np.int16), 0, 0)
        self.track.segment()

    def utter(self, start: float, end: float, voiced: int = S, reason: str = "silence") -> None:
        found: list[Opened | Closed] = [Opened(int(start * S)), Closed(int(start * S), int(end * S), reason, voiced)]
        self.utterances.segmented(self.track, found, 0)

    def advance(self, ready: set[str] = ALL) -> None:
        self.utterances.advance(ready, 0)

    def answer(self, speech: Speech, text: str, **other: Any) -> None:
        fields = {"utterance": speech.utterance, "epoch": speech.epoch, "seq": speech.seq, "last": speech.last}
        self.utterances.hear(
            Hypothesis(
                **(fields | other),
                samples=S,
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
        )

    def speeches(self) -> list[Speech]:
        return [m for _, m, _ in self.script.work if isinstance(m, Speech)]
