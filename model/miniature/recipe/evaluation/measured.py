"""The parts of the model card that show what was measured.

This file owns their tables and their wording; every number in them comes out of results.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model.miniature.recipe.evaluation.markdown import grid, interval, percent
from model.miniature.recipe.evaluation.records import Records
from model.miniature.recipe.evaluation.targets import TARGETS, rows

_USELESS = 0.5
"""A word error rate above this is of no use to anybody."""


def table_part(records: Records) -> Iterator[str]:
    """The targets, and what came of them."""
    yield "## What was asked for"
    yield ""
    yield "The targets were set before training. The first miniature's numbers are those that it was published with, on"
    yield "its own sets."
    yield ""
    here = {row[0]: row[3] for row in rows(records.first)} if records.first else {}
    head = ("", "first", *(("first, on these sets",) if here else ()), "target", "this", "")
    yield from grid(
        head,
        [
            (title, first, *((here[title],) if here else ()), limit, value, verdict)
            for title, first, limit, value, verdict in rows(records.results)
        ],
    )


def sets_part(records: Records) -> Iterator[str]:
    """The rates of every set."""
    yield "## Every set"
    yield ""
    yield "Greedy decoding on the frozen sets. Each machine of a run makes them before it trains, from held-out"
    yield "sentences by a fixed seed; another kind of processor may round some samples differently, and the hashes are"
    yield "of those that were measured. Rates are normalised: English in words without case and punctuation (WER),"
    yield "Mandarin in characters (CER). In brackets the bootstrapped interval of 95 %."
    yield ""
    table = []
    for name, found in records.results.get("sets", {}).items():
        about = records.results.get("about", {}).get(name, {})
        table.append(
            (
                name,
                str(about.get("utterances", "")),
                f"{about.get('seconds', 0.0) / 60:.1f}",
                found["measure"],
                interval(found["rate"]),
                percent(found["characters"]["value"]),
                percent(found["exact"]),
                percent(found["language_right"]),
                f"`{about.get('sha256', '')[:12]}`",
            )
        )
    head = ("set", "n", "minutes", "", "rate", "characters", "exact", "language right", "SHA-256")
    yield from grid(head, table)
    for name, found in records.results.get("sets", {}).items():
        yield from _in_detail(name, found)
    yield ""


def _in_detail(name: str, found: dict[str, Any]) -> Iterator[str]:
    """A set's groups, windows and streaming, a line each."""
    for title, key in (("engine", "engines"), ("kind", "kinds")):
        if len(found[key]) > 1:
            shown = "; ".join(f"{one} {percent(rate['value'])}" for one, rate in found[key].items())
            yield f"- {name}, by {title}: {shown}"
    if "windows" in found:
        shown = ", ".join(f"{window} s {percent(rate['value'])}" for window, rate in found["windows"].items())
        yield f"- {name}, attention windows: {shown}"
    if "streaming" in found:
        difference = found["streaming"]["minus_offline"] * 100
        yield f"- {name}, streaming: {interval(found['streaming'])}, {difference:+.2f} points against offline"


def context_part(records: Records) -> Iterator[str]:
    """Recall and echo."""
    found = records.results.get("context")
    if found:
        yield "## Words in context"
        yield ""
        yield "Each utterance has a word that could be spelt in several ways; the list has it in the spelling that"
        yield "counts, among distractors. Echo is the share of distractors that were written though nobody said them."
        yield ""
        yield from grid(
            ("", "utterances", "recall", "WER", "distractors", "echo", "utterances with one"),
            [
                (
                    name,
                    str(one["utterances"]),
                    "" if one["recall"] is None else percent(one["recall"]),
                    interval(one["rate"]),
                    str(one["distractors"]),
                    percent(one["echo"], 2),
                    percent(one["echo_utterances"]),
                )
                for name, one in found.items()
                if isinstance(one, dict) and "rate" in one
            ],
        )


def nothing_part(records: Records) -> Iterator[str]:
    """What is written where nobody speaks."""
    nothing = records.results.get("nothing")
    if nothing:
        yield "## Where nobody speaks"
        yield ""
        yield from grid(
            ("", "clips", "minutes", "words", "words an hour", "clips with text", "clips with a language"),
            [
                (
                    name,
                    str(one["clips"]),
                    f"{one['seconds'] / 60:.1f}",
                    str(one["words"]),
                    f"{one['words_per_hour']:.1f}",
                    str(one["clips_with_text"]),
                    str(one["clips_with_language"]),
                )
                for name, one in (*nothing["sets"].items(), ("all", nothing))
            ],
        )


def aligner_part(records: Records) -> Iterator[str]:
    """Errors of the word times."""
    found = {name: one for name, one in records.results.get("aligner", {}).items() if one.get("words")}
    if not found:
        return
    yield "## Word times"
    yield ""
    yield "Absolute errors of starts and ends against the synthesiser's own times, in milliseconds."
    yield ""
    keys = ("mean_ms", "median_ms", "start_mean_ms", "end_mean_ms", "worst_tenth_ms")
    yield from grid(
        ("set", "words", "mean", "median", "starts, mean", "ends, mean", "worst tenth from", "within 100 ms"),
        [
            (name, str(one["words"]), *(f"{one[key]:.0f}" for key in keys), percent(one["within_100_ms"]))
            for name, one in found.items()
        ],
    )


def limits_part(records: Records) -> Iterator[str]:
    """What it cannot do, as far as the numbers say so."""
    results = records.results
    yield "## What it cannot do"
    yield ""
    yield "- It has heard synthesisers and nobody else, in two languages, and knows no others."
    human = results.get("sets", {}).get("human")
    if human:
        verdict = "it is of no use for them" if human["rate"]["value"] > _USELESS else "it is far from the real model"
        yield f"- Real people it gets wrong: {human['measure']} {interval(human['rate'])}; {verdict}."
    else:
        yield "- Real people were not measured in this run; nothing here says that it understands any."
    for one in TARGETS:
        if one.met(results) is False:
            yield f"- Missed: {one.title}: {one.shown(results)}, asked for was {one.asked}."
        elif one.limit is not None and one.value(results) is None:
            yield f"- Not measured: {one.title}."
    nothing = results.get("nothing", {})
    if nothing.get("clips_with_text"):
        yield f"- In {nothing['clips_with_text']} of {nothing['clips']} clips without speech it writes something."
    yield ""
