"""hibari: letters, melody, formants and times are ours and right; a collected one speaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from model.miniature.recipe.sentence import ENGLISH, Sentence
from model.miniature.recipe.speech import neural
from model.miniature.recipe.speech.voice import SpeechError, Voice
from tests.recipe.noted import licences


def test_single_letters_are_said_by_name() -> None:
    assert neural._letters("a u s a it's i'm b") == "a U S a it's i'm B"


def test_melody_moves_and_spreads_voiced_frames_alone() -> None:
    pitch = np.array([0, 100, 200, 0], np.float32)
    moved = neural._melody(pitch, 2.0, 2.0)
    assert moved[[0, 3]].tolist() == [0, 0]
    assert moved[2] / moved[1] == pytest.approx(4)
    assert np.sqrt(moved[1] * moved[2]) == pytest.approx(2 * np.sqrt(100 * 200))


def test_warp_moves_a_formant() -> None:
    spectrum = np.zeros((601, 2), np.float32)
    spectrum[100] = 1
    assert neural._warped(spectrum, 1.2).argmax(axis=0).tolist() == [120, 120]


def test_silence_is_taken_off_a_word_but_not_a_stop() -> None:
    samples = np.zeros(32000, np.int16)
    samples[4800:9600] = samples[10240:14400] = 3000
    (start, end), *_ = neural._trimmed(samples, [(0.1, 1.5)])
    assert start == pytest.approx(0.24, abs=0.021)
    assert end == pytest.approx(0.92, abs=0.021)


def test_bundle_without_hibari_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(SpeechError, match="no hibari"):
        neural.Neural(tmp_path)


@pytest.mark.recipe
def test_collected_voice_speaks_with_times_and_mood(tmp_path: Path) -> None:
    neural.collect(tmp_path)
    assert licences(tmp_path, "neural") == {"pypi:hibari-tts": "Apache-2.0"}
    engine = neural.Neural(tmp_path)
    sentence = Sentence.from_line("test\tOpen {Filkar|filkar} and the {USA|u s a}, then stop.", ENGLISH)
    plain = engine.say(sentence, Voice("neural", "heart"))
    fast = engine.say(sentence, Voice("neural", "heart", variant="0.9", rate=1.3, pitch=0.6))
    assert plain is not None
    assert fast is not None
    assert plain.times is not None
    assert len(plain.times) == len(sentence.words)
    assert len(fast.samples) < 0.9 * len(plain.samples)
    assert all(a[1] <= b[0] + 1e-6 for a, b in zip(plain.times, plain.times[1:], strict=False))
    assert plain.times[-1][1] < len(plain.samples) / 16000
    with pytest.raises(SpeechError, match="no voice liver"):
        engine.say(sentence, Voice("neural", "liver"))
