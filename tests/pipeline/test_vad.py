"""The VAD hears speech, not silence, and says so when it cannot be loaded."""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
import pytest

from model.errors import StenoError
from pipeline.audio_file import AudioFile
from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE
from pipeline.vad import OVERHANG_MS, Vad
from tests import spoken

Sound = npt.NDArray[np.int16]


def voice(seconds: float) -> Sound:
    """A vowel-like sound: a pulse train of 120 Hz through two resonances, with the rhythm of syllables."""
    n = np.arange(int(seconds * SAMPLE_RATE))
    glottis = (n % (SAMPLE_RATE // 120) == 0).astype(np.float64)
    response = np.arange(400) / SAMPLE_RATE
    formants = np.zeros(len(response))
    for frequency in (600, 1200, 2500):
        formants += np.sin(2 * np.pi * frequency * response) * np.exp(-response * 200)
    sound = np.convolve(glottis, formants, "same") * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * n / SAMPLE_RATE))
    return np.asarray(sound / np.abs(sound).max() * 12000).astype(np.int16)


def share_of_speech(pcm: Sound, aggressiveness: int = 2) -> float:
    vad = Vad(aggressiveness)
    frames = pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return sum(vad.is_speech(frame) for frame in frames) / len(frames)


def test_a_voice_is_speech() -> None:
    assert share_of_speech(voice(3)) > 0.8


@pytest.mark.parametrize("aggressiveness", [0, 1, 2, 3])
def test_digital_silence_is_no_speech(aggressiveness: int) -> None:
    assert share_of_speech(np.zeros(SAMPLE_RATE, np.int16), aggressiveness) == 0


@pytest.mark.parametrize("frame", [np.zeros(160, np.int16), np.zeros(320, np.float32), np.zeros((1, 320), np.int16)])
def test_a_frame_of_another_form_is_a_mistake_of_the_caller(frame: Sound) -> None:
    with pytest.raises(ValueError, match="int16"):
        Vad(2).is_speech(frame)


def test_without_the_library_there_is_an_error_with_a_remedy_and_never_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webrtcvad", None)
    with pytest.raises(StenoError) as error:
        Vad(2)
    assert "pip install" in error.value.hint


@pytest.mark.parametrize("aggressiveness", range(4))
def test_the_detector_hears_speech_for_its_overhang_after_the_end(aggressiveness: int) -> None:
    said = np.concatenate(list(AudioFile(spoken.path("03")).blocks()))
    word = max(spoken.recording("03").words, key=lambda word: word.end - word.start)
    middle = round((word.start + word.end) / 2 * SAMPLE_RATE) // FRAME_SAMPLES
    vad = Vad(aggressiveness)
    for frame in said[: middle * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES):
        vad.is_speech(frame)
    after = [vad.is_speech(np.zeros(FRAME_SAMPLES, np.int16)) for _ in range(20)]
    # The filters ring on for a frame.
    assert 20 * after.index(False) == OVERHANG_MS[aggressiveness] + 20
