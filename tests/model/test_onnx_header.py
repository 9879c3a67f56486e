from __future__ import annotations

import random
from pathlib import Path

import pytest

from model.errors import ModelError
from model.onnx_header import read_graph
from model.package import Package
from tests.model import foreign_files


def test_the_shapes_of_free_and_fixed_axes_are_read(asr: Package, tmp_path: Path) -> None:
    back = read_graph(asr.backend)
    assert (back.inputs[0][2], back.inputs[1], back.outputs[0][2]) == (128, (None, 1, None, None), 256)
    foreign_files.write_frontend(asr.frontend, tmp_path / "front.onnx")
    front = read_graph(tmp_path / "front.onnx")
    assert (front.inputs, front.outputs) == (((1, 128, 100),), ((1, 13, 128),))


@pytest.mark.parametrize("data", [b"", b"text", b"\xff" * 40, b"\x3a\xff\xff\xff\x7f", b"\x08\x07"])
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"broken\.onnx is no whole ONNX file"):
        read_graph(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no\.onnx is missing"):
        read_graph(tmp_path / "no.onnx")


def test_a_harmed_file_is_read_or_refused_and_nothing_else(asr: Package, tmp_path: Path) -> None:
    foreign_files.write_frontend(asr.frontend, tmp_path / "front.onnx")
    whole, path, chance = (tmp_path / "front.onnx").read_bytes(), tmp_path / "harmed.onnx", random.Random(7)
    refused = []
    for index in range(200):
        data = bytearray(whole)
        data[chance.randrange(400 if index % 2 else len(data))] ^= chance.randrange(1, 256)
        path.write_bytes(data[: chance.randrange(len(data))] if index % 5 == 0 else data)
        try:
            read_graph(path)
        except ModelError as error:
            refused.append(error.message)
    assert len(refused) > 20
    assert [message for message in refused if "harmed.onnx" not in message] == []
