"""An ONNX file in the making: its nodes and constants, and the large constants in a second file beside it.

This file owns the format and is the only importer of `onnx`. It knows no layers. What is large goes to `X.onnx.data`
as it comes, so that memory holds one constant at a time and a model may exceed the 2 GB of a protobuf message; each
begins where every system can map it into memory. Where nothing is large there is no second file.
Format: https://onnx.ai/onnx/repo-docs/ExternalData.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
"""The first opset with Gelu; LayerNormalization came with 17."""
IR_VERSION = 9
"""The oldest that allows this opset, for old runtimes."""
MICROSOFT = "com.microsoft"
"""Domain of the operators that onnxruntime adds to ONNX."""
DATA_SUFFIX = ".data"
LARGE = 1 << 16
"""Bytes from which a constant goes to the second file."""
ALIGNMENT = 1 << 16
"""Bytes. What Windows wants of the place of a mapping; a multiple of every page size in use."""

_TYPES: Mapping[npt.DTypeLike, int] = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16}


class OnnxFile:
    """One model while it is built: a context manager, whose `save` comes last.

    Raises:
        OSError: the files cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = path.with_name(path.name + DATA_SUFFIX)
        self._file = self._data.open("wb")
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def __enter__(self) -> OnnxFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def node(self, operator: str, *inputs: str, output: str = "", domain: str = "", **attributes: Any) -> str:
        """Add a node of one output; returns the output's name."""
        return self.nodes(operator, *inputs, outputs=[output or self._name()], domain=domain, **attributes)[0]

    def nodes(
        self, operator: str, *inputs: str, outputs: Sequence[str] | int, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node of several outputs, given by their names or their number; returns their names."""
        names = [self._name(one) for one in range(outputs)] if isinstance(outputs, int) else list(outputs)
        self._nodes.append(helper.make_node(operator, list(inputs), names, domain=domain, **attributes))
        return names

    def cast(self, x: str, dtype: str) -> str:
        """A value as "float32" or "float16"."""
        return self.node("Cast", x, to=_TYPES[dtype])

    def constant(self, values: npt.NDArray[np.generic], name: str = "") -> str:
        """Store an array; returns its name."""
        name = name or f"c{len(self._constants)}"
        values = np.ascontiguousarray(values)
        self._constants[name] = (
            self._outside(values, name) if values.nbytes >= LARGE else numpy_helper.from_array(values, name)
        )
        return name

    def ints(self, values: list[int]) -> str:
        """A constant of indices; the same values share one."""
        name = "i" + "_".join(map(str, values))
        return name if name in self._constants else self.constant(np.array(values, dtype=np.int64), name)

    def save(
        self,
        name: str,
        inputs: Mapping[str, Sequence[int | str]],
        output: tuple[str, Sequence[int | str]],
        metadata: Mapping[str, str],
    ) -> None:
        """Write the graph and check it.

        Args:
            name: of the graph.
            inputs: float32; name -> shape, in which a word is a free axis.
            output: float32; name and shape.
            metadata: kept in the file as words.

        Raises:
            OSError: the files cannot be written.
            onnx.checker.ValidationError: the nodes do not fit together.
        """
        self._file.close()
        if not self._data.stat().st_size:
            self._data.unlink()
        values = [_value(*one) for one in inputs.items()]
        graph = helper.make_graph(self._nodes, name, values, [_value(*output)], list(self._constants.values()))
        domains = {node.domain for node in self._nodes} - {""}
        opsets = [helper.make_opsetid("", OPSET), *(helper.make_opsetid(one, 1) for one in sorted(domains))]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="steno")
        helper.set_model_props(model, dict(metadata))
        self._path.write_bytes(model.SerializeToString())
        # By its path: only so does the checker see the second file.
        onnx.checker.check_model(str(self._path))

    def _name(self, output: int = 0) -> str:
        return f"v{len(self._nodes)}" + (f"_{output}" if output else "")

    def _outside(self, values: npt.NDArray[np.generic], name: str) -> onnx.TensorProto:
        self._file.write(bytes(-self._file.tell() % ALIGNMENT))
        tensor = TensorProto(
            name=name,
            data_type=helper.np_dtype_to_tensor_dtype(values.dtype),
            dims=values.shape,
            data_location=TensorProto.EXTERNAL,
        )
        place = {"location": self._data.name, "offset": self._file.tell(), "length": values.nbytes}
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self._file.write(values.data)
        return tensor


def _value(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
