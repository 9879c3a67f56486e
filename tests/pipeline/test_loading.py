"""What a stage is going to load, before and after it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from model import miniature
from model.errors import ModelError
from pipeline import loading
from pipeline.settings import ModelSettings
from pipeline.stages import Stretch

STAGES = ("encoder", "decoder", "aligner")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cache")
    for kind in miniature.KINDS:
        miniature.package(kind, directory)
    return directory


def test_a_plan_names_the_files_that_its_stage_loads_and_no_others(cache: Path) -> None:
    names = {stage: [file.name for file in loading.plan(stage, ModelSettings(), cache).files] for stage in STAGES}
    assert names["encoder"] == ["qwen3_asr_encoder_frontend.fp32.onnx", "qwen3_asr_encoder_backend.fp32.onnx"]
    assert names["decoder"] == ["qwen3_asr_llm.f16.gguf"]
    assert [name.partition(".")[0] for name in names["aligner"]] == [
        "qwen3_aligner_encoder_frontend",
        "qwen3_aligner_encoder_backend",
        "qwen3_aligner_llm",
    ]


def test_a_plan_tells_what_was_left_to_steno(cache: Path) -> None:
    chosen = ModelSettings(decoder="q8_0", provider="cpu", gpu_layers=0)
    assert loading.plan("encoder", ModelSettings(), cache).automatic == ("model.encoder", "model.provider")
    assert loading.plan("decoder", ModelSettings(), cache).automatic == ("model.decoder", "model.gpu_layers")
    assert loading.plan("decoder", chosen, cache).automatic == ()
    assert loading.plan("aligner", chosen, cache).automatic == ("model.aligner_encoder", "model.aligner_decoder")


def test_the_aligner_has_precisions_of_its_own(cache: Path) -> None:
    plan = loading.plan("aligner", ModelSettings(decoder="q8_0"), cache)
    assert plan.package.decoder_precision == "f16"
    with pytest.raises(ModelError, match="q4_k"):
        loading.plan("aligner", ModelSettings(aligner_decoder="q4_k"), cache)


def test_a_stage_says_what_it_runs_on_what_and_measures_its_longest_silence(cache: Path) -> None:
    settings = ModelSettings(encoder_threads=1, decoder_threads=2, decoder="q8_0", provider="cpu")
    said: list[str] = []
    stages = {name: loading.build(name, settings, cache, said.append) for name in STAGES}
    name = miniature.package("asr", cache).name
    assert stages["encoder"].detail == f"{name}: fp32 on cpu, 1 thread"
    assert stages["decoder"].detail == f"{name}: q8_0 on cpu, 2 threads"
    assert stages["aligner"].detail.endswith("fp32 on cpu, f16 on cpu, 2 threads")
    # What was left to Steno is told once for each stage.
    assert [line.split(": ")[:2] for line in said] == [
        ["encoder", "chosen for model.encoder"],
        ["decoder", "chosen for model.gpu_layers"],
        ["aligner", "chosen for model.aligner_encoder, model.aligner_decoder, model.gpu_layers"],
    ]
    # On the processor llama.cpp gives signs of life throughout.
    assert stages["decoder"].warm_up() == 0
    assert stages["encoder"].warm_up() > 0
    assert stages["aligner"].warm_up() > 0


def test_a_stretch_is_the_longest_time_between_two_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100, 110, 150, 155, 160])
    monkeypatch.setattr("pipeline.stages.time.monotonic_ns", lambda: next(moments))
    stretch = Stretch()
    assert [stretch(), stretch(), stretch()] == [False, False, False]
    assert stretch.end() == 40
