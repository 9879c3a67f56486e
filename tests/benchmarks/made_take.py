"""Takes written down by hand: what was shown when, in place of a daemon that says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.stream_take import Heard, Sent, Step, Take
from clients.samples import SpokenWord
from pipeline import events


def event(kind: type[Any], **fields: Any) -> Any:
    return kind(**{"source": "network-1", "utterance": 1, "daemon": "one", "seq": 1, "time": 0.0} | fields)


def started(at: float, start: float = 0.0, **fields: Any) -> Heard:
    return Heard(at, event(events.SpeechStarted, start=start, origin_ns=0, **fields))


def partial(at: float, end: float, tail: str, committed: str = "", **fields: Any) -> Heard:
    given = {"revision": 1, "language": "English", "committed": committed, "tail": tail, "end": end}
    return Heard(at, event(events.Partial, **given, **fields))


def ended(at: float, end: float, reason: str = "silence", **fields: Any) -> Heard:
    return Heard(at, event(events.SpeechEnded, start=0.0, end=end, reason=reason, **fields))


def final(
    at: float, end: float, text: str, start: float = 0.0, cost: dict[str, Any] | None = None, **fields: Any
) -> Heard:
    given: dict[str, Any] = {"audio": end - start, "encode": 0.2, "prefill": 0.1, "generate": 0.1, "steps": 4}
    given |= {"prefill_tokens": 30, "generate_tokens": 5, "wait": 0.1, "slowest": 0.2} | (cost or {})
    timings = events.Timings(**given)
    return Heard(
        at, event(events.Final, text=text, language="English", start=start, end=end, timings=timings, **fields)
    )


def take(words: Sequence[SpokenWord], heard: Sequence[Heard], seconds: float = 4.0, **fields: Any) -> Take:
    """Played perfectly: each frame of 20 ms a hundredth of a millisecond after it was due."""
    frames = [Sent(round(0.02 * count, 2), 0.02 * count + 1e-5) for count in range(1, round(seconds / 0.02) + 1)]
    finals = [(item.at, item.event.utterance) for item in heard if isinstance(item.event, events.Final)]
    given: dict[str, Any] = {
        "name": "said",
        "turn": 0,
        "sound": "abc",
        "seconds": seconds,
        "text": " ".join(word.word for word in words),
        "words": list(words),
        "origin_ns": 0,
        "sent": frames,
        "heard": list(heard),
        "steps": {number: Step(at - 0.1, at, at - 0.1) for at, number in finals},
        "deaf": 0.001,
        "wall": seconds,
    }
    return Take(**given | fields)
