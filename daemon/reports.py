"""What an utterance's events say: its samples and nanoseconds as the seconds of the public stream.

Pure functions from an utterance to the fields of its events. It does not know when they are published.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from daemon.alignment import Alignment
from daemon.outcome import Outcome, work_ns
from daemon.utterance import Utterance
from pipeline import events
from pipeline.doubt import Kept
from pipeline.messages import SAMPLE_RATE, Hypothesis, Word
from pipeline.segmenter import Closed
from pipeline.stabiliser import Shown


def _of(utterance: Utterance) -> dict[str, Any]:
    return {"source": utterance.source, "utterance": utterance.number}


def _in_take(utterance: Utterance) -> dict[str, Any]:
    return _of(utterance) | {"take": utterance.take}


def started(utterance: Utterance, origin_ns: int) -> dict[str, Any]:
    """Fields of `SpeechStarted`."""
    return _in_take(utterance) | {"start": utterance.start / SAMPLE_RATE, "origin_ns": origin_ns}


def ended(utterance: Utterance, closed: Closed) -> dict[str, Any]:
    """Fields of `SpeechEnded`."""
    seconds = {"start": closed.start / SAMPLE_RATE, "end": closed.end / SAMPLE_RATE}
    return _of(utterance) | seconds | {"reason": closed.reason}


def partial(utterance: Utterance, shown: Shown, hypothesis: Hypothesis) -> dict[str, Any]:
    """Fields of `Partial`."""
    return _in_take(utterance) | {
        "revision": utterance.revision,
        "committed": shown.committed,
        "tail": shown.tail,
        "language": hypothesis.language,
        "end": (utterance.start + hypothesis.samples) / SAMPLE_RATE,
        "cost": work_ns(hypothesis) / 1e9,
    }


def final(utterance: Utterance, outcome: Outcome, kept: Kept, now_ns: int) -> dict[str, Any]:
    """Fields of `Final`; `kept` is its text, and what of it is held back."""
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
        reused_tokens=cost.reused_tokens,
        draft_tokens=cost.draft_tokens,
        accepted_tokens=cost.accepted_tokens,
        slowest=cost.slowest_ns / 1e9,
        last_step=_last_step(outcome, utterance.closed_ns),
    )
    return _in_take(utterance) | {
        "text": kept.text,
        "language": outcome.language,
        "start": utterance.start / SAMPLE_RATE,
        "end": utterance.end / SAMPLE_RATE,
        "timings": timings,
        "error": outcome.error,
        "withheld": kept.withheld,
    }


def _last_step(outcome: Outcome, closed_ns: int) -> events.LastStep:
    step = outcome.step
    if step is None or step.answer is None:
        return events.LastStep(closed_ns=closed_ns)
    return events.LastStep(
        asked_ns=step.asked_ns,
        answered_ns=step.answered_ns,
        closed_ns=closed_ns,
        encode=step.answer.encode_ns / 1e9,
        prefill=step.answer.prefill_ns / 1e9,
        generate=step.answer.generate_ns / 1e9,
    )


def words(utterance: Utterance, alignment: Alignment) -> dict[str, Any]:
    """Fields of `Words`."""
    return _in_take(utterance) | {
        "words": _timed(utterance, alignment.words),
        "align": alignment.cost_ns / 1e9,
        "error": alignment.error,
    }


def live_words(utterance: Utterance, placed: Iterable[Word]) -> dict[str, Any]:
    """Fields of `LiveWords`."""
    return _of(utterance) | {"words": _timed(utterance, placed)}


def _timed(utterance: Utterance, placed: Iterable[Word]) -> list[events.TimedWord]:
    """The words' samples count from the start of the utterance."""
    return [
        events.TimedWord(
            word.text,
            round((utterance.start + word.start_sample) / SAMPLE_RATE, 3),
            round((utterance.start + word.end_sample) / SAMPLE_RATE, 3),
        )
        for word in placed
    ]
