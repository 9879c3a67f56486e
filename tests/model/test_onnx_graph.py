from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from onnx import TensorProto

from model import miniature, tensor_table
from model.checkpoint import Checkpoint
from model.config import AudioConfig
from model.convert import convert
from model.encoder import Encoder
from model.errors import ModelError
from model.onnx_file import ALIGNMENT, LARGE, OnnxFile
from model.onnx_graph import positions, write_backend, write_frontend
from model.onnx_layers import Layers
from model.onnx_session import Session
from model.package import open_package
from model.precisions import ENCODERS
from tests.model.conftest import Golden
from tests.model.test_onnx_rounding import restored

Floats = npt.NDArray[np.float32]
Weights = Callable[[str], Floats]

SMALL = AudioConfig(
    mel_bins=16, width=40, layers=2, heads=4, ffn=72, conv_channels=8, output=24, n_window=50, n_window_infer=800
)
"""No width of it is a whole number of 4-bit blocks."""
LEAST_COSINE = {"fp16": 0.9999, "int8": 0.999, "int4": 0.98}


def cosine(one: Floats, other: Floats) -> float:
    a, b = one.reshape(-1).astype(np.float64), other.reshape(-1).astype(np.float64)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def random_weights(audio: AudioConfig) -> Weights:
    table = tensor_table.tower(audio)

    def weights(name: str) -> Floats:
        random, shape = np.random.default_rng(len(name) + sum(map(ord, name))), table[name]
        return (random.normal(0, 1, shape) / math.sqrt(math.prod(shape[1:]))).astype(np.float32)

    return weights


def mel_blocks() -> Floats:
    return np.random.default_rng(0).uniform(-1, 1, (2, 16, 100)).astype(np.float32)


def encoded(folder: Path, precision: str) -> Floats:
    """Two blocks through both graphs of SMALL."""
    front, back = folder / f"f.{precision}.onnx", folder / f"b.{precision}.onnx"
    write_frontend(front, SMALL, random_weights(SMALL), {}, precision)
    write_backend(back, SMALL, random_weights(SMALL), {}, precision)
    hidden = Session(front, 1, "cpu").run(mel_blocks()).reshape(1, 26, 40)
    return Session(back, 1, "cpu").run(hidden, np.zeros((1, 1, 26, 26), dtype=np.float32))


@pytest.fixture(scope="module")
def encoders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Encoder]:
    """The miniature's encoder in every precision."""
    out = tmp_path_factory.mktemp("precisions") / "asr"
    convert(miniature.checkpoint("asr"), out, encoders=ENCODERS)
    return {name: Encoder(open_package(out, "asr", encoder=name)) for name in ENCODERS}


@pytest.fixture(scope="module")
def exact(golden: Golden, encoders: dict[str, Encoder]) -> dict[str, Floats]:
    """Every recording's embeddings in float32."""
    names = [path.stem for path in miniature.samples()]
    return {name: encoders["fp32"].encode(golden.sound(name)) for name in names}


@pytest.mark.parametrize("precision", LEAST_COSINE)
def test_a_smaller_precision_says_nearly_the_same(golden: Golden, encoders: dict[str, Encoder], precision: str) -> None:
    exact = encoders["fp32"].encode(golden.sound("02_dictation_seen"))
    assert cosine(encoders[precision].encode(golden.sound("02_dictation_seen")), exact) >= LEAST_COSINE[precision]


@pytest.mark.slow
@pytest.mark.parametrize("precision", LEAST_COSINE)
def test_a_smaller_precision_says_nearly_the_same_of_every_recording(
    golden: Golden, encoders: dict[str, Encoder], exact: dict[str, Floats], precision: str
) -> None:
    for name, expected in exact.items():
        assert cosine(encoders[precision].encode(golden.sound(name)), expected) >= LEAST_COSINE[precision], name


@pytest.mark.parametrize("precision", LEAST_COSINE)
def test_widths_need_not_fill_a_block(tmp_path: Path, precision: str) -> None:
    assert cosine(encoded(tmp_path, precision), encoded(tmp_path, "fp32")) >= LEAST_COSINE[precision]


def test_eight_bits_do_not_saturate(tmp_path: Path) -> None:
    # Where pairs of products are added in 16 bits, 255 * 127 twice is too much: the largest inputs meet the largest
    # weights here.
    with OnnxFile(tmp_path / "linear.onnx") as file:
        layers = Layers(file, lambda _: np.full((8, 64), 1, dtype=np.float32), "int8")
        product = layers.linear("x", "all", bias=False)
        file.node("Identity", product, output="y")
        file.save("linear", {"x": ["rows", 64]}, ("y", ["rows", 8]), {})
    found = Session(tmp_path / "linear.onnx", 1, "cpu").run(np.full((3, 64), 2, dtype=np.float32))
    assert np.allclose(found, 128, rtol=1e-5)


@pytest.mark.parametrize("columns", [32, 72, 40, 896])
def test_a_product_of_four_bits_is_that_of_the_restored_matrix(tmp_path: Path, columns: int) -> None:
    matrix = np.random.default_rng(1).normal(0, 1, (16, columns)).astype(np.float32)
    with OnnxFile(tmp_path / "linear.onnx") as file:
        product = Layers(file, lambda _: matrix, "int4").linear("x", "all", bias=False)
        file.node("Identity", product, output="y")
        file.save("linear", {"x": ["rows", columns]}, ("y", ["rows", 16]), {})
    x = np.random.default_rng(2).normal(0, 1, (5, columns)).astype(np.float32)
    found = Session(tmp_path / "linear.onnx", 1, "cpu").run(x)
    # onnxruntime rounds the inputs to 8 bits.
    assert np.abs(found - x @ restored(matrix)[:, :columns].T).max() <= 0.02 * np.abs(found).max()


def test_onnxruntime_fuses_the_products_of_eight_bits(tmp_path: Path) -> None:
    encoded(tmp_path, "int8")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "fused.onnx")
    options.log_severity_level = 4
    onnxruntime.InferenceSession(str(tmp_path / "b.int8.onnx"), options, providers=["CPUExecutionProvider"])
    operators = [node.op_type for node in onnx.load(str(tmp_path / "fused.onnx")).graph.node]
    assert "MatMulInteger" not in operators
    assert operators.count("MatMulIntegerToFloat") == 3 * SMALL.layers
    assert operators.count("DynamicQuantizeMatMul") == 3 * SMALL.layers + 2
    assert operators.count("DynamicQuantizeLinear") == SMALL.layers


@pytest.mark.parametrize("name", ["layers.1.fc1.weight", "layers.0.fc2.bias"])
def test_a_weight_beyond_float16_is_refused_in_float16(tmp_path: Path, name: str) -> None:
    def weights(one: str) -> Floats:
        return random_weights(SMALL)(one) + np.float32(1e5 * (one == name))

    write_backend(tmp_path / "wide.onnx", SMALL, weights, {}, "int4")
    with pytest.raises(ModelError, match=f"{name} has values too large for float16"):
        write_backend(tmp_path / "narrow.onnx", SMALL, weights, {}, "fp16")


def test_in_float16_what_would_overflow_stays_float32(tmp_path: Path) -> None:
    write_backend(tmp_path / "b.onnx", SMALL, random_weights(SMALL), {}, "fp16")
    model = onnx.shape_inference.infer_shapes(onnx.load(str(tmp_path / "b.onnx")))
    types = {one.name: one.type.tensor_type.elem_type for one in (*model.graph.value_info, *model.graph.input)}
    types |= {one.name: one.data_type for one in model.graph.initializer}
    narrow = {"MatMul", "Gelu"}
    for node in model.graph.node:
        if node.op_type in {"LayerNormalization", "Softmax", *narrow}:
            wanted = TensorProto.FLOAT16 if node.op_type in narrow else TensorProto.FLOAT
            assert {types[name] for name in node.input} == {wanted}, node.op_type
    masked = [node for node in model.graph.node if "attention_mask" in node.input]
    assert {types[node.output[0]] for node in masked} == {TensorProto.FLOAT}


@pytest.mark.parametrize("precision", ENCODERS)
def test_inputs_and_outputs_are_float32_in_every_precision(tmp_path: Path, precision: str) -> None:
    encoded(tmp_path, precision)
    for name in ("f", "b"):
        graph = onnx.load(str(tmp_path / f"{name}.{precision}.onnx")).graph
        for value in (*graph.input, *graph.output):
            assert value.type.tensor_type.elem_type == TensorProto.FLOAT


def test_large_constants_lie_beside_the_file_where_they_can_be_mapped(tmp_path: Path) -> None:
    path = tmp_path / "some.onnx"
    values = np.arange(LARGE, dtype=np.float32)
    with OnnxFile(path) as file:
        large, small = file.constant(values, "large"), file.constant(values[:3], "small")
        file.constant(values * 2, "second")
        both = file.node("Concat", large, small, "second", axis=0)
        file.node("Add", both, "x", output="y")
        file.save("some", {"x": [1]}, ("y", ["n"]), {"key": "value"})
    places = {
        one.name: {entry.key: entry.value for entry in one.external_data}
        for one in onnx.load(str(path), load_external_data=False).graph.initializer
    }
    assert places["small"] == {}
    assert {places[name]["location"] for name in ("large", "second")} == {"some.onnx.data"}
    assert int(places["second"]["offset"]) % ALIGNMENT == 0
    found = Session(path, 1, "cpu").run(np.zeros(1, dtype=np.float32))
    assert np.array_equal(found, np.concatenate([values, values[:3], values * 2]))


def test_without_large_constants_there_is_no_second_file(tmp_path: Path) -> None:
    write_backend(tmp_path / "b.onnx", SMALL, random_weights(SMALL), {})
    assert [path.name for path in tmp_path.iterdir()] == ["b.onnx"]


@pytest.mark.parametrize("precision", ENCODERS)
def test_no_more_than_a_few_tensors_are_in_memory_at_once(tmp_path: Path, precision: str) -> None:
    audio = replace(SMALL, mel_bins=128, width=256, layers=12, ffn=1024, output=256)
    table = tensor_table.tower(audio)
    largest, everything = (f(4 * math.prod(shape) for shape in table.values()) for f in (max, sum))
    tracemalloc.start()
    write_backend(tmp_path / "b.onnx", audio, lambda name: np.ones(table[name], dtype=np.float32), {}, precision)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert everything > 30 * largest
    assert peak < 10 * largest


@pytest.mark.parametrize("precision", ENCODERS)
def test_progress_adds_up_to_the_size_in_float32(tmp_path: Path, precision: str) -> None:
    told: list[int] = []
    weights = random_weights(SMALL)
    write_frontend(tmp_path / "f.onnx", SMALL, weights, {}, precision, advance=told.append)
    write_backend(tmp_path / "b.onnx", SMALL, weights, {}, precision, advance=told.append)
    assert sum(told) == 4 * sum(math.prod(shape) for shape in tensor_table.tower(SMALL).values())


def test_a_checkpoint_s_own_positions_take_the_place_of_the_sinusoids(tmp_path: Path) -> None:
    weights, table = random_weights(SMALL), np.ones((20, 40), dtype=np.float32)
    write_frontend(tmp_path / "own.onnx", SMALL, weights, {}, table=table)
    write_frontend(tmp_path / "usual.onnx", SMALL, weights, {})
    own, usual = (Session(tmp_path / name, 1, "cpu").run(mel_blocks()) for name in ("own.onnx", "usual.onnx"))
    assert np.allclose(own - 1, usual - positions(13, 40), atol=1e-5)


@pytest.mark.parametrize("shape", [(12, 40), (13, 39), (40,)])
def test_a_table_of_another_shape_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="table of positions has the shape"):
        write_frontend(tmp_path / "f.onnx", SMALL, random_weights(SMALL), {}, table=np.ones(shape, dtype=np.float32))


def test_an_unknown_precision_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no encoder of precision 'int2' can be written"):
        write_backend(tmp_path / "b.onnx", SMALL, random_weights(SMALL), {}, "int2")


def test_the_miniature_s_tensors_are_those_that_the_graphs_ask_for(tmp_path: Path) -> None:
    checkpoint, asked = Checkpoint(miniature.checkpoint("asr")), set()

    def weights(name: str) -> Floats:
        asked.add(name)
        return np.asarray(checkpoint.read(tensor_table.TOWER + name), dtype=np.float32)

    write_frontend(tmp_path / "f.onnx", checkpoint.config.audio, weights, {})
    write_backend(tmp_path / "b.onnx", checkpoint.config.audio, weights, {})
    assert asked == set(tensor_table.tower(checkpoint.config.audio))
