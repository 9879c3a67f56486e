"""A chunk of the pool of speech: some minutes of sessions, each of one voice, and the file of what was said when.

This file owns the choice of sentences and the format of the chunk's two files. A chunk is a pure function of the
corpus, the seed and its number, as long as each is made by engines that have not spoken before: they keep state from
one sentence to the next.
"""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.sentence import ENGLISH, MANDARIN, Sentence
from model.miniature.recipe.sound.codecs import through_a_codec
from model.miniature.recipe.speech import cast
from model.miniature.recipe.speech.voice import RATE, Speech, SpeechError, Synthesiser, Voice

SECONDS = 240
"""Speech in a chunk, at least."""
SESSION_SECONDS = (15.0, 45.0)
LONGEST_SECONDS = 25.0
"""A longer sentence is not kept."""
_TRIES = 12
"""Sentences in a row that a voice may refuse before the session ends."""

_FILES = {ENGLISH: "english.train.txt", MANDARIN: "mandarin.train.txt"}
_PROSE = 2.0
"""So much more counts a sentence that somebody once wrote, by default: its words are less expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a chunk is a function of, besides the corpus and its number."""

    seed: int
    mandarin: float = 0.15
    """Share of the sessions in Mandarin."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Kind of sentence and how often it comes; the default is the square root of the number of its sentences."""
    engines: tuple[str, ...] = tuple(cast.ENGINES)
    seconds: float = SECONDS
    coded: float = 0.06
    """Share of the clips that go through a lossy codec."""


class Corpus:
    """The sentences for training, by language and kind."""

    def __init__(self, folder: Path) -> None:
        """Read the text step's files.

        Raises:
            OSError: one is missing.
            ValueError: one is empty, or has a line without a kind.
        """
        self.lines: dict[str, dict[str, list[str]]] = {}
        for language, name in _FILES.items():
            kinds: dict[str, list[str]] = {}
            with (folder / name).open(encoding="utf-8") as file:
                for line in file:
                    kind, tab, _ = line.partition("\t")
                    if not tab:
                        raise ValueError(f"{folder / name}: no kind: {line!r}")
                    kinds.setdefault(kind, []).append(line.rstrip("\n"))
            if not kinds:
                raise ValueError(f"{folder / name}: no sentences")
            self.lines[language] = kinds

    def kinds(self) -> set[str]:
        """The kinds of all languages."""
        return {kind for kinds in self.lines.values() for kind in kinds}

    def draw(self, random: Random, language: str, weights: Mapping[str, float]) -> str:
        """A random line: first a kind, then one of its sentences."""
        kinds = self.lines[language]
        shares = [weights.get(kind, _share(kind, len(lines))) for kind, lines in kinds.items()]
        return random.choice(kinds[random.choices(list(kinds), shares)[0]])


def _share(kind: str, lines: int) -> float:
    """Of a kind, by default. Kinds with a point or a hyphen in their names are generated, by grammars of our own."""
    return float(lines**0.5) * (1.0 if "." in kind or "-" in kind else _PROSE)


@dataclass(slots=True)
class Chunk:
    """What was said, so far."""

    clips: list[dict[str, Any]] = field(default_factory=list)
    samples: list[npt.NDArray[np.int16]] = field(default_factory=list)
    length: int = 0
    """Samples of all clips."""
    refused: Counter[str] = field(default_factory=Counter)
    """Engine, or engine and error, and how many sentences it would not say."""
    sessions: int = 0

    def add(self, speech: Speech, voice: Voice, language: str, line: str) -> None:
        """Put a clip behind the others, into the current session."""
        times = speech.times and [[round(start, 4), round(end, 4)] for start, end in speech.times]
        self.clips.append(
            {
                "start": self.length,
                "samples": len(speech.samples),
                "session": self.sessions,
                "voice": voice.tag,
                "language": language,
                "line": line,
                "times": times,
            }
        )
        self.samples.append(speech.samples)
        self.length += len(speech.samples)


class Engines:
    """The synthesisers of a bundle, each loaded when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[str, Synthesiser] = {}

    def get(self, name: str) -> Synthesiser:
        """An engine.

        Raises:
            SpeechError: the bundle lacks it, or it does not load.
        """
        if name not in self._loaded:
            engine = cast.ENGINES[name]
            made: Synthesiser = getattr(importlib.import_module(engine.module), engine.synthesiser)(self._folder)
            self._loaded[name] = made
        return self._loaded[name]

    def close(self) -> None:
        """End the processes of those that have some."""
        for engine in self._loaded.values():
            if close := getattr(engine, "close", None):
                close()
        self._loaded.clear()


def make(corpus: Corpus, engines: Engines, settings: Settings, number: int) -> Chunk:
    """Speak a chunk.

    Raises:
        SpeechError: an engine's library cannot be loaded, or all that was tried was refused.
    """
    random = Random(f"chunk {settings.seed} {number}")
    chunk = Chunk()
    while chunk.length < settings.seconds * RATE:
        language = MANDARIN if random.random() < settings.mandarin else ENGLISH
        voice = cast.known(random, language, settings.engines)
        _session(chunk, corpus, engines, settings, (random, language, voice, number))
        chunk.sessions += 1
        if chunk.sessions > 20 and chunk.length == 0:
            raise SpeechError(f"chunk {number}: every sentence was refused: {dict(chunk.refused)}")
    return chunk


def _session(
    chunk: Chunk, corpus: Corpus, engines: Engines, settings: Settings, chance: tuple[Random, str, Voice, int]
) -> None:
    random, language, voice, number = chance
    engine = engines.get(voice.engine)
    end = chunk.length + random.uniform(*SESSION_SECONDS) * RATE
    tries = 0
    while chunk.length < end and tries < _TRIES:
        line = corpus.draw(random, language, settings.weights)
        tries += 1
        try:
            speech = engine.say(Sentence.from_line(line, language), voice)
        except SpeechError as error:
            chunk.refused[f"{voice.engine}: {str(error)[:160]}"] += 1
            return  # the voice, most likely
        if speech is None or not 0 < len(speech.samples) <= LONGEST_SECONDS * RATE:
            chunk.refused[voice.engine] += 1
            continue
        chunk.add(_coded(speech, settings, f"codec {number} {len(chunk.clips)}"), voice, language, line)
        tries = 0


def _coded(speech: Speech, settings: Settings, draw: str) -> Speech:
    """Some through a codec. It has chance of its own: what is said does not depend on the share."""
    random = Random(f"{settings.seed} {draw}")
    if random.random() >= settings.coded:
        return speech
    return replace(speech, samples=through_a_codec(np.random.default_rng(random.randrange(2**63)), speech.samples))


def name(settings: Settings, number: int) -> str:
    """Of the files of a chunk, without their ending."""
    return f"speech-{settings.seed}-{number:06d}"


def write(chunk: Chunk, folder: Path, stem: str) -> None:
    """Write `STEM.pcm` (int16, 16 kHz, clip behind clip) and, last, `STEM.json`: who sees that sees both whole."""
    samples, table = folder / f"{stem}.pcm", folder / f"{stem}.json"
    part = samples.with_suffix(".pcm.part")
    part.write_bytes(np.concatenate(chunk.samples).astype("<i2").tobytes())
    part.rename(samples)
    part = table.with_suffix(".json.part")
    part.write_text(json.dumps({"clips": chunk.clips, "refused": chunk.refused}, ensure_ascii=False), encoding="utf-8")
    part.rename(table)
