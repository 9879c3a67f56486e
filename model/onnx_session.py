"""ONNX graphs made ready to run, and what they run on: the one file that knows onnxruntime.

This file owns the execution providers: their names in the settings, their options, which of them are here, and which
`auto` tries. It does not know what a graph computes.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# Nothing about the user leaves the machine. Since 1.29 the official builds for Linux send usage events to their maker
# (release notes of onnxruntime-server 1.29.0), unless this is set before the library is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

from model.errors import ModelError

AUTO, CPU = "auto", "cpu"
PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    CPU: "CPUExecutionProvider",
}
"""Name in the settings -> name in onnxruntime."""
FIXED_SHAPES = frozenset({"tensorrt", "directml", "coreml"})
"""These compile a graph anew for every shape that comes: they are given one shape only."""
_AUTOMATIC = {"cuda": ("fp32", "fp16", "int4"), "directml": ("fp32", "fp16", "int4"), "coreml": ("fp32", "fp16")}
"""What `auto` tries before the processor, best first, and for which precisions: the products of others are not among
a provider's own, and their data would wander to and fro. TensorRT is missing because it builds its engines for
minutes: it runs for those who ask."""
_INSTALL = {
    "cuda": "onnxruntime-gpu in the place of onnxruntime, on a machine with an NVIDIA GPU",
    "tensorrt": "onnxruntime-gpu in the place of onnxruntime, and TensorRT, on a machine with an NVIDIA GPU",
    "directml": "onnxruntime-directml in the place of onnxruntime, on Windows",
    "coreml": "onnxruntime on macOS",
}
ENGINES = ".engines"
"""Directory beside a graph where TensorRT keeps what it has built."""
_NVIDIA = ("cuda", "tensorrt")
_FATAL_ONLY = 4
_SMALLEST = (
    b'\x08\x08:3\n\x0c\n\x01x\x12\x01y"\x04Relu\x12\x01gZ\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01'
    b"b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\x0e"
)
"""An ONNX model of one node, to see whether a provider can be had."""

Shape = tuple[int | None, ...]


class Session:
    """One graph on one provider.

    Args:
        path: of the ONNX file; a second file with its weights lies beside it.
        threads: of the processor's arithmetic; they do not spin while idle.
        provider: "cpu" or another of `installed`.
        lengths: of axes that the graph leaves free and that will not change, by the axis's name.

    Raises:
        ModelError: no ONNX file, a damaged one, or one that the provider cannot run; or the provider cannot be had.
    """

    def __init__(self, path: Path, threads: int, provider: str, lengths: Mapping[str, int] | None = None) -> None:
        self.path = path
        self._provider = provider
        options = _options(threads)
        for axis, length in (lengths or {}).items():
            options.add_free_dimension_override_by_name(axis, length)
        self._session = _load(path, options, provider)
        self._inputs = self._session.get_inputs()
        self._output = self._session.get_outputs()[0]

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """Shapes of the inputs, in the graph's order; None for a free axis."""
        return tuple(_shape(one) for one in self._inputs)

    @property
    def output(self) -> Shape:
        """Shape of the first output."""
        return _shape(self._output)

    def run(self, *arrays: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The first output, float32.

        Args:
            arrays: one for each input, in the graph's order; given in float16 to a graph that wants that.

        Raises:
            ModelError: the provider failed, for lack of memory or because the graph does not fit the arrays.
        """
        feed = {
            one.name: array.astype(_dtype(one), copy=False) for one, array in zip(self._inputs, arrays, strict=True)
        }
        try:
            found = self._session.run([self._output.name], feed)[0]
        except Exception as error:  # onnxruntime raises a dozen types of its own
            raise ModelError(f"{self.path} cannot be run: {_first_line(error)}", _remedy(self._provider)) from error
        return np.asarray(found, dtype=np.float32)


def installed() -> tuple[str, ...]:
    """Names of the providers that the installed onnxruntime was built with; the processor last."""
    offered = onnxruntime.get_available_providers()
    return tuple(name for name, known in PROVIDERS.items() if known in offered)


def available() -> tuple[str, ...]:
    """Names of the providers that work here: the installed ones, each tried on a graph of one node."""
    return tuple(name for name in installed() if name == CPU or _works(name))


def candidates(provider: str, precision: str) -> tuple[str, ...]:
    """The providers to try, one after the other.

    Args:
        provider: a name, or "auto".
        precision: of the graphs; empty if it is not known.

    Raises:
        ModelError: the provider that was asked for is not installed; says which are.
    """
    here = installed()
    if provider == AUTO:
        suited = (name for name, known in _AUTOMATIC.items() if not precision or precision in known)
        return (*(name for name in suited if name in here), CPU)
    if provider not in PROVIDERS:
        raise ModelError(f"there is no provider {provider!r}", f"Choose from {AUTO}, {', '.join(PROVIDERS)}.")
    if provider not in here:
        raise ModelError(
            f"the installed onnxruntime cannot compute on {provider}; it has: {', '.join(here)}",
            f"Install {_INSTALL[provider]}; or set model.provider to one of these or to {AUTO}.",
        )
    return (provider,)


def _works(provider: str) -> bool:
    try:
        _load(_SMALLEST, _options(1), provider)
    except ModelError:
        return False
    return True


def _options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _FATAL_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # A plan of the memory for every shape that ever came would only grow, and DirectML forbids it:
    # https://onnxruntime.ai/docs/execution-providers/DirectML-ExecutionProvider.html
    options.enable_mem_pattern = False
    return options


def _load(model: Path | bytes, options: Any, provider: str) -> Any:
    """An onnxruntime session whose first provider is the one that was asked for."""
    name = model if isinstance(model, Path) else "a graph of one node"
    places = [(PROVIDERS[provider], _provider_options(provider, model))]
    if provider != CPU:
        places.append((PROVIDERS[CPU], {}))
    said = _find_libraries() if provider in _NVIDIA else ""
    # What a provider says while it tries this and that (cuDNN's convolutions) goes past the session's own severity.
    onnxruntime.set_default_logger_severity(_FATAL_ONLY)
    try:
        # Without `enable_fallback` an error is an error, not a printed line and another provider.
        given = str(model) if isinstance(model, Path) else model
        session = onnxruntime.InferenceSession(given, options, providers=places, enable_fallback=0)
    except Exception as error:  # onnxruntime raises a dozen types of its own for a bad file
        where = "" if provider == CPU else f" on {provider}"
        raise ModelError(f"{name} cannot be loaded{where}: {_first_line(error)}", _remedy(provider)) from error
    # A provider whose library cannot be loaded is left out in silence.
    if PROVIDERS[provider] not in session.get_providers():
        raise ModelError(
            f"onnxruntime cannot compute on {provider} here: {said or 'its libraries or its device are missing'}",
            f"Check the driver and the libraries that {provider} needs, or set model.provider to {AUTO}.",
        )
    return session


def _find_libraries() -> str:
    """Load CUDA's libraries out of Python packages, where they are; returns what was said of those that are not."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        onnxruntime.preload_dlls()
    return said.getvalue().strip().partition("\n")[0]


def _provider_options(provider: str, model: Path | bytes) -> dict[str, Any]:
    if provider == "cuda":
        # Shapes change from call to call: a search for the fastest convolution would come again with each. TF32 would
        # make of float32 a type of 10 bits.
        return {
            "arena_extend_strategy": "kSameAsRequested",
            "cudnn_conv_algo_search": "HEURISTIC",
            "use_tf32": "0",
        }
    if provider == "tensorrt":
        options = {"trt_fp16_enable": ".fp16." in str(model), "trt_layer_norm_fp32_fallback": True}
        if isinstance(model, Path) and os.access(model.parent, os.W_OK):
            place = str(model.parent / ENGINES)
            return options | {"trt_engine_cache_enable": True, "trt_engine_cache_path": place}
        return options
    if provider == "coreml":
        return {"ModelFormat": "MLProgram", "MLComputeUnits": "CPUAndGPU", "RequireStaticInputShapes": "1"}
    return {}


def _shape(value: Any) -> Shape:
    return tuple(axis if isinstance(axis, int) and axis > 0 else None for axis in value.shape)


def _dtype(value: Any) -> type[np.floating[Any]]:
    return np.float16 if value.type == "tensor(float16)" else np.float32


def _remedy(provider: str) -> str:
    again = "Convert or fetch the model again."
    return again if provider == CPU else f"See whether it works with model.provider = {CPU}; if not: {again.lower()}"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
