"""What Steno promises, beside what was measured: the rows of `make bench`.

It owns each promise, its limit, and the figure of a job's summary that is held against it. It does not run the jobs.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.settings import VadSettings

Summary = Mapping[str, Any]
"""The flat figures of one job."""
Form = Callable[[float], str]

SIGNS: Mapping[str, Callable[[float, float], bool]] = {"<=": operator.le, "<": operator.lt, ">=": operator.ge}
HANGOVER_S = VadSettings().hangover_ms / 1000
ABLATIONS = {
    "no-cache": ("encoder cache off", "model.encoder_cache=false"),
    "no-kv": ("KV reuse off", "model.kv_cache=false"),
    "no-draft": ("draft off", "model.draft=false"),
    "no-speculation": ("speculation off", "stream.speculate=false"),
}
"""Job -> what it is called, and the setting that it changes; each is compared with the job "virtual"."""


@dataclass(frozen=True)
class Promise:
    """One line of the table."""

    what: str
    job: str
    """Whose summary has the figure."""
    figure: Callable[[Summary], float | None]
    """The figure; None if the job did not see any."""
    limit: float
    form: Form
    sign: str = "<="
    """Of `SIGNS`: how the figure must lie to the limit."""

    def line(self, summaries: Mapping[str, Summary], why_not: Mapping[str, str]) -> dict[str, Any]:
        """The promise beside its figure; `holds` is None where nothing was measured, and `measured` says why."""
        head = {"what": self.what, "limit": f"{self.sign} {self.form(self.limit)}", "job": self.job}
        if self.job not in summaries:
            return head | {"measured": why_not.get(self.job, "not run"), "value": None, "holds": None}
        value = self.figure(summaries[self.job])
        if value is None:
            return head | {"measured": "nothing seen", "value": None, "holds": None}
        return head | {"measured": self.form(value), "value": value, "holds": SIGNS[self.sign](value, self.limit)}


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _ms(value: float) -> str:
    return f"{1000 * value:.0f} ms"


def _plain(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _points(value: float) -> str:
    return f"{100 * value:.2f} points"


def _rate(value: float) -> str:
    return f"{value:.2f} MiB/h"


def _get(key: str) -> Callable[[Summary], float | None]:
    return operator.itemgetter(key)


def _over(part: str, whole: str) -> Callable[[Summary], float | None]:
    """One figure for each unit of another."""
    return lambda found: found[part] / found[whole] if found[whole] else None


def _above(one: str, other: str) -> Callable[[Summary], float | None]:
    """By how much one error rate is higher than another."""
    return lambda found: None if found[one] is None or found[other] is None else found[one] - found[other]


def _faults(found: Summary) -> float:
    return float(sum(found[key] for key in ("lost", "doubled", "disordered", "failed", "unheard", "heard_twice")))


PROMISES = (
    Promise("final = offline, miniature, fp32 + f16", "miniature", _get("finals_share"), 1.0, _share, ">="),
    Promise(
        "final = offline, miniature, through the daemon",
        "stream",
        _over("short_as_offline", "short_compared"),
        1.0,
        _share,
        ">=",
    ),
    Promise("final = offline, --model", "model", _get("finals_share"), 0.99, _share, ">="),
    Promise("cost of 30 s at 1 s, of decoding from scratch", "model", _get("cost_ratio"), 0.25, _plain),
    Promise("worst step of 30 s, of that of 6 s", "model", _get("worst_ratio"), 1.6, _plain),
    Promise("end of speech to final, p95", "stream", _get("final_p95"), HANGOVER_S + 0.12, _ms),
    Promise("  of it behind the hangover, p95", "stream", _get("known_p95"), 0.12, _ms),
    Promise("word latency (partial), p50", "stream", _get("word_partial_p50"), 0.7, _ms),
    Promise("first partial, p50", "stream", _get("first_partial_p50"), 0.9, _ms),
    Promise("normalised erasure", "stream", _get("erasure"), 0.2, _plain),
    Promise("normalised erasure, committing", "commit", _get("erasure"), 0.2, _plain),
    Promise("committed revisions", "commit", _get("revisions"), 0, _plain),
    Promise("words in an hour of noise", "silence", _get("words_an_hour"), 0, _plain),
    Promise("words shown in that noise", "silence", _get("shown"), 0, _plain),
    Promise(
        "WER of the committed stream above offline", "commit", _above("wer_committed", "wer_offline"), 5e-3, _points
    ),
    Promise("WER of finals above offline", "stream", _above("wer_final", "wer_offline"), 1e-3, _points),
    Promise("idle, all processes, of one core", "idle", _get("share"), 0.03, _share, "<"),
    Promise("memory growth, worst process, 95 % bound", "soak", _get("growth_upper"), 1.0, _rate, "<"),
    Promise("descriptors gained, worst process", "soak", _get("descriptors"), 0, _plain),
    Promise("utterances lost, doubled or out of order", "soak", _faults, 0, _plain),
)


def promises(summaries: Mapping[str, Summary], why_not: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every promise with what was measured.

    Args:
        summaries: job -> its figures, of the jobs that there are results of.
        why_not: job -> why there are none.
    """
    return [promise.line(summaries, why_not) for promise in PROMISES]


def markdown(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """The promises as a table."""
    words = {True: "yes", False: "NO", None: ""}
    rows = [f"| {one['what']} | {one['limit']} | {one['measured']} | {words[one['holds']]} |" for one in lines]
    return ["| what | limit | measured | holds |", "|---|---|---|---|", *rows]


COLUMNS: Mapping[str, tuple[str, Form]] = {
    "work": ("work for 1 s of sound, s", _plain),
    "step_mean": ("step, mean", _ms),
    "step_max": ("step, max", _ms),
    "steps": ("steps", _plain),
    "word_partial_p50": ("word latency p50", _ms),
    "final_p50": ("final p50", _ms),
    "final_p95": ("final p95", _ms),
    "wer_final": ("WER of finals", _share),
}
"""Figure of a run of `benchmarks.stream` -> its heading in the table of ablations."""


def ablations(summaries: Mapping[str, Summary]) -> list[str]:
    """The miniature through the daemon with everything, and with each means left out alone; empty if it was not run."""
    if "virtual" not in summaries:
        return []
    rows = {"everything": summaries["virtual"]}
    rows |= {title: summaries[job] for job, (title, _) in ABLATIONS.items() if job in summaries}
    lines = [f"| | {' | '.join(title for title, _ in COLUMNS.values())} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for title, found in rows.items():
        cells = ["-" if found[key] is None else form(found[key]) for key, (_, form) in COLUMNS.items()]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return lines


def gains(summaries: Mapping[str, Summary]) -> list[str]:
    """The same for a 30 s utterance without pauses: the cost with one means left out, as a multiple."""
    found = {job: summaries[job] for job in ("miniature", "model") if job in summaries}
    keys = [key for one in found.values() for key in one if key.startswith("without ")]
    if not keys:
        return []
    heads = [key.removeprefix("without ") for key in dict.fromkeys(keys)]
    lines = [f"| 30 s, cost as a multiple | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for job, one in found.items():
        cells = [_plain(one[key]) if key in one else "-" for key in dict.fromkeys(keys)]
        lines.append(f"| {job} | {' | '.join(cells)} |")
    return lines
