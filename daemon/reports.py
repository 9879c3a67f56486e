"""What an utterance's events say: its samples and nanoseconds as the seconds of the public stream.

Pure functions from an utterance to the fields of its events. It does not know when they are published.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from daemon.utterance import Outcome, Utterance
from pipeline import events
from pipeline.messages import SAMPLE_RATE, Hypothesis, Word
from pipeline.segmenter import Closed
from pipeline.stabiliser import Shown


def _of(utterance: Utterance) -> dict[str, Any]:
    return {"source": utterance.source, "utterance": utterance.number}


def started(utterance: Utterance, origin_ns: int) -> dict[str, Any]:
    """Fields of `SpeechStarted`."""
    return _of(utterance) | {"start": utterance.start / SAMPLE_RATE, "origin_ns": origin_ns}


def ended(utterance: Utterance, closed: Closed) -> dict[str, Any]:
    """Fields of `SpeechEnded`."""
    seconds = {"start": closed.start / SAMPLE_RATE, "end": closed.end / SAMPLE_RATE}
    return _of(utterance) | seconds | {"reason": closed.reason}


def partial(utterance: Utterance, shown: Shown, hypothesis: Hypothesis) -> dict[str, Any]:
    """Fields of `Partial`."""
    return _of(utterance) | {
        "revision": utterance.revision,
        "committed": shown.committed,
        "tail": shown.tail,
        "language": hypothesis.language,
        "end": (utterance.start + hypothesis.samples) / SAMPLE_RATE,
    }


def final(utterance: Utterance, outcome: Outcome, now_ns: int) -> dict[str, Any]:
    """Fields of `Final`."""
    assert utterance.end is not None
    cost = utterance.cost
    timings = events.Timings(
        audio=(utterance.end - utterance.start) / SAMPLE_RATE,
        encode=cost.encode_ns / 1e9,
        prefill=cost.prefill_ns / 1e9,
        prefill_tokens=cost.prefill_tokens,
        generate=cost.generate_ns / 1e9,
        generate_tokens=cost.generate_tokens,
        steps=cost.steps,
        wait=max(0, now_ns - utterance.closed_ns) / 1e9,
    )
    return _of(utterance) | {
        "text": outcome.text,
        "language": outcome.language,
        "start": utterance.start / SAMPLE_RATE,
        "end": utterance.end / SAMPLE_RATE,
        "timings": timings,
        "error": outcome.error,
    }


def words(utterance: Utterance, placed: Iterable[Word], align_ns: int, error: str = "") -> dict[str, Any]:
    """Fields of `Words`; the words' samples count from the start of the utterance."""
    timed = [
        events.TimedWord(
            word.text,
            round((utterance.start + word.start_sample) / SAMPLE_RATE, 3),
            round((utterance.start + word.end_sample) / SAMPLE_RATE, 3),
        )
        for word in placed
    ]
    return _of(utterance) | {"words": timed, "align": align_ns / 1e9, "error": error}
