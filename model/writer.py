"""The writing of one answer: prompt and sound are fed, a draft is checked, then token by token the likeliest is taken.

This file owns the order in which things are fed, how a draft is checked, and when an answer is over. It knows nothing
of what the tokens mean, nor of what came before this answer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.beat import Beat, check
from model.guards import BUDGET, LOOP, repeated
from model.likelihood import Choice
from model.llama import Llama
from model.llama_batch import OUTPUTS

Floats = npt.NDArray[np.float32]

BUDGET_BASE = 32
BUDGET_PER_AUDIO_TOKEN = 1.6
"""The answer may have 32 tokens and 1.6 for each token of sound: about 20 a second, twice what fast speech needs."""

PIECE = 16
"""A draft is checked by so many tokens at a time on a processor: from there on a batch costs no less for each of them
than a longer one, and what lies behind a wrong token was in vain."""
PIECE_ON_GPU = OUTPUTS - 1
"""On a GPU a short batch takes as long as a long one. Each result has to be fetched and read, though: 255 at a time
gained nothing."""
AGAIN = 2
"""So many tokens in a row that an answer and its draft have in common, behind a difference, resume the draft."""


@dataclass(frozen=True)
class Task:
    """What is to be answered."""

    prefix: tuple[int, ...]
    """Tokens before the sound."""
    rows: Floats
    """float32[n, width], the sound."""
    suffix: Sequence[int]
    """Tokens between the sound and the answer."""
    begin: Sequence[int]
    """Tokens that the answer must begin with."""
    draft: Sequence[int] = ()
    """Tokens that the answer may go on with, if the model would choose them too."""

    @property
    def budget(self) -> int:
        """How many tokens the answer may have, those included that it must begin with."""
        return max(len(self.begin), BUDGET_BASE + int(BUDGET_PER_AUDIO_TOKEN * len(self.rows)))

    @property
    def tokens(self) -> int:
        """How many tokens have to be remembered at most."""
        return len(self.prefix) + len(self.rows) + len(self.suffix) + self.budget


@dataclass(frozen=True)
class Written:
    """An answer in tokens, and what it cost. Counts are of tokens, times in nanoseconds."""

    tokens: tuple[int, ...]
    """All of it, what was given included, end token not."""
    log_probabilities: tuple[float, ...]
    """Of these tokens, and of the end token if there was one; nan for those that were given, and not chosen."""
    whole: tuple[int, ...]
    """The same before a loop at its end was cut off."""
    stuck: str
    """LOOP or BUDGET if the answer found no end by itself, else empty."""
    reused: int
    """Prompt and sound that the sequence remembered."""
    prefilled: int
    """Prompt, sound and draft that were computed in batches."""
    drafted: int
    """The draft's, those twice that were given to the model twice."""
    accepted: int
    """Those of them that the model chose too."""
    chosen: int
    """Chosen one by one, end token included."""
    prefill_ns: int
    generate_ns: int


@dataclass
class _Grown:
    """An answer in the making, and how its tokens came about."""

    tokens: list[int]
    log_probabilities: list[float]
    stuck: str = ""
    chosen: int = 0
    drafted: int = 0
    accepted: int = 0


class Writer:
    """What writes answers into the sequences of a context.

    Args:
        llama: the context.
        end_ids: tokens that end an answer.
    """

    def __init__(self, llama: Llama, end_ids: Collection[int]) -> None:
        self._llama = llama
        self._end_ids = end_ids
        self._piece = PIECE_ON_GPU if llama.gpu_layers else PIECE

    def write(self, task: Task, sequence: int, beat: Beat) -> Written:
        """Answer.

        Args:
            task: with room for it in the context.
            sequence: remembers a beginning of the task's prefix and rows, and nothing else. Afterwards it remembers all
                of them, or as much as was fed before `beat` or an error ended it: never any of what follows.
            beat: called between tokens, and about every 10 ms inside the library.

        Raises:
            Cancelled: `beat` asked for it.
            ModelError: the library failed.
        """
        started = time.monotonic_ns()
        reused = self._llama.length(sequence)
        sound = len(task.prefix) + len(task.rows)
        draft = task.draft[: task.budget - len(task.begin)]
        try:
            self._llama.feed_tokens(task.prefix[reused:], beat, sequence=sequence)
            self._llama.feed_embeddings(task.rows[max(0, reused - len(task.prefix)) :], beat, sequence)
            known, drafted = self._checked([*task.suffix, *task.begin], draft, sequence, beat)
            prefilled = time.monotonic_ns()
            grown = self._grown(task, known, draft[len(known) - 1 :], sequence, beat)
        finally:
            self._llama.truncate(sound, sequence)
        drafted += grown.drafted
        cut = repeated(grown.tokens) if grown.stuck == LOOP else 0
        length = max(len(task.begin), len(grown.tokens) - cut)
        return Written(
            tokens=tuple(grown.tokens[:length]),
            log_probabilities=tuple(grown.log_probabilities[: length if cut else None]),
            whole=tuple(grown.tokens),
            stuck=grown.stuck,
            reused=reused,
            prefilled=sound - reused + len(task.suffix) + len(task.begin) + drafted,
            drafted=drafted,
            accepted=grown.accepted,
            chosen=grown.chosen,
            prefill_ns=prefilled - started,
            generate_ns=time.monotonic_ns() - prefilled,
        )

    def _checked(
        self, given: Sequence[int], draft: Sequence[int], sequence: int, beat: Beat
    ) -> tuple[list[Choice], int]:
        """Feed what is given, and the draft as far as it is right; of the draft nothing wrong stays behind.

        Returns:
            What the model chose after what is given, and after each token of the draft that it chose too; and how much
            of the draft was given to it.
        """
        known: list[Choice] = []
        drafted = 0
        while True:
            piece = draft[drafted : drafted + self._piece]
            begin = self._llama.length(sequence)
            chosen = self._llama.choose([*given, *piece], len(given) - 1, beat, sequence)
            right = next((place for place, token in enumerate(piece) if token != chosen[place].token), len(piece))
            self._llama.truncate(begin + len(given) + right, sequence)
            known += chosen[: right + 1]
            drafted += len(piece)
            if right < len(piece) or drafted == len(draft) or chosen[right].token != draft[drafted]:
                return known, drafted
            # The first token of the next piece is known to be right before it is fed: it takes the place of the given.
            given = draft[drafted : drafted + 1]
            drafted += 1

    def _grown(self, task: Task, known: Sequence[Choice], left: Sequence[int], sequence: int, beat: Beat) -> _Grown:
        """Take the likeliest token again and again.

        Args:
            known: what the model chose already; all but the last of it was drafted.
            left: of the draft, from its first wrong token on.
        """
        grown = _Grown(list(task.begin), [math.nan] * len(task.begin))
        while True:
            for ahead, (token, log_probability) in enumerate(known, start=1 - len(known)):
                grown.chosen += ahead == 0
                grown.accepted += ahead < 0
                if token not in self._end_ids and len(grown.tokens) == task.budget:
                    grown.stuck = BUDGET
                    return grown
                grown.log_probabilities.append(log_probability)
                if token in self._end_ids:
                    return grown
                grown.tokens.append(token)
                if repeated(grown.tokens):
                    grown.stuck = LOOP
                    return grown
            check(beat)
            rest = resumed(grown.tokens, left)[: task.budget - len(grown.tokens)]
            known, drafted = self._checked(grown.tokens[-1:], rest, sequence, beat)
            grown.drafted += drafted
            left = rest[len(known) - 1 :] if rest else left


def resumed(written: Sequence[int], left: Sequence[int]) -> Sequence[int]:
    """What is left of a draft behind the place where it says what was written last; nothing where it does not.

    One word that is heard otherwise, one more or one less does not make the rest of a draft wrong. AGAIN tokens that
    are the same show where it goes on.
    """
    last = tuple(written[-AGAIN:])
    ends = range(AGAIN, len(left))
    return next((left[end:] for end in ends if tuple(left[end - AGAIN : end]) == last), ())
