"""Pico: builds from its package, speaks, and refuses what it cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("scipy")

from model.miniature.recipe.sentence import ENGLISH, Sentence
from model.miniature.recipe.speech import pico
from model.miniature.recipe.speech.voice import SpeechError, Voice
from tests.recipe.noted import licences

SENTENCE = Sentence.from_line("test\tOpen the file, and stop.", ENGLISH)


def test_bundle_without_pico_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="no pico"):
        pico.Pico(tmp_path)


@pytest.mark.recipe
def test_collected_voices_speak(tmp_path: Path) -> None:
    pico.collect(tmp_path)
    assert licences(tmp_path, "pico") == {"pypi:ttspico": "Apache-2.0"}
    engine = pico.Pico(tmp_path)
    said = [engine.say(SENTENCE, Voice("pico", name, rate=rate)) for name in pico.VOICES for rate in (0.8, 1.5)]
    assert all(one is not None and one.times is None and abs(one.samples).max() > 3000 for one in said)
    lengths = [len(one.samples) for one in said if one is not None]
    assert lengths[1] < lengths[0]
    assert lengths[3] < lengths[2]
    with pytest.raises(SpeechError, match="rate of 9"):
        engine.say(SENTENCE, Voice("pico", "en-US", rate=9))
    with pytest.raises(SpeechError, match="no voice xx"):
        engine.say(SENTENCE, Voice("pico", "xx"))
