"""The measuring of the miniature, in processes of its own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import msgspec
import pytest

from model import miniature
from pipeline import accelerators
from pipeline.bench import Choice, Speed, choices, run
from pipeline.settings import ModelSettings


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with nothing in it."""
    monkeypatch.setenv("STENO_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path / "models"


def test_every_precision_is_a_choice_on_everything_that_computes(
    cache: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accelerators, "providers", lambda: ("cuda", "cpu"))
    monkeypatch.setattr(accelerators, "gpus", lambda: ("CUDA0 (a card)",))
    store.mkdir()
    (store / "mine").symlink_to(miniature.package("asr", cache), target_is_directory=True)
    (store / "words").symlink_to(miniature.package("aligner", cache), target_is_directory=True)
    (store / "nothing").mkdir()
    found = choices(ModelSettings(asr="mine", encoder_threads=3), cache)
    assert [(c.part, c.precision, c.where) for c in found] == [
        ("encoder", "fp32", "cuda"),
        ("decoder", "f16", "GPU"),
        ("encoder", "fp32", "cpu"),
        ("decoder", "q8_0", "GPU"),
        ("decoder", "q8_0", "cpu"),
        ("decoder", "f16", "cpu"),
    ]
    assert {(c.model, c.threads) for c in found if c.part == "encoder"} == {("mine", 3)}


def test_the_model_that_comes_with_steno_is_a_choice_only_where_there_is_no_other(cache: Path, store: Path) -> None:
    assert {c.model for c in choices(ModelSettings(), cache)} == {"miniature"}
    store.mkdir()
    (store / "same").symlink_to(miniature.package("asr", cache), target_is_directory=True)
    assert {c.model for c in choices(ModelSettings(), cache)} == {"miniature"}
    shutil.copytree(miniature.package("asr", cache), store / "other")
    assert {c.model for c in choices(ModelSettings(), cache)} == {"other"}


def test_a_file_that_names_no_precision_is_a_choice_only_where_there_is_no_other(cache: Path, store: Path) -> None:
    mine = shutil.copytree(miniature.package("asr", cache), store / "mine")
    (mine / "manifest.json").unlink()
    (mine / "qwen3_asr_llm.f16.gguf").rename(mine / "qwen3_asr_llm.gguf")
    found = choices(ModelSettings(asr="mine"), cache)
    assert [c.precision for c in found if c.part == "decoder"] == ["q8_0"]
    (mine / "qwen3_asr_llm.q8_0.gguf").unlink()
    found = choices(ModelSettings(asr="mine"), cache)
    assert [c.precision for c in found if c.part == "decoder"] == [""]


def test_an_encoder_and_a_decoder_are_measured(cache: Path) -> None:
    found = choices(ModelSettings(), cache)
    encoder, decoder = (run(next(c for c in found if c.part == part), 60.0) for part in ("encoder", "decoder"))
    assert (encoder.problem, decoder.problem) == ("", "")
    assert encoder.encode > 0
    assert encoder.density == 13.0
    assert decoder.prefill > 0
    assert decoder.generate > 0
    assert min(encoder.memory, decoder.memory, encoder.size, decoder.size) > 1_000_000
    assert encoder.scale == decoder.scale > 0


def test_what_goes_wrong_in_the_process_is_the_result(cache: Path) -> None:
    choice = next(c for c in choices(ModelSettings(), cache) if c.part == "decoder")
    missing = msgspec.structs.replace(choice, directory="/nowhere")
    assert "/nowhere" in run(missing, 60.0).problem
    assert run(choice, 0.01) == Speed(choice=choice, problem="not done within 0 s")


def test_a_process_that_dies_is_a_problem_of_its_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    choice = Choice(part="decoder", model="m", directory="/m", precision="f16")
    python = tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    for script, problem in (
        ("kill -ABRT $$", "was killed by SIGABRT"),
        ("echo it did not work >&2; exit 1", "it did not work"),
        ("exit 1", "it said nothing"),
    ):
        python.write_text(f"#!/bin/sh\ncat > /dev/null\n{script}\n")
        python.chmod(0o700)
        assert run(choice, 60.0).problem == problem
