from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from benchmarks.checkpoint_dimensions import SIZES, Dimensions
from benchmarks.checkpoint_files import Dtype, Layout
from benchmarks.checkpoint_tokenizer import MINIATURE, Vocabulary, read_vocabulary
from benchmarks.inflate import inflate, moved
from benchmarks.inflation import enlarged, spread
from model import miniature
from model.aligner import Aligner
from model.checkpoint import Checkpoint
from model.convert import convert
from model.decoder import Decoder
from model.encoder import Encoder
from model.package import open_package
from model.words import Unit

GOLDEN = Path(__file__).parents[1] / "golden" / "reference.json"
RECORDINGS: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))["recordings"]
SMALL = Checkpoint(MINIATURE).config
PIECES = len(read_vocabulary(None).pieces) + 400
MEDIUM = Dimensions(
    audio_width=3 * 128,
    audio_layers=SMALL.audio.layers + 1,
    audio_heads=3 * 2,
    audio_ffn=3 * 512,
    conv_channels=2 * SMALL.audio.conv_channels,
    width=2 * 256,
    layers=SMALL.text.layers + 1,
    heads=2 * 2,
    kv_heads=2 * 1,
    head_width=128,
    ffn=2 * 768,
    vocabulary=PIECES + 100,
)
"""Two and three times the miniature, with layers and rows of the vocabulary that it does not have."""


def sound(name: str) -> npt.NDArray[np.float32]:
    path = next(path for path in miniature.samples() if path.stem == name)
    return np.asarray(soundfile.read(path, dtype="float32")[0], dtype=np.float32)


def shuffled() -> Vocabulary:
    """Fillers first: every token gets another number."""
    known = read_vocabulary(None, PIECES)
    return Vocabulary(known.pieces[::-1], known.merges)


def check_answers(folder: Path, names: Sequence[str], dtype: Dtype, layout: Layout, shards: int) -> None:
    vocabulary = shuffled()
    inflate(folder / "checkpoint", MEDIUM, dtype=dtype, layout=layout, shards=shards, vocabulary=vocabulary)
    convert(folder / "checkpoint", folder / "package")
    package = open_package(folder / "package", "asr")
    numbers = moved(Checkpoint(MINIATURE).vocabulary, vocabulary)
    encoder, decoder = Encoder(package, provider="cpu"), Decoder(package, gpu_layers=0)
    try:
        for name in names:
            found, expected = decoder.decode(encoder.encode(sound(name))), RECORDINGS[name]["answer"]
            assert list(found.tokens) == [numbers[token] for token in expected["tokens"]]
            assert (found.text, found.language) == (expected["text"], expected["language"])
    finally:
        decoder.close()


@pytest.mark.parametrize(("dtype", "name"), [("f32", "01_short_seen"), ("f16", "04_short_held")])
def test_an_inflated_model_writes_the_miniature_s_tokens(tmp_path: Path, dtype: Dtype, name: str) -> None:
    check_answers(tmp_path, [name, "11_silence"], dtype, "original", 1)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["f32", "f16"])
@pytest.mark.parametrize(("layout", "shards"), [("original", 1), ("native", 3)])
def test_an_inflated_model_writes_the_miniature_s_tokens_for_every_recording(
    tmp_path: Path, dtype: Dtype, layout: Layout, shards: int
) -> None:
    check_answers(tmp_path, list(RECORDINGS), dtype, layout, shards)


def test_an_inflated_aligner_finds_the_miniature_s_classes(tmp_path: Path) -> None:
    aligner_s = replace(MEDIUM, classes=700)
    inflate(tmp_path / "checkpoint", aligner_s, dtype="f32", layout="native", vocabulary=shuffled())
    convert(tmp_path / "checkpoint", tmp_path / "package")
    package = open_package(tmp_path / "package", "aligner")
    encoder, aligner = Encoder(package, provider="cpu"), Aligner(package, provider="cpu", gpu_layers=0)
    try:
        for name in ("01_short_seen", "04_short_held"):
            expected = RECORDINGS[name]["aligned_answer"]
            words = [Unit(word, word) for word in expected["words"]]
            assert aligner.classes(encoder.encode(sound(name)), words).tolist() == expected["classes"]
    finally:
        aligner.close()


def test_an_enlarged_matrix_gives_the_small_one_s_output_repeated() -> None:
    small = np.random.default_rng(0).standard_normal((6, 4), dtype=np.float32)
    given = np.array([1, -2, 3, 5], dtype=np.float32)
    found = enlarged(small, (18, 20)) @ np.tile(given, 5)
    assert np.allclose(found, np.tile(small @ given, 3), atol=1e-5)


def test_a_vector_is_only_repeated() -> None:
    assert enlarged(np.array([1, 2], dtype=np.float32), (6,)).tolist() == [1, 2, 1, 2, 1, 2]


@pytest.mark.parametrize("shift", [-100, 0, 100])
def test_a_new_row_never_wins_whatever_the_signs_of_the_logits(shift: float) -> None:
    rows = np.random.default_rng(1).standard_normal((40, 8), dtype=np.float32)
    rows[:, 0] += shift
    ids = np.arange(0, 200, 5)
    table = spread(rows, ids, 301)
    for given in np.random.default_rng(2).standard_normal((100, 8), dtype=np.float32):
        assert int(np.argmax(table @ given)) == ids[int(np.argmax(rows @ given))]


def test_added_layers_hold_weights_but_add_nothing(tmp_path: Path) -> None:
    inflate(tmp_path, MEDIUM, dtype="f32", vocabulary=shuffled())
    found = Checkpoint(tmp_path)
    last = (f"thinker.audio_tower.layers.{SMALL.audio.layers}.", f"thinker.model.layers.{SMALL.text.layers}.")
    names = [name for name in found.names() if name.startswith(last)]
    ends = [name for name in names if name.split(".")[-2] in ("out_proj", "fc2", "o_proj", "down_proj")]
    assert len(ends) == 6
    assert not any(found.read(name).any() for name in ends)
    assert all(found.read(name).std() > 0.01 for name in names if name not in ends)


@pytest.mark.parametrize("size", ["0.6b", "1.7b"])
def test_every_release_is_a_whole_multiple_of_the_miniature(size: str) -> None:
    large, small = SIZES[size], Checkpoint(MINIATURE).config
    pairs = [
        (large.audio_width, small.audio.width),
        (large.audio_ffn, small.audio.ffn),
        (large.conv_channels, small.audio.conv_channels),
        (large.width, small.text.width),
        (large.ffn, small.text.ffn),
    ]
    assert [many % one for many, one in pairs] == [0] * len(pairs)
    assert large.audio_width // large.audio_heads == small.audio.width // small.audio.heads


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"audio_ffn": 600}, "is no multiple of"),
        ({"layers": 3}, "fewer layers"),
        ({"audio_heads": 3}, "heads of the larger model"),
        ({"kv_heads": 1}, "heads of the larger model"),
        ({"vocabulary": PIECES - 350}, f"do not fit into {PIECES - 350} rows"),
    ],
)
def test_dimensions_that_do_not_fit_are_refused_before_anything_is_written(
    tmp_path: Path, change: dict[str, int], message: str
) -> None:
    vocabulary = read_vocabulary(None)
    with pytest.raises(ValueError, match=message):
        inflate(tmp_path / "checkpoint", replace(MEDIUM, **change), vocabulary=vocabulary)
    assert not (tmp_path / "checkpoint").exists()


def test_a_vocabulary_that_lacks_a_piece_of_the_miniature_is_refused(tmp_path: Path) -> None:
    known = read_vocabulary(None, PIECES)
    with pytest.raises(ValueError, match="lacks 1 tokens of the miniature, '!'"):
        inflate(tmp_path, MEDIUM, vocabulary=Vocabulary(known.pieces[1:], known.merges))
