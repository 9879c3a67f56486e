from __future__ import annotations

import itertools
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from model import onnx_session
from model.encoder import Encoder
from model.errors import AudioError, Cancelled, ModelError
from model.mel import log_mel
from model.package import Package
from tests.model import foreign_files
from tests.model.conftest import Golden

NAMES = ["01_short_seen", "02_dictation_seen", "11_silence", "12_long", "clip_600ms", "clip_300ms"]

processor_only = pytest.mark.skipif(
    onnx_session.installed() != ("cpu",), reason="this onnxruntime computes on more than the processor"
)


@pytest.fixture(scope="module")
def one_shape(asr: Package) -> Encoder:
    """The encoder as providers get it that want one shape only."""
    return Encoder(asr, fixed=True)


def fix_length(source: Path, target: Path, length: int) -> None:
    """Write a backend that takes so many tokens and no others."""
    model = onnx.load(str(source))
    for value in (*model.graph.input, *model.graph.output):
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param == "tokens":
                axis.dim_value = length
    onnx.save(model, str(target))


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


def test_the_beat_is_heard_between_blocks_and_before_each_window(golden: Golden, encoder: Encoder) -> None:
    beats = itertools.count()
    mel = log_mel(golden.sound("12_long"))
    encoder.encode_mel(mel, lambda: next(beats) < 0)
    windows, rest = divmod(mel.shape[1], 800)
    assert next(beats) == windows * (8 + 1) + -(-rest // 100) + 1


def test_the_beat_is_heard_for_each_block_where_a_graph_takes_one(golden: Golden, asr: Package) -> None:
    beats = itertools.count()
    Encoder(asr, fixed=True).encode_mel(log_mel(golden.sound("01_short_seen"))[:, :300], lambda: next(beats) < 0)
    assert next(beats) == 3 + 1


def test_the_beat_can_cancel(golden: Golden, encoder: Encoder) -> None:
    answers = iter([False, True])
    with pytest.raises(Cancelled):
        encoder.encode(golden.sound("12_long"), lambda: next(answers))
    expected = golden.array("encoder", "12_long")
    assert np.abs(encoder.encode(golden.sound("12_long")) - expected).max() <= 1e-3


@pytest.mark.parametrize("frames", [100, 101, 137, 200, 450, 799, 800, 801, 1000, 1650])
def test_one_shape_for_all_filled_up_and_masked_gives_the_same(
    golden: Golden, encoder: Encoder, one_shape: Encoder, frames: int
) -> None:
    mel = log_mel(golden.sound("12_long"))[:, :frames]
    found, expected = one_shape.encode_mel(mel), encoder.encode_mel(mel)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


def test_a_lone_short_block_that_is_filled_up_goes_into_the_attention_with_one_other_token_its_last(
    golden: Golden, encoder: Encoder, one_shape: Encoder
) -> None:
    mel = log_mel(golden.sound("01_short_seen")[14_400:24_000])
    found, expected = (one.convolve(mel, lone=True) for one in (one_shape, encoder))
    assert found.shape == expected.shape
    off = np.abs(found - expected).max(axis=1) / np.abs(expected).max()
    assert off[:-1].max() <= 1e-5
    assert off[-1] > 1e-3
    # Which all others see: how much of it they take on is the weights' affair. Another sound's would be near 0.
    found, expected = one_shape.encode_mel(mel), encoder.encode_mel(mel)
    assert (found * expected).sum() / np.linalg.norm(found) / np.linalg.norm(expected) >= 0.9


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("output", ["chunk_out", "hidden_states"])
def test_graphs_of_other_converters_give_the_same(
    golden: Golden, encoder: Encoder, asr: Package, tmp_path: Path, half: bool, output: str
) -> None:
    other = replace(asr, frontend=tmp_path / "front.onnx", backend=tmp_path / "back.onnx")
    foreign_files.write_frontend(asr.frontend, other.frontend, half=half, output=output)
    foreign_files.write_backend(asr.backend, other.backend, half=half)
    mel = log_mel(golden.sound("12_long"))[:, :950]
    found, expected = Encoder(other).encode_mel(mel), encoder.encode_mel(mel)
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= (2e-2 if half else 1e-5)


@pytest.mark.parametrize("length", [104, 130])
def test_a_backend_of_one_length_is_filled_up(
    golden: Golden, encoder: Encoder, asr: Package, tmp_path: Path, length: int
) -> None:
    other = replace(asr, backend=tmp_path / "back.onnx")
    fix_length(asr.backend, other.backend, length)
    mel = log_mel(golden.sound("12_long"))[:, :950]
    assert np.abs(Encoder(other).encode_mel(mel) - encoder.encode_mel(mel)).max() <= 1e-5


def test_a_backend_shorter_than_a_window_is_refused(asr: Package, tmp_path: Path) -> None:
    other = replace(asr, backend=tmp_path / "back.onnx")
    fix_length(asr.backend, other.backend, 52)
    with pytest.raises(ModelError, match=r"back\.onnx takes 52 tokens, an attention window has 104"):
        Encoder(other)


@pytest.mark.parametrize("change", [{"mel_bins": 80}, {"n_window": 40, "n_window_infer": 800}, {"output": 512}])
def test_graphs_that_contradict_the_config_are_refused(asr: Package, tmp_path: Path, change: dict[str, int]) -> None:
    front = tmp_path / "front.onnx"
    foreign_files.write_frontend(asr.frontend, front)
    config = replace(asr.config, audio=replace(asr.config.audio, **change))
    with pytest.raises(ModelError, match=r"\.onnx is not the expected graph: it computes "):
        Encoder(replace(asr, frontend=front, config=config))


@processor_only
def test_a_graph_that_takes_only_several_blocks_at_once_is_refused(asr: Package, tmp_path: Path) -> None:
    front = tmp_path / "front.onnx"
    foreign_files.write_frontend(asr.frontend, front, batch=4)
    with pytest.raises(ModelError, match=r"it computes \[4, 128, 100\]"):
        Encoder(replace(asr, frontend=front))


def test_what_computes_is_told(encoder: Encoder) -> None:
    assert (encoder.provider, encoder.passed_over) == ("cpu", ())


@processor_only
@pytest.mark.filterwarnings("ignore:Specified provider")
def test_auto_passes_over_what_does_not_work_and_keeps_the_reason(
    monkeypatch: pytest.MonkeyPatch, golden: Golden, asr: Package
) -> None:
    monkeypatch.setattr(onnx_session, "installed", lambda: ("cuda", "directml", "cpu"))
    found = Encoder(asr)
    assert found.provider == "cpu"
    assert [one.partition(":")[0] for one in found.passed_over] == ["cuda", "directml"]
    assert all("cannot compute on" in one or "cannot be loaded on" in one for one in found.passed_over)
    assert np.abs(found.encode(golden.sound("clip_600ms")) - golden.array("encoder", "clip_600ms")).max() <= 1e-3


@processor_only
@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_that_was_asked_for_and_does_not_work_is_an_error(
    monkeypatch: pytest.MonkeyPatch, asr: Package
) -> None:
    monkeypatch.setattr(onnx_session, "installed", lambda: ("cuda", "cpu"))
    with pytest.raises(ModelError, match="cuda"):
        Encoder(asr, provider="cuda")


def test_loading_the_library_starts_no_telemetry(tmp_path: Path) -> None:
    script = "import model.encoder, time; time.sleep(0.5)"
    told = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY")}
    environ = told | {"TMPDIR": str(tmp_path), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], env=environ, cwd=Path(__file__).parents[2], check=True)
    assert [
        path.name for path in tmp_path.rglob("*") if path.suffix != ".pyc" and "__pycache__" not in path.parts
    ] == []
