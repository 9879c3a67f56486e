"""A synthesiser that hums and a corpus of a few lines, for the tests of the evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.miniature.recipe.evaluation import speakers
from model.miniature.recipe.evaluation.makers import Sources
from model.miniature.recipe.sentence import Sentence
from model.miniature.recipe.speech.voice import RATE, Speech, Voice

WORD_S = 0.3
ENGLISH_LINES = (
    "plain\tThe meeting starts on Thursday afternoon in town.",
    "plain\tPlease open the window and turn off the radio.",
    "plain\tWe walked along until the old sun went down.",
    "names\tPlease ask {Sean/Shawn/Shaun|shawn} to send the letter tomorrow.",
    "names\tNow we have met {Filkar/Phylkar|filkar} again near the station.",
)
MANDARIN_LINES = ("zh\t我们今天下午一起去看书好吗？", "zh\t请{4|四}点一刻叫我起床再去上班。")
TERMS = ("Sean/Shawn/Shaun", "Zelvario", "radio", *(f"Term{letter}x" for letter in "abcdefghijklmnopqrstuvwxyz"))


class Hummer:
    """Says each word as 0.3 s of a tone whose height is the voice's; what says `window` it cannot say."""

    def say(self, sentence: Sentence, voice: Voice) -> Speech | None:
        if "window" in sentence.text:
            return None
        times = tuple((i * WORD_S, (i + 1) * WORD_S) for i in range(len(sentence.words)))
        wave = 9000 * np.sin(2 * np.pi * 200 * voice.pitch * np.arange(int(times[-1][1] * RATE)) / RATE)
        return Speech(wave.astype(np.int16), times)


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """A corpus whose every voice hums."""
    monkeypatch.setattr(speakers.Speakers, "_load", lambda _self, _engine: Hummer())
    (tmp_path / "english.held.txt").write_text("\n".join(ENGLISH_LINES) + "\n")
    (tmp_path / "mandarin.held.txt").write_text("\n".join(MANDARIN_LINES) + "\n", encoding="utf-8")
    (tmp_path / "terms.txt").write_text("\n".join(TERMS) + "\n")
    for name in ("english", "mandarin"):
        (tmp_path / f"{name}.train.txt").write_text("plain\tSomething else.\n")
    return Sources(tmp_path, tmp_path, ("espeak", "flite"), None, count=6, seconds=60.0, seed=1)
