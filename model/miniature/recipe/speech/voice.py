"""What a voice is, and what every synthesiser offers.

This file owns the two words that all engines share; it knows none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.sentence import Sentence

RATE = 16_000
"""Samples per second of all speech of the recipe."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker in one mood. Factors are of the engine's own value for that voice: 1 leaves it."""

    engine: str
    name: str
    """As the engine calls it."""
    variant: str = ""
    """espeak-ng: the text of a voice variant (formants, breath, and so on), or the name of a shipped one."""
    rate: float = 1.0
    """More is faster."""
    pitch: float = 1.0
    range: float = 1.0
    """How far the melody swings."""
    gap: float = 0.0
    """Seconds of silence between words."""

    @property
    def tag(self) -> str:
        """The speaker, without the mood."""
        return f"{self.engine}:{self.name}"


@dataclass(frozen=True, slots=True)
class Speech:
    """One sentence, spoken."""

    samples: npt.NDArray[np.int16]
    """[n], mono, 16 kHz."""
    times: tuple[tuple[float, float], ...] | None
    """Start and end of each word of the sentence in seconds from the first sample; None where the engine tells none."""


class Synthesiser(Protocol):
    """An engine. Making one loads its library; one object serves one process."""

    def say(self, sentence: Sentence, voice: Voice) -> Speech | None:
        """Speak a sentence.

        Returns:
            None for a sentence that this engine cannot say or cannot time word by word.

        Raises:
            SpeechError: the engine refused the voice or the text by its return code; says which and what it returned.
        """
        ...


class SpeechError(Exception):
    """An engine refused what it was told; the message names engine, voice and return code."""
