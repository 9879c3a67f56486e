"""The text decoder: embeddings of sound in, a transcript out, by greedy decoding from scratch.

This file owns the order in which prompt, sound and answer are fed, and when an answer is over. It keeps nothing from
one call to the next. It knows the prompt's form only through `model.prompt`, the library only through `model.llama`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.beat import Beat, check, steady
from model.llama import Llama
from model.llama_library import ALL_LAYERS
from model.package import Package
from model.prompt import Prompt, check_language

Floats = npt.NDArray[np.float32]

BUDGET_BASE = 32
BUDGET_PER_AUDIO_TOKEN = 1.6
"""The answer may have 32 tokens and 1.6 for each token of sound: about 20 a second, twice what fast speech needs."""
LONGEST_PERIOD = 8
MOST_REPEATS = 20
"""An answer that says the same 1 to 8 tokens this many times in a row is stuck, and is cut to one of them.

20 is the threshold of the original's repair of repetitions, which works on characters."""


@dataclass(frozen=True)
class Decoded:
    """An answer and what it cost."""

    tokens: tuple[int, ...]
    """All tokens of the answer, language tag and forced tokens included, end token not."""
    ends: tuple[int, ...]
    """For each token, the characters of `text` that stand once it is written; -1 in the middle of a character."""
    text: str
    """The transcript, stripped."""
    language: str
    """The language that the model named or was given; empty for none."""
    prefill_ns: int = 0
    prefill_tokens: int = 0
    """Tokens of prompt and sound."""
    generate_ns: int = 0
    generate_tokens: int = 0
    """Tokens that were chosen one by one, end token included."""


class Decoder:
    """The decoder of one package, loaded.

    Args:
        package: of kind "asr".
        threads: of the arithmetic.
        gpu_layers: layers that a GPU computes; ALL_LAYERS for all where there is one.

    Raises:
        ModelError: the file cannot be loaded or has another vocabulary, or there is no GPU for its layers.
    """

    def __init__(self, package: Package, threads: int = 1, gpu_layers: int = ALL_LAYERS) -> None:
        self.config = package.config
        self._llama = Llama(package.decoder, threads, gpu_layers=gpu_layers)
        self.gpu_layers = self._llama.gpu_layers
        """Layers that a GPU computes."""
        self._prompt = Prompt(self._llama, self.config.audio_start_id, self.config.audio_end_id)

    def close(self) -> None:
        """Free the native memory."""
        self._llama.close()

    def decode(
        self,
        features: Floats,
        *,
        context: str = "",
        language: str = "",
        forced: Sequence[int] = (),
        beat: Beat = steady,
    ) -> Decoded:
        """Transcribe.

        Args:
            features: float32[tokens, d], the encoder's embeddings; none give an empty answer.
            context: text of the system turn.
            language: forced language, in the model's English name; empty lets the model decide.
            forced: token ids that the answer must begin with; the language's tag is put before them if they lack it.
            beat: called between tokens, and about every 10 ms inside the library.

        Raises:
            Cancelled: `beat` asked for it; the next call is not affected.
            UsageError: the model does not know the language.
            ModelError: sound and context together exceed the model's context.
        """
        tag = self._prompt.tag(check_language(language, self.config.languages))
        begin = list(forced) if list(forced[: len(tag)]) == tag else [*tag, *forced]
        if len(features) == 0:
            return Decoded(tokens=(), ends=(), text="", language="")
        started = time.monotonic_ns()
        logits, prefill = self._prefill(features, context, begin, beat)
        prefilled = time.monotonic_ns()
        budget = BUDGET_BASE + int(BUDGET_PER_AUDIO_TOKEN * len(features))
        tokens, chosen = self._generate(logits, begin, budget, beat)
        answer = self._prompt.parse(tokens, self._llama.piece)
        return Decoded(
            tokens=tuple(tokens),
            ends=answer.ends,
            text=answer.text,
            language=answer.language,
            prefill_ns=prefilled - started,
            prefill_tokens=prefill,
            generate_ns=time.monotonic_ns() - prefilled,
            generate_tokens=chosen,
        )

    def first_logits(self, features: Floats, *, context: str = "", language: str = "") -> Floats:
        """float32[vocabulary]: how the model rates each token as the first of its answer; for comparisons."""
        return self._prefill(features, context, self._prompt.tag(language), steady)[0]

    def _prefill(self, features: Floats, context: str, begin: list[int], beat: Beat) -> tuple[Floats, int]:
        """Feed everything that is given; the logits after it, and the number of tokens."""
        prefix, suffix = self._prompt.prefix(context), [*self._prompt.suffix, *begin]
        total = len(prefix) + len(features) + len(suffix)
        self._llama.reserve(total + BUDGET_BASE + int(BUDGET_PER_AUDIO_TOKEN * len(features)))
        self._llama.clear()
        self._llama.feed_tokens(prefix, beat)
        self._llama.feed_embeddings(features, beat)
        return self._llama.feed_tokens(suffix, beat, outputs=1)[0], total

    def _generate(self, logits: Floats, begin: list[int], budget: int, beat: Beat) -> tuple[list[int], int]:
        """Choose the likeliest token again and again; all tokens of the answer, and how many were chosen."""
        tokens = list(begin)
        for chosen in range(1, budget + 1):
            token = int(np.argmax(logits))
            if token in self.config.end_ids:
                return tokens, chosen
            tokens.append(token)
            if stuck := repeated(tokens[len(begin) :]):
                return tokens[:-stuck], chosen
            check(beat)
            logits = self._llama.feed_tokens([token], beat, outputs=1)[0]
        return tokens, budget


def repeated(tokens: Sequence[int]) -> int:
    """How many tokens at the end only repeat the ones before them, if that happens too often; else 0.

    One of the repeated groups is left standing.
    """
    for period in range(1, LONGEST_PERIOD + 1):
        span = period * MOST_REPEATS
        if len(tokens) >= span and all(tokens[-i] == tokens[-i - period] for i in range(1, span - period + 1)):
            return span - period
    return 0
