"""The forced aligner: sound and its transcript in, the time of each word out.

This file owns the aligner's prompt, its classes and the repair of their order. It has an encoder and a decoder of its
own and knows nothing of the ones that transcribe.

Source: `Qwen3ForcedAligner` of the qwen_asr package.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.beat import Beat, check, steady
from model.class_head import load_head
from model.encoder import Encoder
from model.errors import ModelError
from model.llama import Llama
from model.llama_library import ALL_LAYERS
from model.mel import SAMPLE_RATE
from model.package import Package
from model.words import Unit, units

Floats = npt.NDArray[np.float32]

_SAMPLES_PER_MS = SAMPLE_RATE // 1000
_SNAP = 2
"""A gap of up to this many wrong times takes those of its neighbours; a longer one is filled evenly."""


@dataclass(frozen=True)
class AlignedWord:
    """A word as the transcript has it, and the samples it spans, from the start of the sound."""

    text: str
    start: int
    end: int


class Aligner:
    """The aligner of one package, loaded.

    Args:
        package: of kind "aligner".
        threads: of the arithmetic.
        provider: what computes the encoder, as in `model.encoder.Encoder`.
        gpu_layers: layers of the decoder that a GPU computes; ALL_LAYERS for all where there is one.

    Raises:
        ModelError: a file cannot be loaded, or what shall compute it is not there.
    """

    def __init__(
        self, package: Package, threads: int = 1, provider: str = "auto", gpu_layers: int = ALL_LAYERS
    ) -> None:
        config = package.config
        if config.aligner is None:
            raise ModelError(f"{package.directory} is no aligner", "Give the directory of an aligner.")
        self.config = config
        self._settings = config.aligner
        self._head = _own_head(package, config.aligner.classes) if package.head else None
        self._encoder = Encoder(package, threads, provider)
        self._llama = Llama(package.decoder, threads, hidden=self._head is not None, gpu_layers=gpu_layers)

    @property
    def provider(self) -> str:
        """What computes the encoder."""
        return self._encoder.provider

    @property
    def gpu_layers(self) -> int:
        """Layers of the decoder that a GPU computes."""
        return self._llama.gpu_layers

    def close(self) -> None:
        """Free the native memory."""
        self._llama.close()

    def align(self, pcm: Floats, text: str, language: str = "", beat: Beat = steady) -> tuple[AlignedWord, ...]:
        """The time of each word.

        Args:
            pcm: float32[n], mono 16 kHz, in [-1, 1].
            text: its transcript.
            language: in the model's English name; decides how text without spaces is cut.
            beat: called between attention windows and about every 10 ms in the decoder.

        Returns:
            The words in order, ends not before starts, none beyond the end of the sound. Each unit of the model is a
            word, with the transcript's punctuation around it. None for no sound or no words.

        Raises:
            AudioError: a sample is not finite.
            Cancelled: `beat` asked for it; the next call is not affected.
            ModelError: sound and text together exceed the model's context.
        """
        words = units(text, language)
        if not words or len(pcm) == 0:
            return ()
        classes = self.classes(self._encoder.encode(pcm, beat), words, beat)
        times = repair([int(one) * self._settings.segment_ms for one in classes])
        samples = [min(time * _SAMPLES_PER_MS, len(pcm)) for time in times]
        return tuple(
            AlignedWord(word.shown, start, end)
            for word, start, end in zip(words, samples[::2], samples[1::2], strict=True)
        )

    def classes(self, features: Floats, words: Sequence[Unit], beat: Beat = steady) -> npt.NDArray[np.int64]:
        """int64[2 * words]: the likeliest class of each slot, unrepaired.

        The sound stands between its marks, then each word is followed by a slot for its start and one for its end. Only
        the slots have a result. The head is the model's own, applied here to the final hidden states: it is no
        vocabulary head. A decoder that has it in the place of one gives the classes as its first logits.
        """
        slot = self._settings.timestamp_id
        tokens = [self.config.audio_end_id]
        slots: list[int] = []
        for word in words:
            tokens.extend(self._llama.vocabulary.tokenise(word.text))
            slots.extend((len(tokens), len(tokens) + 1))
            tokens.extend((slot, slot))
        self._llama.reserve(1 + len(features) + len(tokens))
        self._llama.clear()
        self._llama.feed_tokens([self.config.audio_start_id], beat)
        self._llama.feed_embeddings(features, beat)
        most = self._settings.classes if self._head is None else None
        found = self._llama.feed_tokens(tokens, beat, outputs=slots, most=most)
        check(beat)
        return np.asarray(np.argmax(found if self._head is None else found @ self._head.T, axis=1))


def repair(times: Sequence[float]) -> list[int]:
    """Put times into order: keep a longest run that never falls, and fill in the others from it.

    Up to two wrong times in a row take the nearer neighbour's, more of them are spread evenly between the neighbours.
    Fractions are cut off.
    """
    repaired = list(times)
    kept = [False] * len(times)
    for index in longest_rise(times):
        kept[index] = True
    for begin, end in _gaps(kept):
        left = repaired[begin - 1] if begin > 0 else None
        right = repaired[end] if end < len(times) else None
        for index in range(begin, end):
            repaired[index] = _between(left, right, index - begin + 1, end - begin)
    return [int(time) for time in repaired]


def longest_rise(values: Sequence[float]) -> list[int]:
    """Indices of a longest subsequence that never falls; of several, the one that the original chooses.

    That one ends as early as can be, and before each of its elements comes the earliest that can precede it: earliest
    among those no larger whose own run is longest. Patience sorting, n log n, with a search in each pile.
    """
    if not values:
        return []
    tops: list[float] = []
    piles: list[list[int]] = []
    parents: list[int] = []
    for index, value in enumerate(values):
        level = bisect_right(tops, value)
        if level == len(tops):
            tops.append(value)
            piles.append([])
        tops[level] = value
        # Within a pile values only fall, so the first that is not above `value` is the earliest that can precede it.
        parents.append(_first_not_above(piles[level - 1], values, value) if level else -1)
        piles[level].append(index)
    rise = []
    index = piles[-1][0]
    while index >= 0:
        rise.append(index)
        index = parents[index]
    return rise[::-1]


def _first_not_above(pile: list[int], values: Sequence[float], value: float) -> int:
    low, high = 0, len(pile) - 1
    while low < high:
        middle = (low + high) // 2
        if values[pile[middle]] <= value:
            high = middle
        else:
            low = middle + 1
    return pile[low]


def _gaps(kept: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """[begin, end) of each run that is not kept."""
    begin = 0
    for index, keep in enumerate((*kept, True)):
        if keep:
            if begin < index:
                yield begin, index
            begin = index + 1


def _between(left: float | None, right: float | None, place: int, count: int) -> float:
    """A time for the `place`-th (from 1) of `count` in a gap."""
    if left is None or right is None:
        given = right if left is None else left
        assert given is not None
        return given
    if count > _SNAP:
        return left + (right - left) / (count + 1) * place
    return left if place <= count + 1 - place else right


def _own_head(package: Package, classes: int) -> Floats:
    assert package.head is not None
    head, expected = load_head(package.head), (classes, package.config.text.width)
    if head.shape != expected:
        raise ModelError(f"{package.head} has the shape {head.shape}, expected {expected}", "Convert the model again.")
    return head
