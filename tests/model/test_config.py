from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model import miniature
from model.config import ModelConfig, convolved
from model.errors import ModelError
from model.package import Package


def changed(tmp_path: Path, change: dict[str, Any], kind: str = "asr") -> Path:
    """The miniature's config with some values changed, by dotted key; None deletes."""
    for name in ("config.json", "generation_config.json"):
        values = json.loads((miniature.checkpoint(kind) / name).read_text())
        for key, value in change.items():
            *path, last = key.split(".")
            place = values
            for part in path:
                place = place.get(part, {})
            if value is None:
                place.pop(last, None)
            elif last in place:
                place[last] = value
        (tmp_path / name).write_text(json.dumps(values))
    return tmp_path


def test_the_miniature_s_config_is_read() -> None:
    config = ModelConfig.from_directory(miniature.checkpoint("asr"))
    assert (config.kind, config.audio.width, config.text.width) == ("asr", 128, 256)
    assert (config.audio.block_tokens, config.audio.window_blocks) == (13, 8)
    files = [
        json.loads((miniature.checkpoint("asr") / f"{name}.json").read_text())
        for name in ("config", "generation_config")
    ]
    assert config.end_ids == set(files[1]["eos_token_id"])
    assert len(config.end_ids) == 2
    assert config.languages == tuple(files[0]["support_languages"])
    assert "English" in config.languages


def test_the_aligner_s_config_is_read() -> None:
    config = ModelConfig.from_directory(miniature.checkpoint("aligner"))
    assert config.aligner is not None
    assert (config.kind, config.aligner.classes, config.aligner.segment_ms) == ("aligner", 512, 80.0)


def test_a_package_has_the_config_of_its_checkpoint(asr: Package) -> None:
    assert asr.config == ModelConfig.from_directory(miniature.checkpoint("asr"))


@pytest.mark.parametrize(("frames", "tokens"), [(0, 0), (1, 1), (8, 1), (9, 2), (50, 7), (60, 8), (99, 13), (100, 13)])
def test_three_convolutions_halve_thrice(frames: int, tokens: int) -> None:
    assert convolved(frames) == tokens


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model_type", "whisper"),
        ("thinker_config", None),
        ("thinker_config.audio_config", None),
        ("thinker_config.audio_config", 5),
        ("thinker_config.audio_config.d_model", None),
        ("thinker_config.audio_config.d_model", "128"),
        ("thinker_config.audio_config.d_model", True),
        ("thinker_config.audio_config.encoder_layers", 0),
        ("thinker_config.audio_config.encoder_layers", 10**7),
        ("thinker_config.audio_config.n_window_infer", 750),
        ("thinker_config.audio_config.n_window_infer", 10**9),
        ("thinker_config.audio_config.activation_function", "relu"),
        ("thinker_config.text_config.hidden_act", "gelu"),
        ("thinker_config.text_config.attention_bias", True),
        ("thinker_config.text_config.num_hidden_layers", 10**7),
        ("thinker_config.text_config.max_position_embeddings", 2**33),
        ("thinker_config.text_config.rope_theta", float("nan")),
        ("thinker_config.text_config.rms_norm_eps", -1.0),
        ("thinker_config.audio_start_token_id", None),
        ("eos_token_id", "end"),
        ("eos_token_id", None),
    ],
)
def test_another_architecture_is_refused_by_file_and_key(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(ModelError) as caught:
        ModelConfig.from_directory(changed(tmp_path, {key: value}))
    assert "config.json" in caught.value.message
    assert key.rpartition(".")[2] in caught.value.message
    assert caught.value.hint


def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="vectors of 300"):
        ModelConfig.from_directory(changed(tmp_path, {"thinker_config.audio_config.output_dim": 300}))


def test_an_aligner_without_its_slot_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="timestamp_token_id"):
        ModelConfig.from_directory(changed(tmp_path, {"timestamp_token_id": None}, "aligner"))


def test_an_aligner_s_class_lasts_a_time(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="timestamp_segment_time is nan"):
        ModelConfig.from_directory(changed(tmp_path, {"timestamp_segment_time": float("nan")}, "aligner"))
