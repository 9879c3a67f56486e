"""Which token a model's logits rate highest, and how sure it is of that. numpy alone; it knows no words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

NEAR = 12.0
"""A token that is rated lower by so much than the highest has 6 millionths of its probability, and is left out. All of
a vocabulary's together they change the logarithm by a few hundredths at most, and to add them up would take as long as
a tenth of a token on a GPU."""
MANY = 8192
STRIDE = 16
"""Where more tokens than MANY are near, every 16th stands for 16: then the model is unsure beyond doubt, and the exact
sum would take ten times as long as the choice itself."""


class Choice(NamedTuple):
    """A token that a model chose."""

    token: int
    log_probability: float
    """The natural logarithm of the probability that it gave to it; 0.0 or less."""


def most_likely(logits: Floats) -> Choice:
    """Choose from float32[vocabulary]: of several that are rated alike, the token with the lowest id.

    If there is a logit that is no number, the first such is chosen, and its probability is none either.
    """
    best = int(logits.argmax())
    top = logits[best]
    near = logits >= top - NEAR
    count = np.count_nonzero(near)
    if count > MANY:
        rest = float(np.exp(logits[::STRIDE] - top).sum()) - float(best % STRIDE == 0)
        return Choice(best, -math.log1p(STRIDE * rest))
    return Choice(best, -math.log(float(np.exp(logits[near] - top).sum())) if count else math.nan)


def confidence(log_probabilities: Sequence[float]) -> float:
    """The mean of those of them that are numbers; 0.0 if none is."""
    known = [one for one in log_probabilities if not math.isnan(one)]
    return sum(known) / len(known) if known else 0.0
