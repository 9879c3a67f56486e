"""The evaluation's repair of word times is the program's."""

from __future__ import annotations

from random import Random

import pytest

from model.aligner import repair
from model.miniature.recipe.evaluation.repair import repaired


@pytest.mark.parametrize("length", [0, 1, 2, 3, 5, 12, 40])
def test_times_are_repaired_as_the_program_repairs_them(length: int) -> None:
    random = Random(length)
    for _ in range(200):
        times = [random.randrange(0, 30) * 80 for _ in range(length)]
        assert repaired(times) == repair(times)
