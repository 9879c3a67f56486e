"""Finals and words of one source, put together."""

from __future__ import annotations

from clients.collected import Collected
from pipeline import events


def test_what_was_held_back_of_a_text_is_told_and_not_part_of_it() -> None:
    timings = events.Timings(
        audio=1.0, encode=0.0, prefill=0.0, prefill_tokens=0, generate=0.0, generate_tokens=0, steps=1, wait=0.0
    )
    final = events.Final(
        daemon="d", seq=1, time=0.0, source="private-file-1", utterance=1, text="so", language="English",
        start=0.0, end=1.0, timings=timings, withheld="thank you",
    )  # fmt: skip
    collected, warned = Collected(), list[str]()
    collected.add([final])
    (utterance,) = collected.utterances(0.0, False, warned.append)
    assert utterance.text == "so"
    assert warned == ["text that no sound carries was held back: thank you"]
