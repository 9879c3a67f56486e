"""Presses and releases at any point of real speech, with the real detector."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import soundfile

from model import miniature
from pipeline.cutter import Cutter
from pipeline.messages import FRAME_SAMPLES
from pipeline.segmenter import Closed
from pipeline.settings import VadSettings
from tests.daemon.pressed import Pressed, S, Said

PRE, RELEASE_TAIL = 300 * S // 1000, 600 * S // 1000
WORD = 200 * S // 1000
"""Less speech than this is part of a word that was not said while the key was down."""


def speech(pcm: np.ndarray[tuple[int], np.dtype[np.int16]]) -> list[tuple[int, int]]:
    """Where one who listens all the time hears it."""
    cutter = Cutter(VadSettings())
    found = [item for at in range(0, len(pcm) - 319, FRAME_SAMPLES) for item in cutter.step(pcm[at : at + 320])]
    return [span for item in [*found, *cutter.finish("end")] if isinstance(item, Closed) for span in item.spans]


def take(key: Pressed, press: int, late: int, release: int) -> list[Said]:
    """What is cut for a key that is held."""
    key.play(
        (min(press + late, release), lambda: key.press(press, late, held=True)),
        (release, lambda: key.release(release)),
    )
    key.track.close()
    return key.said


@pytest.mark.parametrize("number", ["02", "09", "10", "12"])
def test_all_speech_between_press_and_release_is_in_the_take(tmp_path: Path, number: str) -> None:
    (path,) = [p for p in miniature.samples() if p.name.startswith(number)]
    pcm = np.concatenate([soundfile.read(path, dtype="int16")[0], np.zeros(3 * S, np.int16)])
    spans, rng = speech(pcm), random.Random(number)
    for turn in range(12):
        press = rng.randrange(S, len(pcm) - 5 * S)
        release = rng.randrange(press + S, len(pcm) - 2 * S)
        late = rng.choice([0, 1600, 2 * S])
        said = take(Pressed(tmp_path / str(turn), pcm), press, late, release)
        assert all(press - PRE <= one.start and one.end < release + RELEASE_TAIL + 640 for one in said)
        for start, end in spans:
            first, last = max(start, press - PRE), min(end, release)
            if last - first >= WORD:
                assert any(one.start <= first and last <= one.end for one in said), (press, release, first, last)
