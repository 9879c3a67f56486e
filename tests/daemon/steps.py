"""One utterance, asked for its steps and told the decoder's answers by hand, for the tests."""

from __future__ import annotations

from typing import Any

from daemon.utterance import Moment, Options, Step, Utterance
from pipeline.messages import SAMPLE_RATE, Hypothesis
from pipeline.stabiliser import Shown

S = SAMPLE_RATE
NS = 1_000_000_000
OPTIONS = Options(language="", context="names", commit=True, partials=True, align=True)


def next_step(utterance: Utterance, judged: int, now_ns: int = 0, **moment: Any) -> Step | None:
    """The step that is due when the source has so many samples."""
    return utterance.next_step(Moment(judged, now_ns, now_ns, **moment))


def hear(utterance: Utterance, seq: int, text: str, now_ns: int = 0, **other: Any) -> Shown | None:
    """The decoder's answer to a step."""
    fields: dict[str, Any] = {"epoch": utterance.epoch, "last": False, "samples": seq * S, "guard": ""}
    hypothesis = Hypothesis(
        utterance=utterance.number,
        seq=seq,
        language="English",
        text=text,
        tokens=tuple(range(len(text))),
        ends=tuple(range(1, len(text) + 1)),
        encode_ns=1,
        prefill_ns=2,
        prefill_tokens=3,
        generate_ns=4,
        generate_tokens=5,
        reused_tokens=6,
        draft_tokens=7,
        accepted_tokens=8,
        **(fields | other),
    )
    return utterance.hear(hypothesis, now_ns)
