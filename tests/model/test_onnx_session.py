from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from model import onnx_session
from model.errors import ModelError
from model.onnx_file import LARGE, OnnxFile
from model.onnx_session import Session, available, candidates, installed
from tests.model import damage

KNOWN = list(onnx_session.PROVIDERS.values())


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """y = x + a large constant."""
    path = tmp_path / "graph.onnx"
    with OnnxFile(path) as file:
        file.node("Add", "x", file.constant(np.ones(LARGE, dtype=np.float32)), output="y")
        file.save("add", {"x": ["n"]}, ("y", ["n"]), {})
    return path


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """An onnxruntime built with all providers, on a machine that has none of their devices."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: KNOWN)


def fake_sessions(monkeypatch: pytest.MonkeyPatch, working: set[str]) -> list[list[Any]]:
    """Let sessions get the providers of `working` alone, in silence, as onnxruntime does; returns what is asked for."""
    asked: list[list[Any]] = []
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: print("libcudnn.so.9 is missing"))
    real = onnxruntime.InferenceSession

    class Fake:
        def __init__(self, model: str | bytes, options: Any, providers: list[Any], **_: Any) -> None:
            asked.append(providers)
            self._real = real(model, options, providers=["CPUExecutionProvider"])
            self._names = [name for name, _ in providers if name in working]

        def get_providers(self) -> list[str]:
            return [*self._names, "CPUExecutionProvider"]

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Fake)
    return asked


def test_the_processor_is_always_there_and_comes_last() -> None:
    assert installed()[-1] == "cpu"
    assert available()[-1] == "cpu"
    assert candidates("cpu", "int8") == ("cpu",)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(
    ("precision", "expected"),
    [
        ("fp32", ("cuda", "directml", "coreml", "cpu")),
        ("fp16", ("cuda", "directml", "coreml", "cpu")),
        ("int4", ("cuda", "directml", "cpu")),
        ("int8", ("cpu",)),
        ("", ("cuda", "directml", "coreml", "cpu")),
    ],
)
def test_auto_tries_what_suits_the_precision_and_ends_with_the_processor(
    precision: str, expected: tuple[str, ...]
) -> None:
    assert candidates("auto", precision) == expected


@pytest.mark.usefixtures("everything")
def test_who_asks_for_a_provider_gets_it_whatever_the_precision() -> None:
    assert candidates("tensorrt", "int8") == ("tensorrt",)


@pytest.mark.parametrize("name", sorted(set(onnx_session.PROVIDERS) - {"cpu"}))
def test_a_provider_that_is_not_installed_is_an_error_that_says_what_is(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ModelError, match=f"cannot compute on {name}; it has: cpu") as caught:
        candidates(name, "fp32")
    assert "Install onnxruntime" in caught.value.hint


def test_an_unknown_provider_is_an_error() -> None:
    with pytest.raises(ModelError, match="there is no provider 'abacus'"):
        candidates("abacus", "fp32")


@pytest.mark.usefixtures("everything")
def test_a_provider_whose_library_is_missing_is_no_silent_matter(monkeypatch: pytest.MonkeyPatch, graph: Path) -> None:
    fake_sessions(monkeypatch, working=set())
    with pytest.raises(ModelError, match=r"cannot compute on cuda here: libcudnn\.so\.9 is missing"):
        Session(graph, 1, "cuda")
    with pytest.raises(ModelError, match="cannot compute on directml here: its libraries or its device are missing"):
        Session(graph, 1, "directml")


@pytest.mark.usefixtures("everything")
def test_only_providers_that_work_are_available(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_sessions(monkeypatch, working={"CUDAExecutionProvider"})
    assert available() == ("cuda", "cpu")


@pytest.mark.usefixtures("everything")
def test_tensorrt_keeps_its_engines_beside_the_graph_and_uses_float16_only_for_such_files(
    monkeypatch: pytest.MonkeyPatch, graph: Path
) -> None:
    asked = fake_sessions(monkeypatch, working={"TensorrtExecutionProvider"})
    Session(graph, 1, "tensorrt")
    half = graph.with_name("graph.fp16.onnx")
    half.write_bytes(graph.read_bytes())
    Session(half, 1, "tensorrt")
    options = [providers[0][1] for providers in asked]
    assert [one["trt_fp16_enable"] for one in options] == [False, True]
    assert options[0]["trt_engine_cache_path"] == str(graph.parent / ".engines")


def test_the_smallest_graph_is_a_graph() -> None:
    onnx.checker.check_model(onnx.load_from_string(onnx_session._SMALLEST))
    onnxruntime.InferenceSession(onnx_session._SMALLEST, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        *(("graph.onnx", harm) for harm in damage.ALL if harm is not damage.flip),
        *(("graph.onnx.data", harm) for harm in (damage.truncate, damage.empty, damage.delete)),
    ],
)
def test_a_broken_file_is_named(graph: Path, name: str, harm: Callable[[Path], None]) -> None:
    harm(graph.with_name(name))
    with pytest.raises(ModelError, match=r"graph\.onnx cannot be loaded: "):
        Session(graph, 1, "cpu")


def test_a_run_that_fails_names_the_file(graph: Path) -> None:
    session = Session(graph, 1, "cpu")
    with pytest.raises(ModelError, match=r"graph\.onnx cannot be run: "):
        session.run(np.zeros(3, dtype=np.float32))
    assert session.run(np.zeros(LARGE, dtype=np.float32)).sum() == LARGE


def test_free_axes_may_be_held_to_a_length(graph: Path) -> None:
    assert Session(graph, 1, "cpu").inputs == ((None,),)
    assert Session(graph, 1, "cpu", {"n": LARGE, "another": 7}).inputs == ((LARGE,),)


def test_a_graph_of_float16_is_given_and_gives_float32(tmp_path: Path) -> None:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT16, [2]) for name in "xy"]
    made = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "half", values[:1], values[1:])
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), str(tmp_path / "h"))
    found = Session(tmp_path / "h", 1, "cpu").run(np.array([1.0, -2.0], dtype=np.float32))
    assert found.dtype == np.float32
    assert found.tolist() == [-1.0, 2.0]
