from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from benchmarks.checkpoint_files import write_checkpoint
from model import miniature
from model.checkpoint import Checkpoint
from model.convert import convert
from model.errors import ModelError
from model.llama import Llama
from model.package import MANIFEST, Package, open_package, read_manifest
from model.precisions import DECODERS, ENCODERS
from model.progress import Progress, Told
from model.tensor_table import POSITIONS
from tests.model import checkpoint_files

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint that may come to harm."""
    directory = tmp_path / "checkpoint"
    shutil.copytree(miniature.checkpoint("asr"), directory)
    return directory


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
    assert "f16, q8_0, q6_k" in caught.value.hint


class Heard(Progress):
    """Keeps what it is told: each part, its size, and how much of it was done."""

    def __init__(self) -> None:
        self.parts: list[list[Any]] = []

    def begin(self, what: str, total: int = 0) -> None:
        self.parts.append([what, total, 0])

    def advance(self, amount: int) -> None:
        self.parts[-1][2] += amount


def test_the_progress_is_told(tmp_path: Path) -> None:
    heard = Heard()
    checkpoint = checkpoint_files.write(tmp_path / "checkpoint")
    convert(checkpoint, tmp_path / "out", ("fp32", "int8"), ("f16", "q8_0"), heard)
    assert [part[0] for part in heard.parts] == [
        "checking the checkpoint",
        "writing the asr encoder, fp32",
        "writing the asr encoder, int8",
        "writing the asr decoder, f16",
        "writing the asr decoder, q8_0",
        "writing the manifest",
    ]
    # A hash takes in the texts beside the weights too.
    assert all(total <= done <= 1.5 * total for _, total, done in heard.parts)


@pytest.mark.parametrize("aligner", [False, True])
def test_both_layouts_and_shards_become_the_same_package(tmp_path: Path, aligner: bool) -> None:
    kind = "aligner" if aligner else "asr"
    for name, layout, shards in (("original", "original", 1), ("native", "native", 3)):
        source = checkpoint_files.write(tmp_path / f"{name}-source", layout=layout, shards=shards, aligner=aligner)  # type: ignore[arg-type]  # a Literal
        convert(source, tmp_path / name, ("fp32", "int4"), ("f16",))
    packages = [open_package(tmp_path / name, kind) for name in ("original", "native")]
    first, second = packages
    assert first.config.audio == second.config.audio
    assert first.config.end_ids == second.config.end_ids
    assert first.config.aligner == second.config.aligner
    for path in sorted(first.directory.glob("*.data")) + sorted(first.directory.glob("*.npy")):
        assert path.read_bytes() == (second.directory / path.name).read_bytes(), path.name
    tensors = [{t.name: t.data for t in gguf.GGUFReader(one.decoder).tensors} for one in packages]
    assert tensors[0].keys() == tensors[1].keys()
    assert all(np.array_equal(tensors[0][name], tensors[1][name]) for name in tensors[0])


def test_every_precision_is_written_and_only_what_was_asked_for(tmp_path: Path) -> None:
    checkpoint = checkpoint_files.write(tmp_path / "checkpoint")
    decoders = tuple(precision for precision in DECODERS if precision != "f16")
    convert(checkpoint, tmp_path / "out", ENCODERS, decoders)
    assert {path.suffixes[0] for path in (tmp_path / "out").glob("*.onnx")} == {f".{one}" for one in ENCODERS}
    assert {path.suffixes[0] for path in (tmp_path / "out").glob("*.gguf")} == {f".{one}" for one in decoders}
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert manifest["encoders"] == list(ENCODERS)
    assert manifest["decoders"] == list(decoders)
    for precision in decoders:
        opened = open_package(tmp_path / "out", "asr", decoder=precision)
        Llama(opened.decoder).close()


def test_a_checkpoint_s_own_positions_are_taken(tmp_path: Path) -> None:
    checkpoint = checkpoint_files.write(tmp_path / "checkpoint")
    opened = Checkpoint(checkpoint)
    table = np.arange(13 * opened.config.audio.width, dtype=np.float32).reshape(13, -1)
    tensors = [(name, opened.read(name).shape, partial(opened.read, name)) for name in opened.names()]
    write_checkpoint(checkpoint, [*tensors, (POSITIONS, table.shape, lambda: table)], dtype="f32", layout="original")
    convert(checkpoint, tmp_path / "out")
    front = onnx.load(open_package(tmp_path / "out", "asr").frontend)
    held = next(numpy_helper.to_array(one) for one in front.graph.initializer if one.name == "positions")
    assert np.array_equal(held, table)


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
    config = json.loads((miniature.checkpoint("asr") / "config.json").read_text())
    assert fields["steno.audio_token_id"].contents() == config["thinker_config"]["audio_token_id"]
    added = json.loads((miniature.checkpoint("asr") / "tokenizer_config.json").read_text())["added_tokens_decoder"]
    types = fields["tokenizer.ggml.token_type"].contents()
    assert len(added) >= 8
    assert all(types[int(number)] == gguf.TokenType.CONTROL for number in added)


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


def test_the_miniature_is_converted_once(asr: Package, cache: Path) -> None:
    told: list[str] = []
    assert miniature.package("asr", cache, Told(told.append)) == asr.directory
    assert told == []


def test_the_miniature_has_recordings_with_their_references() -> None:
    samples = miniature.samples()
    assert [path.name[:2] for path in samples] == [f"{number:02}" for number in range(1, len(samples) + 1)]
    assert len(samples) >= 12
    assert all(path.with_suffix(".txt").exists() and path.with_suffix(".json").exists() for path in samples)


def test_the_miniature_has_no_third_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="tts"):
        miniature.package("tts", tmp_path)
