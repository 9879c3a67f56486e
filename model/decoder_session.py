"""What the decoder keeps of one utterance from step to step: the embeddings of its sound, and the answers so far.

This file owns the growing and cutting of the sound, and which earlier answer is the draft of the next. It knows nothing
of sequences or of the library.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_LEAST_ROWS = 128
"""Room for ten seconds to begin with; it doubles as it fills up."""


class Session:
    """One utterance.

    Args:
        width: of its embeddings.
    """

    def __init__(self, width: int) -> None:
        self._buffer = np.empty((_LEAST_ROWS, width), dtype=np.float32)
        self._count = 0
        self._answers: dict[str, tuple[int, ...]] = {}

    @property
    def rows(self) -> Floats:
        """float32[n, width]: the embeddings so far; a view that is right until the next `hear`."""
        return self._buffer[: self._count]

    def hear(self, from_token: int, rows: Floats) -> None:
        """Put float32[n, width] in the place of everything from row `from_token` on.

        Raises:
            ValueError: there are not so many rows.
        """
        if from_token > self._count:
            raise ValueError(f"rows from {from_token} on, but there are only {self._count}")
        count = from_token + len(rows)
        if count > len(self._buffer):
            grown = np.empty((max(count, 2 * len(self._buffer)), self._buffer.shape[1]), dtype=np.float32)
            grown[:from_token] = self._buffer[:from_token]
            self._buffer = grown
        self._buffer[from_token:count] = rows
        self._count = count

    def keep(self, kind: str, answer: Sequence[int]) -> None:
        """Remember an answer in the place of the last one of its kind."""
        self._answers[kind] = tuple(answer)

    def draft(self, kind: str, begin: Sequence[int]) -> tuple[int, ...]:
        """How an answer that begins like this may go on: like the last one of its kind, or of any that begins so."""
        head = tuple(begin)
        own = [self._answers[kind]] if kind in self._answers else []
        answers = (*own, *self._answers.values())
        return next((answer[len(head) :] for answer in answers if answer[: len(head)] == head), ())
