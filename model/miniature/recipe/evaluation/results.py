"""The results of an evaluation: every measure of every set, as a plain tree for JSON.

This file owns which measures are taken of which set and how they are named. The measures themselves are
`measures.py`'s, the networks `decode.py`'s and `times.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np

from model.miniature.recipe.evaluation import measures
from model.miniature.recipe.evaluation.contexts import listing
from model.miniature.recipe.evaluation.decode import Heard, Listener
from model.miniature.recipe.evaluation.store import Utterance
from model.miniature.recipe.evaluation.streaming import stream
from model.miniature.recipe.evaluation.times import Aligner
from model.miniature.recipe.sentence import MANDARIN

WINDOWS = (1, 2, 4)
"""Seconds of attention, besides the config's."""
_EXAMPLES = 10
_FEWEST = 5
"""Utterances of a voice or a kind that is reported by itself."""


def of_speech(listener: Listener, utterances: Sequence[Utterance], *, windows: bool, streamed: bool) -> dict[str, Any]:
    """The rates of one set: all of it, by engine, voice and kind; of other windows and of streaming where asked for."""
    clips = [one.samples for one in utterances]
    heard = listener.hear(clips)
    found = scored(utterances, heard)
    if windows:
        found["windows"] = {
            str(window): _rate(utterances, listener.hear(clips, window=window)).plain() for window in WINDOWS
        }
    if streamed:
        rate = _rate(utterances, stream(listener, clips))
        found["streaming"] = rate.plain() | {"minus_offline": rate.value - found["rate"]["value"]}
    return found


def scored(utterances: Sequence[Utterance], heard: Sequence[Heard]) -> dict[str, Any]:
    """The rates of what was heard, and the first examples."""
    characters = [
        measures.character_edits(one.text, said.text, one.language) for one, said in zip(utterances, heard, strict=True)
    ]
    return {
        "measure": "CER" if any(one.language == MANDARIN for one in utterances) else "WER",
        "rate": _rate(utterances, heard).plain(),
        "characters": measures.rate(characters).plain(),
        "language_right": float(np.mean([a.language == b.language for a, b in zip(utterances, heard, strict=True)])),
        "exact": float(np.mean([a.text == b.text for a, b in zip(utterances, heard, strict=True)])),
        "engines": _by(utterances, heard, lambda one: one.voice.partition(":")[0]),
        "voices": _by(utterances, heard, lambda one: one.voice),
        "kinds": _by(utterances, heard, lambda one: one.kind),
        "examples": [
            {"said": one.text, "heard": said.text, "voice": one.voice, "kind": one.kind}
            for one, said in zip(utterances[:_EXAMPLES], heard, strict=False)
        ],
    }


def of_context(listener: Listener, utterances: Sequence[Utterance]) -> dict[str, Any]:
    """Recall and echo with the lists, without them, and with lists of distractors alone."""
    random = Random(0)
    clips = [one.samples for one in utterances]
    full = [listing([one.word, *one.distractors], random) for one in utterances]
    misleading = [listing(one.distractors, random) for one in utterances]
    plain, with_list, misled = (listener.hear(clips, lists) for lists in ((), full, misleading))

    def listed(heard: Sequence[Heard], *, word: bool) -> list[measures.Listed]:
        return [
            measures.Listed(one.text, said.text, one.word if word else "", one.distractors)
            for one, said in zip(utterances, heard, strict=True)
        ]

    both = [*listed(with_list, word=True), *listed(misled, word=False)]
    return {
        "listed": measures.context_measures(listed(with_list, word=True)) | _whole(utterances, with_list),
        "unlisted": measures.context_measures(listed(plain, word=True)) | _whole(utterances, plain),
        "distractors only": measures.context_measures(listed(misled, word=False)) | _whole(utterances, misled),
        "all lists": measures.context_measures(both),
        "examples": [
            {"said": one.text, "without": bare.text, "with": said.text, "list": terms}
            for one, bare, said, terms in zip(utterances[:_EXAMPLES], plain, with_list, full, strict=False)
        ],
    }


def of_nothing(listener: Listener, sets: dict[str, Sequence[Utterance]]) -> dict[str, Any]:
    """What is written where nobody speaks: of each set and of all."""
    found: dict[str, Any] = {}
    everything: list[tuple[str, str]] = []
    seconds = 0.0
    for name, utterances in sets.items():
        heard = listener.hear([one.samples for one in utterances])
        answers = [(said.language, said.text) for said in heard]
        lasting = sum(one.seconds for one in utterances)
        found[name] = measures.nothing_said(answers, lasting) | {
            "examples": [
                {"heard": said.text, "language": said.language, "kind": one.kind}
                for one, said in zip(utterances, heard, strict=True)
                if said.text
            ][:_EXAMPLES]
        }
        everything, seconds = everything + answers, seconds + lasting
    return measures.nothing_said(everything, seconds) | {"sets": found} if sets else {}


def of_times(aligner: Aligner, utterances: Sequence[Utterance]) -> dict[str, Any]:
    """Errors of the word times of a set; utterances without times and words that are no unit are left out."""
    timed = [one for one in utterances if one.times]
    times = aligner.align([one.samples for one in timed], [one.words for one in timed], [one.language for one in timed])
    expected, found = [], []
    for one, rows in zip(timed, times, strict=True):
        there = ~np.isnan(rows[:, 0])
        expected.append(np.array(one.times, np.float64)[there])
        found.append(rows[there])
    return measures.time_errors(expected, found)


def _rate(utterances: Sequence[Utterance], heard: Sequence[Heard]) -> measures.Rate:
    counts = (
        measures.word_edits(one.text, said.text, one.language) for one, said in zip(utterances, heard, strict=True)
    )
    return measures.rate(list(counts))


def _whole(utterances: Sequence[Utterance], heard: Sequence[Heard]) -> dict[str, Any]:
    return {"rate": _rate(utterances, heard).plain()}


def _by(
    utterances: Sequence[Utterance], heard: Sequence[Heard], key: Callable[[Utterance], str]
) -> dict[str, dict[str, Any]]:
    """The rate of each group that is large enough, by its name."""
    groups: dict[str, list[int]] = {}
    for index, one in enumerate(utterances):
        groups.setdefault(key(one), []).append(index)
    return {
        name: _rate([utterances[i] for i in indices], [heard[i] for i in indices]).plain()
        for name, indices in sorted(groups.items())
        if name and len(indices) >= _FEWEST
    }
