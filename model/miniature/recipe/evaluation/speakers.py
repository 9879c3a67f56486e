"""Utterances from sentences: a voice that says them, pauses between them, and when each word is heard.

This file owns how sentences are put together for the evaluation and for the shipped recordings. Which voices there are
is `speech/cast.py`'s to know.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.evaluation.noises import as_int16
from model.miniature.recipe.evaluation.store import Clip, Utterance
from model.miniature.recipe.sentence import Sentence, joined
from model.miniature.recipe.speech import cast
from model.miniature.recipe.speech.voice import RATE, Speech, Synthesiser, Voice

PEAK = 16_000.0
"""Loudest sample of an utterance: half of full scale."""


class Speakers:
    """The synthesisers of a bundle, loaded when first asked for.

    Args:
        bundle: its folder.
        engines: names of those in use; they are given in the order of `cast.ENGINES`.
    """

    def __init__(self, bundle: Path, engines: Sequence[str]) -> None:
        self.engines = tuple(name for name in cast.ENGINES if name in engines)
        self._bundle = bundle
        self._loaded: dict[str, Synthesiser] = {}

    def say(self, sentence: Sentence, voice: Voice) -> Speech | None:
        """As a synthesiser says it; None for what it cannot say."""
        if voice.engine not in self._loaded:
            self._loaded[voice.engine] = self._load(voice.engine)
        return self._loaded[voice.engine].say(sentence, voice)

    def _load(self, name: str) -> Synthesiser:
        engine = cast.ENGINES[name]
        made: Synthesiser = getattr(importlib.import_module(engine.module), engine.synthesiser)(self._bundle)
        return made

    def utterance(
        self, sentences: Sequence[Sentence], voice: Voice, pauses: Sequence[float | npt.NDArray[np.int16]]
    ) -> Utterance | None:
        """Sentences one after the other.

        Args:
            sentences: of one language.
            voice: who says them all.
            pauses: before the first, between them, and behind the last: seconds of silence, or other sound.

        Returns:
            None where the voice cannot say one of them. The times are None where one of them has none.
        """
        parts: list[npt.NDArray[np.float64]] = []
        times: list[tuple[float, float]] | None = []
        at = 0
        for pause, sentence in zip(pauses, [*sentences, None], strict=True):
            gap = pause if isinstance(pause, np.ndarray) else np.zeros(int(pause * RATE), np.int16)
            parts.append(gap.astype(np.float64))
            at += len(gap)
            if sentence is None:
                break
            speech = self.say(sentence, voice)
            if speech is None or not np.any(speech.samples):
                return None
            parts.append(speech.samples.astype(np.float64) * (PEAK / float(np.abs(speech.samples.astype(int)).max())))
            told = None if speech.times is None or times is None else speech.times
            times = None if told is None else [*(times or ()), *((at / RATE + a, at / RATE + b) for a, b in told)]
            at += len(speech.samples)
        return _joined(sentences, voice, as_int16(np.concatenate(parts)), times)


def _joined(
    sentences: Sequence[Sentence], voice: Voice, samples: Clip, times: list[tuple[float, float]] | None
) -> Utterance:
    words = tuple(word.written for one in sentences for word in one.words)
    language = sentences[0].language
    return Utterance(
        samples,
        language,
        joined(list(words), language),
        words,
        None if times is None else tuple((round(start, 4), round(end, 4)) for start, end in times),
        "+".join(sorted({one.kind for one in sentences})),
        voice.tag,
    )


def short_pauses(count: int, random: Random) -> list[float]:
    """Pauses around so many sentences, as people make them."""
    between = [random.uniform(0.15, 0.7) for _ in range(count - 1)]
    return [random.uniform(0.1, 0.5), *between, random.uniform(0.1, 0.5)]
