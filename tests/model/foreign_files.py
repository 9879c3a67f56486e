"""Packages as other converters leave them, made from Steno's own: fixed axes, no metadata, no manifest, other names."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
import onnx
from onnx import TensorProto, helper

from model.package import Package, backend_name, decoder_name, frontend_name

SECTIONS = [24, 20, 20, 0]
"""How the rope of three positions shares out the pairs of a head of 128."""
FILLING = -100.0


def foreign_package(
    own: Package, out: Path, architecture: str = "qwen3", *, encoder: str = "int8", decoder: str = "q8_0"
) -> Path:
    """Write a package with the contents of another, and call its precisions what is wanted."""
    out.mkdir(exist_ok=True)
    kind = own.config.kind
    write_frontend(own.frontend, out / frontend_name(kind, encoder))
    write_backend(own.backend, out / backend_name(kind, encoder))
    head = None if own.head is None else np.load(own.head, allow_pickle=False)
    write_decoder(own.decoder, out / decoder_name(kind, decoder), architecture, head)
    return out


def write_frontend(
    source: Path, target: Path, *, half: bool = False, output: str = "chunk_out", batch: int = 1
) -> None:
    """The convolutions of one block at a time: [1, bins, 100] -> [1, 13, width], and nothing said beside that."""
    model = onnx.load(str(source))
    _, bins, _ = (one.dim_value for one in model.graph.input[0].type.tensor_type.shape.dim)
    width = model.graph.output[0].type.tensor_type.shape.dim[2].dim_value
    _fix(model.graph.input[0], (batch, bins, 100))
    _fix(model.graph.output[0], (batch, 13, width))
    _rename_output(model, output)
    _save(model, target, half=half)


def write_backend(source: Path, target: Path, *, half: bool = False) -> None:
    """The transformer, without what Steno says of it."""
    _save(onnx.load(str(source)), target, half=half)


def write_decoder(
    source: Path,
    target: Path,
    architecture: str = "qwen3",
    head: np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None = None,
    extra: Mapping[str, int] | None = None,
) -> None:
    """Copy a GGUF file under another architecture, without Steno's keys; a head is filled up to the vocabulary."""
    reader = gguf.GGUFReader(str(source))
    writer = gguf.GGUFWriter(str(target), architecture)
    for field in reader.fields.values():
        if not field.name.startswith(("GGUF.", "general.architecture", "steno.")):
            kind = field.types[0]
            part = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name.replace("qwen3.", f"{architecture}.", 1), field.contents(), kind, part)
    if architecture == "qwen3vl":
        writer.add_rope_dimension_sections(SECTIONS)
    for key, value in (extra or {}).items():
        writer.add_uint32(f"{architecture}.{key}", value)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, np.asarray(tensor.data), raw_dtype=tensor.tensor_type)
    if head is not None:
        rows = int(next(tensor.shape[1] for tensor in reader.tensors if tensor.name == "token_embd.weight"))
        filled = np.full((rows, head.shape[1]), FILLING, dtype=np.float16)
        filled[: len(head)] = head
        writer.add_tensor("output.weight", filled)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def without_manifest(own: Package, out: Path) -> Path:
    """Steno's own files, and nothing that says whose they are."""
    shutil.copytree(own.directory, out)
    for path in out.glob("*.json"):
        path.unlink()
    (out / ".verified.json").unlink(missing_ok=True)
    return out


def _fix(value: onnx.ValueInfoProto, shape: tuple[int, ...]) -> None:
    for one, length in zip(value.type.tensor_type.shape.dim, shape, strict=True):
        one.dim_value = length


def _rename_output(model: onnx.ModelProto, name: str) -> None:
    old = model.graph.output[0].name
    model.graph.output[0].name = name
    for node in model.graph.node:
        for index, output in enumerate(node.output):
            if output == old:
                node.output[index] = name


def _save(model: onnx.ModelProto, target: Path, *, half: bool) -> None:
    del model.metadata_props[:]
    if half:
        _halve_rim(model)
    onnx.save(model, str(target))


def _halve_rim(model: onnx.ModelProto) -> None:
    """Take and give float16, as graphs do that were converted whole."""
    graph = model.graph
    for value in graph.input:
        value.type.tensor_type.elem_type = TensorProto.FLOAT16
        for node in graph.node:
            for index, name in enumerate(node.input):
                if name == value.name:
                    node.input[index] = f"{value.name}_wide"
        graph.node.insert(0, helper.make_node("Cast", [value.name], [f"{value.name}_wide"], to=TensorProto.FLOAT))
    old = graph.output[0].name
    _rename_output(model, f"{old}_half")
    graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT16
    for node in graph.node:
        for index, name in enumerate(node.output):
            if name == f"{old}_half":
                node.output[index] = f"{old}_wide"
    graph.node.append(helper.make_node("Cast", [f"{old}_wide"], [f"{old}_half"], to=TensorProto.FLOAT16))
