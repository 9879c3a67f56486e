"""How the sounds are made, and that a microphone that hears them hears no speech."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from clients.desktop import sounds
from clients.desktop.sounds import NOTES, RATE, SOUNDS, Sound, samples, sound_file
from pipeline.cutter import Cutter
from pipeline.errors import StenoError
from pipeline.messages import FRAME_SAMPLES
from pipeline.resample import Resampler
from pipeline.segmenter import Opened
from pipeline.settings import VadSettings


@pytest.mark.parametrize("sound", SOUNDS)
def test_a_sound_is_short_and_soft_at_both_ends_and_as_loud_as_the_volume_says(sound: Sound) -> None:
    values = np.array(samples(sound, 0.5))
    assert len(values) <= 0.15 * RATE
    assert np.abs(values).max() == pytest.approx(0.25 * 32767, rel=0.01)
    edge = RATE // 1000  # the first and the last millisecond
    assert np.abs(values[:edge]).max() < 0.02 * 32767
    assert np.abs(values[-edge:]).max() < 0.02 * 32767


def test_no_sound_is_like_another() -> None:
    made = [tuple(samples(sound, 0.25)) for sound in SOUNDS]
    assert len(set(made)) == len(SOUNDS)


def openings(values: list[int], level_db: float) -> int:
    """How many utterances a microphone's default settings open, that hears this twenty times in forty seconds.

    Args:
        values: 16 bits, at `RATE`.
        level_db: its peak at the microphone, below full scale.
    """
    tone = np.array(values, np.float64) / np.abs(values).max() * 10 ** (level_db / 20)
    stretch = np.concatenate([np.zeros(RATE), tone, np.zeros(RATE - len(tone))])
    whole = np.tile(stretch, 20)
    whole += np.random.default_rng(7).normal(0, 10 ** (-66 / 20), len(whole))
    pcm = Resampler(RATE, 1).push(whole.astype(np.float32)[:, None])
    cutter = Cutter(VadSettings())
    frames = (pcm[at : at + FRAME_SAMPLES] for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES))
    return sum(isinstance(found, Opened) for frame in frames for found in cutter.step(frame))


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("level_db", [-24, -36, -48])
def test_a_microphone_that_hears_it_hears_no_speech(sound: Sound, level_db: float) -> None:
    assert openings(samples(sound, 1.0), level_db) == 0


def test_the_same_notes_where_speech_is_would_be_taken_for_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    low = {sound: tuple(note._replace(hertz=note.hertz // 7) for note in notes) for sound, notes in NOTES.items()}
    monkeypatch.setattr(sounds, "NOTES", low)
    assert openings(samples("start", 1.0), -36) > 0


def test_the_file_is_what_a_player_reads_and_is_written_once(tmp_path: Path) -> None:
    path = sound_file("start", 0.25, tmp_path / "sounds")
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        assert np.frombuffer(file.readframes(RATE), "<i2").tolist() == samples("start", 0.25)
    before = path.stat()
    assert sound_file("start", 0.25, tmp_path / "sounds") == path
    assert path.stat() == before
    assert len(list((tmp_path / "sounds").iterdir())) == 1


def test_another_volume_is_another_file(tmp_path: Path) -> None:
    assert sound_file("stop", 0.25, tmp_path) != sound_file("stop", 0.5, tmp_path)


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StenoError, match=r"file/sounds/start-"):
        sound_file("start", 0.25, tmp_path / "file" / "sounds")
