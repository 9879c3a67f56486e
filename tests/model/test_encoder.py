from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.encoder import Encoder
from model.errors import AudioError, Cancelled
from model.mel import log_mel
from tests.model.conftest import Golden

NAMES = ["01_short_seen", "02_dictation_seen", "11_silence", "12_long", "clip_600ms", "clip_300ms"]


@pytest.mark.parametrize("name", NAMES)
def test_embeddings_are_the_reference_s(golden: Golden, encoder: Encoder, name: str) -> None:
    found, expected = encoder.encode(golden.sound(name)), golden.array("encoder", name)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-3


def test_less_than_half_a_second_is_filled_up_with_silence(golden: Golden, encoder: Encoder) -> None:
    clip = golden.sound("01_short_seen")[14_400:16_000]
    padded = np.concatenate([clip, np.zeros(8_000 - len(clip), dtype=np.float32)])
    assert encoder.encode(clip).shape == (7, 256)
    assert np.array_equal(encoder.encode(clip), encoder.encode(padded))


def test_no_sound_gives_no_tokens(encoder: Encoder) -> None:
    assert encoder.encode(np.zeros(0, dtype=np.float32)).shape == (0, 256)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused(encoder: Encoder, bad: float) -> None:
    clip = np.zeros(16_000, dtype=np.float32)
    clip[7] = bad
    with pytest.raises(AudioError, match="no numbers"):
        encoder.encode(clip)


def test_a_finished_window_never_changes_but_for_the_floor(golden: Golden, encoder: Encoder) -> None:
    mel = log_mel(golden.sound("12_long"))
    whole, first = encoder.encode_mel(mel), encoder.encode_mel(mel[:, :800])
    assert first.shape == (104, 256)
    assert np.allclose(whole[:104], first, atol=1e-4)


@pytest.mark.parametrize("frames", [1, 8, 9, 50, 99, 100, 101, 150, 799, 800, 801, 1000])
def test_every_length_gives_the_tokens_that_the_config_counts(encoder: Encoder, frames: int) -> None:
    mel = np.full((128, frames), -0.5, dtype=np.float32)
    assert len(encoder.encode_mel(mel)) == encoder.config.tokens(frames)


def test_the_beat_is_heard_once_for_each_window(golden: Golden, encoder: Encoder) -> None:
    beats = itertools.count()
    encoder.encode(golden.sound("12_long"), lambda: next(beats) < 0)
    assert next(beats) == 3


def test_the_beat_can_cancel(golden: Golden, encoder: Encoder) -> None:
    answers = iter([False, True])
    with pytest.raises(Cancelled):
        encoder.encode(golden.sound("12_long"), lambda: next(answers))
    expected = golden.array("encoder", "12_long")
    assert np.abs(encoder.encode(golden.sound("12_long")) - expected).max() <= 1e-3


def test_loading_the_library_starts_no_telemetry(tmp_path: Path) -> None:
    script = "import model.encoder, time; time.sleep(0.5)"
    told = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY")}
    environ = told | {"TMPDIR": str(tmp_path), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], env=environ, cwd=Path(__file__).parents[2], check=True)
    assert [
        path.name for path in tmp_path.rglob("*") if path.suffix != ".pyc" and "__pycache__" not in path.parts
    ] == []
