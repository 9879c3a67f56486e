"""Recordings that grow, step by step, and what the decoder's slow twin makes of each: `decode`, from scratch."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from model.decoder import Decoded, Decoder
from model.encoder import Encoder
from model.mel import SAMPLE_RATE

Floats = npt.NDArray[np.float32]

FEW = ["01_short_seen", "05_corpus_held", "09_long_pause"]
"""Within one attention window, at the end of one, and over two of them."""
CONTEXT = "Zelvario, Kethrun, Brindlemoor"


@dataclasses.dataclass(frozen=True)
class Step:
    """An utterance that has grown."""

    from_token: int
    """The first row that differs from those of the last step."""
    rows: Floats
    """All of them."""
    tokens: tuple[int, ...]
    """What `decode` makes of them."""


Grown = Callable[[str], list[Step]]


def steps_of(sound: Floats, seconds: float, encoder: Encoder, decoder: Decoder) -> list[Step]:
    stride = round(seconds * SAMPLE_RATE)
    steps: list[Step] = []
    old = np.empty((0, 256), dtype=np.float32)
    for end in [*range(stride, len(sound), stride), len(sound)]:
        rows = encoder.encode(sound[:end])
        pairs = zip(old, rows, strict=False)
        same = sum(1 for _ in itertools.takewhile(lambda pair: np.array_equal(*pair), pairs))
        steps.append(Step(same, rows, decoder.decode(rows).tokens))
        old = rows
    return steps


def prompt_length(decoder: Decoder) -> int:
    """Tokens before the sound, without a context."""
    return len(decoder._task(np.empty((0, decoder._llama.width), dtype=np.float32), "", []).prefix)


def every(stride: int, steps: list[Step]) -> list[Step]:
    """Only some of the steps, as when the machine is slow."""
    firsts = [min(step.from_token for step in steps[max(0, end - stride + 1) : end + 1]) for end in range(len(steps))]
    return [dataclasses.replace(step, from_token=first) for step, first in zip(steps, firsts, strict=True)][::stride]


def common(before: tuple[int, ...], now: tuple[int, ...]) -> int:
    """How many tokens two answers begin with alike."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(before, now, strict=False)))


def hear(decoder: Decoder, utterance: int, step: Step) -> None:
    decoder.hear(utterance, step.from_token, step.rows[step.from_token :])


def follow(decoder: Decoder, utterance: int, steps: list[Step]) -> list[Decoded]:
    """Take the steps of one utterance, each with its slow twin's tokens."""
    found = []
    for step in steps:
        hear(decoder, utterance, step)
        found.append(decoder.step(utterance))
        assert found[-1].tokens == step.tokens
    return found
