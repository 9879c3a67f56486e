"""The pool of speech: the clips that a batch is put together from.

This file owns the reading of chunks: the indices, one clip a row, and the samples, one long buffer. A chunk is whole
once its .json is there. It knows nothing of how sentences become speech.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.sentence import Sentence
from model.miniature.recipe.speech.voice import RATE


@dataclass(frozen=True, slots=True)
class Clip:
    """One sentence in the pool."""

    start: int
    """Its first sample in the buffer."""
    samples: int
    session: int
    """Clips of one session have one speaker and follow one another."""
    sentence: Sentence
    times: tuple[tuple[float, float], ...] | None
    """Of each word, in seconds from its first sample."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One file of the pool, and where its samples go."""

    index: Path
    """Its .json."""
    start: int
    """Its first sample in the buffer."""
    samples: int


class Files:
    """The chunks of a directory, in the order in which they were found; found ones keep their places."""

    def __init__(self, directory: Path, room: int) -> None:
        """Args: room: samples of the buffer; what does not fit is left out."""
        self._directory = directory
        self._room = room
        self._seen: set[str] = set()
        self.chunks: list[Chunk] = []
        self.samples = 0

    def new(self) -> list[Chunk]:
        """Chunks that have come since the last call, by name."""
        found = []
        for index in sorted(self._directory.glob("*.json")):
            if index.name in self._seen:
                continue
            self._seen.add(index.name)
            samples = index.with_suffix(".pcm").stat().st_size // 2
            if self.samples + samples > self._room:
                continue
            found.append(Chunk(index, self.samples, samples))
            self.samples += samples
        self.chunks += found
        return found

    @property
    def hours(self) -> float:
        """Speech in the pool."""
        return self.samples / RATE / 3600


def samples_of(chunk: Chunk) -> npt.NDArray[np.int16]:
    """int16[n] of a chunk."""
    return np.fromfile(chunk.index.with_suffix(".pcm"), dtype=np.int16)


def clips_of(chunk: Chunk, session: int) -> Iterator[Clip]:
    """The clips of a chunk. Args: session: number for its first session."""
    for clip in json.loads(chunk.index.read_text(encoding="utf-8"))["clips"]:
        sentence = Sentence.from_line(clip["line"], clip["language"])
        times = tuple((start, end) for start, end in clip["times"]) if clip["times"] is not None else None
        yield Clip(chunk.start + clip["start"], clip["samples"], session + clip["session"], sentence, times)
