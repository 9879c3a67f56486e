"""Mandarin syllables: tones change as they must, pieces fit, and a collected voice speaks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from model.miniature.recipe.sentence import ENGLISH, MANDARIN, Sentence
from model.miniature.recipe.speech import syllables
from model.miniature.recipe.speech.voice import SpeechError, Voice
from tests.recipe.noted import licences


@pytest.fixture
def engine(tmp_path: Path) -> syllables.Syllables:
    readings = {
        "你": "ㄋㄧ3",
        "好": "ㄏㄠ3",
        "不": "ㄅㄨ4",
        "是": "ㄕ4",
        "一": "ㄧ",
        "行": "ㄒㄧㄥ2",
        "银": "ㄧㄣ2",
        "二": "ㄦ4",
    }
    (tmp_path / "syllables").mkdir()
    (tmp_path / "syllables/readings.json").write_text(json.dumps(readings | {"银行": "ㄧㄣ2 ㄏㄤ2"}))
    return syllables.Syllables(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("你好", "ㄋㄧ2 ㄏㄠ3"),
        ("不是", "ㄅㄨ2 ㄕ4"),
        ("不好", "ㄅㄨ4 ㄏㄠ3"),
        ("一行", "ㄧ4 ㄒㄧㄥ2"),
        ("一是", "ㄧ2 ㄕ4"),
        ("一二", "ㄧ ㄦ4"),
        ("银行", "ㄧㄣ2 ㄏㄤ2"),
        ("好鿿", "ㄏㄠ3 ?"),
    ],
)
def test_tones_and_words_are_heeded(engine: syllables.Syllables, text: str, said: str) -> None:
    assert engine.pronounced(text) == said.split()


def test_unknown_voice_is_refused(engine: syllables.Syllables) -> None:
    with pytest.raises(SpeechError, match="no voice liver"):
        engine.say(Sentence.from_line("test\t你好。", MANDARIN), Voice("syllables", "liver"))


@pytest.mark.parametrize(("rate", "pitch"), [(0.8, 1.0), (1.3, 1.0), (1.0, 0.8), (1.0, 1.3)])
def test_rate_sets_length_and_pitch_does_not(rate: float, pitch: float) -> None:
    tone = np.sin(2 * np.pi * 200 * np.arange(4800) / 16000).astype(np.float32)
    paced = syllables._paced(tone, rate, pitch)
    assert len(paced) == pytest.approx(4800 / rate, rel=0.02)
    middle = paced[len(paced) // 4 : -len(paced) // 4]
    crossings = np.count_nonzero(np.diff(np.signbit(middle))) / 2
    assert crossings / len(middle) * 16000 == pytest.approx(200 * pitch, rel=0.08)


def test_pieces_lie_where_it_says() -> None:
    pieces = [np.full(4000, level, np.float32) for level in (0.1, 0.2)]
    sound, places = syllables._joined(pieces, [3200, 0])
    assert places[1][0] - places[0][1] == 3200
    assert not sound[places[0][1] : places[1][0]].any()
    assert sound[places[1][0] + 2000] == pytest.approx(0.2)


@pytest.mark.recipe
def test_collected_voices_speak(tmp_path: Path) -> None:
    syllables.collect(tmp_path)
    assert licences(tmp_path, "syllables") == {
        "debian:gcin-voice": "CC-BY-3.0 AND (GPL-3.0-only OR LGPL-3.0-only)",
        "debian:libopusfile0": "BSD-3-Clause",
        "pypi:pypinyin": "MIT",
    }
    engine = syllables.Syllables(tmp_path)
    sentence = Sentence.from_line("test\t{2024|二零二四}年三月五号，我们去公园吧。", MANDARIN)
    for name in syllables.VOICES:
        speech = engine.say(sentence, Voice("syllables", name, rate=1.2))
        assert speech is not None
        assert speech.times is not None
        assert len(speech.times) == len(sentence.words)
        assert speech.times[-1][1] <= len(speech.samples) / 16000
        assert abs(speech.samples).max() > 3000
    assert engine.say(Sentence.from_line("test\tOpen.", ENGLISH), Voice("syllables", "luo")) is None
