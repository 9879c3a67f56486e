"""The figures of a run: takes that were measured one by one, pooled into flat numbers with names.

It owns the names, what each is made of, and their table. Times are in seconds, rates of errors and shares in parts of
one. A figure of which nothing was seen is None. `p50`, `p95` and `p99` are over words, utterances or partials, not over
takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.stream_measures import PARTS, Measured
from benchmarks.stream_take import of_kind
from clients.latency import percentile
from pipeline import events

Summary = dict[str, float | None]

PERCENTILES = (50, 95, 99)
SHORT_S = 30.0
"""Up to this length the text of a final must be that of an offline decode."""

TIMES = {
    "first_partial": "first partial",
    "word_partial": "word latency, partial",
    "word_shown": "word latency, partial or final",
    "word_stable": "word latency, stable",
    "word_committed": "word latency, committed",
    "partial_lag": "lag of a partial behind its sound",
    "final": "end of speech -> final",
    **{part: f"  of it {part}" for part in PARTS},
    "known": "  all behind the hangover",
    "aligned": "final -> word times",
}
OTHERS = {
    "words": ("words of the reference", "d"),
    "words_in_partials": ("  that stood right in a partial", "d"),
    "words_right": ("  that stand right in a final", "d"),
    "utterances": ("utterances", "d"),
    "partials": ("partials", "d"),
    "steps": ("steps", "d"),
    "step_mean": ("work of a step, mean", "s"),
    "step_max": ("work of a step, max", "s"),
    "work": ("work of encoder and decoder for 1 s of sound", "s"),
    "rtf": ("RTF, aligner included", "s"),
    "erasure": ("erased words for a word of the final", "x"),
    "erasure_raw": ("  case and punctuation counted", "x"),
    "changed": ("words shown and changed, for a word of the final", "%"),
    "changed_utterances": ("utterances with a change", "%"),
    "revisions": ("committed text taken back", "d"),
    "wer_final": ("WER, finals", "%"),
    "wer_committed": ("WER, committed stream", "%"),
    "wer_offline": ("WER, offline decode of the same samples", "%"),
    "compared": ("finals compared with offline", "d"),
    "as_offline": ("  that are the same text", "d"),
    "short_compared": ("  of up to 30 s", "d"),
    "short_as_offline": ("    that are the same text", "d"),
    "prompt_new": ("tokens of prompt and sound computed", "d"),
    "prompt_reused": ("  reused", "d"),
    "reused_share": ("  share reused", "%"),
    "draft": ("tokens of drafts", "d"),
    "accepted": ("  accepted", "d"),
    "generated": ("tokens chosen one by one", "d"),
    "silence": ("silence of the reference", "s"),
    "on_silence": ("  words of finals in it", "d"),
    "shown_on_silence": ("  words shown in it", "d"),
    "withheld": ("finals with withheld text", "d"),
    "degraded": ("times that the daemon began to leave something out", "d"),
    "seconds": ("sound", "s"),
    "speed": ("sound for a second of wall clock", "x"),
    "late_max": ("frames sent late, max", "s"),
}


def summary(takes: Sequence[Measured]) -> Summary:
    """All figures of these takes."""
    return {**_times(takes), **_counts(takes), **_costs(takes), **_texts(takes), **_play(takes)}


def _times(takes: Sequence[Measured]) -> Summary:
    words = [word for take in takes for word in take.words]
    ends = [end for take in takes for end in take.endpoints]
    committing = any(take.committing for take in takes)
    values: dict[str, list[float]] = {
        "first_partial": [first for take in takes for first in take.firsts],
        "word_partial": [word.partial - word.end for word in words if word.partial is not None],
        "word_shown": [word.shown - word.end for word in words if word.shown is not None],
        "word_stable": [word.stable - word.end for word in words if word.stable is not None],
        "word_committed": [word.committed - word.end for word in words if committing and word.committed is not None],
        "partial_lag": [lag for take in takes for lag in take.lags],
        "final": [end.total for end in ends],
        **{part: [getattr(end, part) for end in ends] for part in (*PARTS, "known")},
        "aligned": [after for take in takes for after in take.aligned],
    }
    return {
        f"{name}_p{percent}": percentile(found, percent) if found else None
        for name, found in values.items()
        for percent in PERCENTILES
    }


def _counts(takes: Sequence[Measured]) -> Summary:
    words = [word for take in takes for word in take.words]
    finals = [utterance.final for take in takes for utterance in take.utterances]
    length = sum(take.final_words for take in takes)
    return {
        "words": len(words),
        "words_in_partials": sum(word.partial is not None for word in words),
        "words_right": sum(word.final is not None for word in words),
        "utterances": len(finals),
        "partials": sum(len(take.lags) for take in takes),
        "erasure": _ratio(sum(take.erased for take in takes), length),
        "erasure_raw": _ratio(sum(take.erased_raw for take in takes), length),
        "changed": _ratio(sum(take.changed for take in takes), length),
        "changed_utterances": _ratio(sum(take.changed_utterances for take in takes), len(finals)),
        "revisions": sum(take.revisions for take in takes),
        "silence": sum(take.silence for take in takes),
        "on_silence": sum(take.on_silence for take in takes),
        "shown_on_silence": sum(take.shown_on_silence for take in takes),
        "withheld": sum(bool(final.withheld) for final in finals),
    }


def _costs(takes: Sequence[Measured]) -> Summary:
    costs = [utterance.final.timings for take in takes for utterance in take.utterances]
    work = sum(cost.encode + cost.prefill + cost.generate for cost in costs)
    align = sum(words.align for take in takes for _, words in of_kind(take.take, events.Words))
    seconds, steps = sum(take.take.seconds for take in takes), sum(cost.steps for cost in costs)
    reused, drafts = sum(cost.reused_tokens for cost in costs), sum(cost.draft_tokens for cost in costs)
    new = sum(cost.prefill_tokens for cost in costs) - drafts
    return {
        "steps": steps,
        "step_mean": _ratio(work, steps),
        "step_max": max((cost.slowest for cost in costs), default=None),
        "work": _ratio(work, seconds),
        "rtf": _ratio(work + align, seconds),
        "prompt_new": new,
        "prompt_reused": reused,
        "reused_share": _ratio(reused, reused + new),
        "draft": drafts,
        "accepted": sum(cost.accepted_tokens for cost in costs),
        "generated": sum(cost.generate_tokens for cost in costs),
    }


def _texts(takes: Sequence[Measured]) -> Summary:
    length = sum(len(take.expected) for take in takes)
    committing = any(take.committing for take in takes)
    compared = [
        (utterance.final, take.take.offline[utterance.number])
        for take in takes
        if take.take.offline is not None
        for utterance in take.utterances
    ]
    same = [(final.text == text, final.end - final.start <= SHORT_S) for final, text in compared]
    return {
        "wer_final": _ratio(sum(take.wrong for take in takes), length),
        "wer_committed": _ratio(sum(take.wrong_typed for take in takes), length) if committing else None,
        "wer_offline": _ratio(sum(take.wrong_offline for take in takes), length) if compared else None,
        "compared": len(compared) or None,
        "as_offline": sum(equal for equal, _ in same) if compared else None,
        "short_compared": sum(short for _, short in same) if compared else None,
        "short_as_offline": sum(equal and short for equal, short in same) if compared else None,
    }


def _play(takes: Sequence[Measured]) -> Summary:
    seconds = sum(take.take.sent[-1].end for take in takes)
    states = [event.pace for take in takes for _, event in of_kind(take.take, events.State)]
    return {
        "degraded": sum(pace != "full" for pace in states),
        "seconds": sum(take.take.seconds for take in takes),
        "speed": _ratio(seconds, sum(take.take.wall for take in takes)),
        "late_max": max((frame.at - frame.end for take in takes for frame in take.take.sent), default=None),
    }


def _ratio(a: float, b: float) -> float | None:
    return a / b if b else None


def rows(figures: Mapping[str, float | None]) -> list[tuple[str, str]]:
    """Label and value of each figure, for a table."""
    found = []
    for name, label in TIMES.items():
        values = [figures.get(f"{name}_p{percent}") for percent in PERCENTILES]
        if values[0] is not None:
            found.append((label, "".join(f"{shown(value, 's'):>10}" for value in values)))
    for name, (label, form) in OTHERS.items():
        value = figures.get(name)
        if value is not None:
            found.append((label, f"{shown(value, form):>10}"))
    return found


def shown(value: float | None, form: str) -> str:
    """A figure as text: d whole, s seconds, % of one, x a plain number."""
    if value is None:
        return "-"
    return {"d": f"{value:.0f}", "s": f"{value:.3f} s", "%": f"{value:.1%}", "x": f"{value:.3f}"}[form]


def table(figures: Mapping[str, float | None]) -> Iterable[str]:
    """The lines of the table that a run prints."""
    yield f"{'':50}" + "".join(f"{f'p{percent}':>10}" for percent in PERCENTILES)
    for label, values in rows(figures):
        yield f"{label:50}{values}"
