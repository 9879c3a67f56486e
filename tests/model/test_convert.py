from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import onnx
import pytest

from model import miniature
from model.convert import convert
from model.errors import ModelError
from model.package import MANIFEST, Package, open_package, read_manifest
from tests.model import damage

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint that may come to harm."""
    directory = tmp_path / "checkpoint"
    shutil.copytree(miniature.checkpoint("asr"), directory)
    return directory


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "vocab.json", "model.safetensors"])
@pytest.mark.parametrize("harm", [damage.truncate, damage.empty, damage.zero, damage.rewrite, damage.delete])
def test_harm_to_a_checkpoint_is_named_and_leaves_nothing(
    checkpoint: Path, tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    (checkpoint / "tokenizer.json").unlink()
    harm(checkpoint / name)
    with pytest.raises(ModelError) as caught:
        convert(checkpoint, tmp_path / "out")
    assert name in caught.value.message or "tokenizer.json" in caught.value.message
    assert caught.value.hint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint"]


@pytest.mark.parametrize("name", ["merges.txt", "tokenizer_config.json"])
def test_a_missing_tokenizer_file_is_named(checkpoint: Path, tmp_path: Path, name: str) -> None:
    (checkpoint / name).unlink()
    with pytest.raises(ModelError, match=name):
        convert(checkpoint, tmp_path / "out")


def test_the_tokenizer_may_be_one_file(checkpoint: Path, tmp_path: Path) -> None:
    convert(checkpoint, tmp_path / "apart")
    for name in ("vocab.json", "merges.txt"):
        (checkpoint / name).unlink()
    convert(checkpoint, tmp_path / "whole")
    fields = [gguf.GGUFReader(tmp_path / name / "qwen3_asr_llm.f16.gguf").fields for name in ("apart", "whole")]
    for key in ("tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.ggml.token_type"):
        assert fields[0][key].contents() == fields[1][key].contents()


def test_what_is_there_already_is_not_touched(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("dear")
    with pytest.raises(ModelError, match="is there already"):
        convert(checkpoint, tmp_path / "out")
    assert (tmp_path / "out" / "mine").read_text() == "dear"


def test_a_precision_that_nobody_can_write_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'q3_x'") as caught:
        convert(checkpoint, tmp_path / "out", decoders=("q3_x",))
    assert "f16, q8_0" in caught.value.hint


def test_a_place_that_cannot_be_written_is_named(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        convert(checkpoint, tmp_path / "file" / "out")


def test_the_progress_is_told(checkpoint: Path, tmp_path: Path) -> None:
    told: list[str] = []
    convert(checkpoint, tmp_path / "out", decoders=("f16", "q8_0"), progress=told.append)
    assert told[:3] == [
        "writing the asr encoder, fp32",
        "writing the asr decoder, f16",
        "writing the asr decoder, q8_0",
    ]


def test_the_manifest_lists_every_file(asr: Package) -> None:
    files = set(read_manifest(asr.directory))
    assert files == {path.name for path in asr.directory.iterdir() if not path.name.startswith((".", MANIFEST))}


def test_graphs_have_the_names_of_converted_packages(asr: Package) -> None:
    front, back = onnx.load(asr.frontend), onnx.load(asr.backend)
    assert [one.name for one in front.graph.input] == ["chunk_mel"]
    assert [one.name for one in back.graph.input] == ["hidden_states", "attention_mask"]
    assert [one.name for one in back.graph.output] == ["last_hidden_state"]
    about = {prop.key: prop.value for prop in back.metadata_props}
    assert (about["steno.n_window"], about["steno.n_window_infer"]) == ("50", "800")
    assert len(about["steno.source_sha256"]) == 64


def test_the_decoder_is_a_plain_qwen3(asr: Package) -> None:
    fields = gguf.GGUFReader(asr.decoder).fields
    assert fields["general.architecture"].contents() == "qwen3"
    assert fields["qwen3.rope.freq_base"].contents() == 1e6
    assert fields["tokenizer.ggml.pre"].contents() == "qwen2"
    assert fields["steno.audio_token_id"].contents() == 2231
    types = fields["tokenizer.ggml.token_type"].contents()
    assert all(types[index] == gguf.TokenType.CONTROL for index in range(2226, 2234))


def test_norms_stay_float32_and_matrices_are_as_asked(asr: Package) -> None:
    for precision, kind in (("f16", "F16"), ("q8_0", "Q8_0")):
        reader = gguf.GGUFReader(asr.directory / f"qwen3_asr_llm.{precision}.gguf")
        for tensor in reader.tensors:
            assert tensor.tensor_type.name == ("F32" if "norm" in tensor.name else kind)
        assert "output.weight" not in {tensor.name for tensor in reader.tensors}


def test_the_aligner_s_head_is_apart(aligner_package: Package) -> None:
    assert aligner_package.head is not None
    assert np.load(aligner_package.head).shape == (512, 256)
    names = {tensor.name for tensor in gguf.GGUFReader(aligner_package.decoder).tensors}
    assert "output.weight" not in names


def test_a_conversion_that_is_killed_leaves_nothing_at_its_name(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom model.convert import convert\n"
        "def die(what):\n    if 'decoder' in what: os.kill(os.getpid(), signal.SIGKILL)\n"
        "convert(Path(sys.argv[1]), Path(sys.argv[2]), progress=die)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(checkpoint), str(out)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    left = list(tmp_path.glob(".out.*.partial"))
    assert len(left) == 1

    yesterday = time.time() - 86_400
    os.utime(left[0], (yesterday, yesterday))
    convert(checkpoint, out)
    assert open_package(out, "asr").decoder.exists()
    assert list(tmp_path.glob(".out.*.partial")) == []


def test_processes_that_convert_at_once_get_one_whole_package(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    results = context.SimpleQueue()
    processes = [context.Process(target=_package, args=(tmp_path, barrier, results)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    directories = {results.get() for _ in processes}
    assert len(directories) == 1
    assert [path.name for path in tmp_path.iterdir()] == [Path(directories.pop()).name]


def _package(cache: Path, barrier: object, results: object) -> None:
    barrier.wait(30)  # type: ignore[attr-defined]
    directory = miniature.package("aligner", cache)
    open_package(directory, "aligner")
    results.put(str(directory))  # type: ignore[attr-defined]


def test_the_miniature_is_converted_once(asr: Package, cache: Path) -> None:
    told: list[str] = []
    assert miniature.package("asr", cache, told.append) == asr.directory
    assert told == []


def test_the_miniature_has_twelve_recordings_with_their_references() -> None:
    samples = miniature.samples()
    assert len(samples) == 12
    assert all(path.with_suffix(".txt").exists() and path.with_suffix(".json").exists() for path in samples)


def test_the_miniature_has_no_third_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="tts"):
        miniature.package("tts", tmp_path)
