"""The detector and the segmenter together."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from model import miniature
from pipeline.cutter import ADAPT_SAMPLES, Cutter
from pipeline.messages import FRAME_SAMPLES
from pipeline.segmenter import Closed
from pipeline.settings import VadSettings

Int16 = np.ndarray[tuple[int], np.dtype[np.int16]]


def speech(pcm: Int16, begin: int, adapt: int) -> np.ndarray[tuple[int], np.dtype[np.bool]]:
    """Which samples are speech for one who hears from `begin` on, with so much sound before that to adapt to."""
    cutter = Cutter(VadSettings(), first_sample=begin, before=pcm[max(0, begin - adapt) : begin])
    found = [item for at in range(begin, len(pcm) - 319, FRAME_SAMPLES) for item in cutter.step(pcm[at : at + 320])]
    mask = np.zeros(len(pcm), np.bool)
    for item in [*found, *cutter.finish("end")]:
        for start, end in item.spans if isinstance(item, Closed) else ():
            mask[start:end] = True
    return mask


@pytest.mark.parametrize("number", ["02", "10"])
def test_a_detector_that_has_heard_the_sound_before_the_beginning_misses_less_of_the_speech(number: str) -> None:
    (path,) = [p for p in miniature.samples() if p.name.startswith(number)]
    pcm = soundfile.read(path, dtype="int16")[0][: 6 * 16000]
    heard = speech(pcm, 0, 0)
    cold, warm = (
        sum(int((heard & ~speech(pcm, begin, adapt))[begin:].sum()) for begin in range(16000, 5 * 16000, 1600))
        for adapt in (0, ADAPT_SAMPLES)
    )
    assert warm < cold / 2


def test_sound_before_the_beginning_that_is_no_whole_number_of_frames_is_taken() -> None:
    Cutter(VadSettings(), before=np.zeros(1001, np.int16))
