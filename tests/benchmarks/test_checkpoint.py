from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.checkpoint import random_checkpoint, random_tensors, values
from benchmarks.checkpoint_dimensions import SIZES, Dimensions
from benchmarks.checkpoint_files import INDEX, WEIGHTS, Dtype, Layout, bfloat16, native_name, write_checkpoint
from benchmarks.checkpoint_tokenizer import ADDED, MINIATURE, REAL_PIECES, read_vocabulary
from model.checkpoint import Checkpoint
from model.miniature import checkpoint

ROOT = Path(__file__).parents[2]
TINY = SIZES["tiny"]
ALIGNER = replace(TINY, classes=40)
FIRST_VALUES = [0.4533136, -0.1962104, 0.1285516, 0.2571033]
"""Of up_proj in the first layer, seed 0, in standard deviations."""


def test_float32_becomes_bfloat16_by_rounding_ties_to_even() -> None:
    above, below = np.float32(1 + 3 * 2**-8), np.float32(1 + 2**-8)
    given = np.array([1.0, above, below, 1 + 2**-8 + 2**-20, -0.0, 3e38], dtype=np.float32)
    widened = (bfloat16(given).astype(np.uint32) << 16).view(np.float32)
    expected = [1.0, 1 + 2**-6, 1.0, 1 + 2**-7, 0.0]
    assert widened[:-1].tolist() == expected
    assert np.signbit(widened[4])
    assert abs(widened[-1] / 3e38 - 1) < 2**-8


@pytest.mark.parametrize("dtype", ["bf16", "f16", "f32"])
@pytest.mark.parametrize("layout", ["original", "native"])
@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("dimensions", [TINY, ALIGNER], ids=lambda one: one.kind)
def test_a_checkpoint_reads_back_as_what_was_drawn(
    tmp_path: Path, dtype: Dtype, layout: Layout, shards: int, dimensions: Dimensions
) -> None:
    random_checkpoint(tmp_path, dimensions, layout=layout, dtype=dtype, shards=shards, seed=3)
    found = Checkpoint(tmp_path)
    assert found.config.kind == dimensions.kind
    assert found.config.text.kv_heads == dimensions.kv_heads
    shapes = dict(dimensions.shapes(stored_head=layout == "original"))
    assert set(found.names()) == set(shapes)
    for name in ("thinker.audio_tower.conv2d2.bias", "thinker.model.layers.1.self_attn.k_proj.weight"):
        drawn = values(name, shapes[name], 3)
        assert np.allclose(found.read(name), drawn, rtol=2**-8 if dtype == "bf16" else 2**-11, atol=1e-6)
    files = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert files == ([WEIGHTS] if shards == 1 else [f"model-{n:05}-of-00003.safetensors" for n in (1, 2, 3)])


def test_shards_are_of_about_equal_size_and_the_index_knows_them_all(tmp_path: Path) -> None:
    random_checkpoint(tmp_path, TINY, shards=2, dtype="f32")
    index = json.loads((tmp_path / INDEX).read_text(encoding="utf-8"))
    sizes = [path.stat().st_size for path in sorted(tmp_path.glob("*.safetensors"))]
    assert set(index["weight_map"].values()) == {path.name for path in tmp_path.glob("*.safetensors")}
    assert index["metadata"]["total_size"] == sum(
        int(np.prod(shape)) * 4 for _, shape, _ in random_tensors(TINY, 0, stored_head=True)
    )
    # The embedding alone is two fifths of all.
    assert max(sizes) < 2 * min(sizes)


@pytest.mark.parametrize("sizes", [(1, 1, 1, 100), (100, 1, 1, 1), (1, 100, 1, 1)])
def test_no_shard_is_empty_however_the_sizes_lie(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    def zeros(size: int) -> npt.NDArray[np.float32]:
        return np.zeros(size, dtype=np.float32)

    tensors = [(f"thinker.model.t{i}", (size,), lambda size=size: zeros(size)) for i, size in enumerate(sizes)]
    write_checkpoint(tmp_path, tensors, dtype="f32", layout="original", shards=4)
    assert len(list(tmp_path.glob("*.safetensors"))) == 4
    with pytest.raises(ValueError, match="4 tensors cannot be shared out among 5 files"):
        write_checkpoint(tmp_path, tensors, dtype="f32", layout="original", shards=5)


def test_a_tensor_of_another_shape_than_announced_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"thinker.x has the shape \(2,\), announced was \(3,\)"):
        write_checkpoint(tmp_path, [("thinker.x", (3,), lambda: np.zeros(2))], dtype="f32", layout="original")
    assert not (tmp_path / WEIGHTS).exists()


def test_the_head_s_native_name_tells_the_classifier_from_the_language_model() -> None:
    assert native_name("thinker.lm_head.weight") == "lm_head.weight"
    assert native_name("thinker.lm_head.weight", aligner=True) == "score.weight"
    assert native_name("thinker.audio_tower.proj2.bias") == "model.multi_modal_projector.linear_2.bias"
    assert native_name("thinker.audio_tower.ln_post.bias") == "model.audio_tower.ln_post.bias"
    assert native_name("thinker.model.norm.weight") == "model.language_model.norm.weight"


def test_the_values_of_a_tensor_depend_on_its_name_and_seed_alone() -> None:
    one = values("thinker.model.layers.0.mlp.up_proj.weight", (512, 256), 0)
    assert np.array_equal(one, values("thinker.model.layers.0.mlp.up_proj.weight", (512, 256), 0))
    assert not np.array_equal(one, values("thinker.model.layers.0.mlp.up_proj.weight", (512, 256), 1))
    assert not np.array_equal(one, values("thinker.model.layers.1.mlp.up_proj.weight", (512, 256), 0))
    # The numbers of the golden data: they must be these with every numpy and on every machine.
    assert (16 * one[0, :4]).tolist() == pytest.approx(FIRST_VALUES, abs=1e-6)


def test_matrices_keep_activations_as_large_as_they_are() -> None:
    matrix = values("thinker.model.layers.0.mlp.up_proj.weight", (512, 256), 0)
    assert matrix.std() * 16 == pytest.approx(1, abs=0.02)
    assert abs(matrix.mean()) < 1e-3
    norm = values("thinker.audio_tower.ln_post.weight", (4096,), 0)
    assert norm.mean() == pytest.approx(1, abs=0.01)


def test_every_tensor_of_the_miniature_has_the_name_and_the_place_that_the_generator_gives(tmp_path: Path) -> None:
    miniature = Checkpoint(checkpoint("asr"))
    random_checkpoint(tmp_path, TINY)
    made = Checkpoint(tmp_path)
    outside = [name for name in miniature.names() if ".layers." not in name]
    assert set(outside) <= set(made.names())
    kinds = {name.split(".layers.1.")[1] for name in miniature.names() if ".layers.1." in name}
    assert kinds == {name.split(".layers.1.")[1] for name in made.names() if ".layers.1." in name}


@pytest.mark.parametrize("size", ["0.6b", "1.7b", "aligner"])
def test_the_releases_weigh_what_they_weigh(size: str) -> None:
    count = sum(int(np.prod(shape)) for _, shape in SIZES[size].shapes())
    assert 2 * count / 1e9 == pytest.approx({"0.6b": 1.88, "1.7b": 4.70, "aligner": 1.84}[size], abs=0.01)


@pytest.mark.parametrize("layout", ["original", "native"])
def test_a_model_of_the_real_vocabulary_s_size_gets_fillers_and_the_real_ids(tmp_path: Path, layout: Layout) -> None:
    real = replace(TINY, vocabulary=151_936, width=32, ffn=32, layers=1, audio_layers=1)
    random_checkpoint(tmp_path, real, layout=layout)
    found = Checkpoint(tmp_path)
    audio = (found.config.audio_start_id, found.config.audio_end_id, found.config.audio_pad_id)
    assert audio == (151_669, 151_670, 151_676)
    assert found.config.end_ids == {151_643, 151_645}
    assert len(found.vocabulary.pieces) == REAL_PIECES
    assert {found.vocabulary.added[151_704], found.vocabulary.added[151_705]} == {"<asr_text>", "<timestamp>"}


def test_a_vocabulary_comes_from_a_folder_a_gguf_file_or_the_miniature(tmp_path: Path) -> None:
    own = read_vocabulary(None)
    assert own == read_vocabulary(MINIATURE)
    assert own.id("<|im_end|>") == len(own.pieces) + 2
    path = tmp_path / "vocabulary.gguf"
    write_gguf(path, [*own.pieces, "<|endoftext|>", "[PAD]"], [1] * len(own.pieces) + [3, 5], list(own.merges))
    assert read_vocabulary(path) == own


def test_a_gguf_file_whose_pieces_are_not_the_first_tokens_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.gguf"
    write_gguf(path, ["a", "<|endoftext|>", "b"], [1, 3, 1], ["a b"])
    with pytest.raises(ValueError, match="are not the first ones"):
        read_vocabulary(path)


def test_a_vocabulary_larger_than_the_model_is_refused(tmp_path: Path) -> None:
    tokens = len(read_vocabulary(None))
    assert tokens == len(read_vocabulary(None).pieces) + len(ADDED)
    small = replace(TINY, vocabulary=tokens - 1)
    with pytest.raises(ValueError, match=f"{tokens} tokens do not fit into {tokens - 1} rows"):
        random_checkpoint(tmp_path, small)


def test_the_command_writes_a_checkpoint_and_never_over_one(tmp_path: Path) -> None:
    line = [
        sys.executable,
        "-m",
        "benchmarks.checkpoint",
        "--size",
        "tiny",
        "--layout",
        "native",
        str(tmp_path / "made"),
    ]
    first = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "GB of weights" in first.stdout
    assert Checkpoint(tmp_path / "made").config.kind == "asr"
    second = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stderr == f"{tmp_path / 'made'} is not empty\n"


def write_gguf(path: Path, tokens: list[str], types: list[int], merges: list[str]) -> None:
    writer = gguf.GGUFWriter(str(path), "qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
