"""llama.cpp itself: what it says, which devices it has, how it loads a model, and its quantiser.

This file is the only importer of `llama_cpp`, of which it uses the C API alone. It knows nothing of contexts or of
tokens; `model.llama` does.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path

import llama_cpp.llama_cpp as api
from llama_cpp import _ctypes_extensions, _ggml

from model.errors import ModelError
from model.gguf_header import read_header

__all__ = ["ALL_LAYERS", "QUANTISED", "api", "gpu_devices", "load_model", "quantise", "reason", "start"]

ALL_LAYERS = -1
QUANTISED = {
    "q8_0": api.LLAMA_FTYPE_MOSTLY_Q8_0,
    "q6_k": api.LLAMA_FTYPE_MOSTLY_Q6_K,
    "q5_k": api.LLAMA_FTYPE_MOSTLY_Q5_K_M,
    "q4_k": api.LLAMA_FTYPE_MOSTLY_Q4_K_M,
    "q4_0": api.LLAMA_FTYPE_MOSTLY_Q4_0,
}
"""Precisions that the library can make out of a float file. Of the mixed ones the medium mix."""

_INFO_LEVEL = 2
_ERROR_LEVEL = 4
_CONTINUED = 5
"""GGML_LOG_LEVEL_* of ggml.h."""
_GPU_TYPES = (1, 2)
"""GGML_BACKEND_DEVICE_TYPE_GPU and _IGPU of ggml-backend.h: with its own memory, and with the machine's."""
_UNQUANTISED = (api.LLAMA_FTYPE_ALL_F32, api.LLAMA_FTYPE_MOSTLY_F16, api.LLAMA_FTYPE_MOSTLY_BF16)
_QUANTISER_BYTES = 256 << 20
"""Rows that the quantiser holds at once; its own default of 8 GiB is more than many machines have."""
_TENSOR_LINE = re.compile(r"\[ *(\d+)/ *(\d+)\]")


class _Hearing:
    """What the library says: its errors are kept for our own messages, its information goes to whoever asked."""

    def __init__(self) -> None:
        self.errors: deque[str] = deque(maxlen=8)
        self.listener: Callable[[str], None] | None = None
        self._level = 0

    def hear(self, level: int, text: str) -> None:
        """One line or a part of one; a part that continues another has the level of its beginning."""
        self._level = self._level if level == _CONTINUED else level
        if self._level == _ERROR_LEVEL:
            self.errors.append(text.strip())
        elif self._level == _INFO_LEVEL and self.listener is not None:
            self.listener(text)


_hearing = _Hearing()


def _hear(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    """Nothing of what the library says reaches the screen."""
    _hearing.hear(level, text.decode("utf-8", "replace"))


_log = api.llama_log_callback(_hear)


def start() -> None:
    """Make the library ready and forget what it said; to be called before each thing that is asked of it."""
    api.llama_log_set(_log, ctypes.c_void_p(0))
    api.llama_backend_init()
    _hearing.errors.clear()


def reason() -> str:
    """What the library has said of its errors since `start`."""
    return " ".join(filter(None, _hearing.errors)) or "no reason given"


def gpu_devices() -> tuple[str, ...]:
    """Names of the GPUs that this build of the library can use, such as "CUDA0 (NVIDIA H200)"; none in a CPU build."""
    start()
    base = _ctypes_extensions.load_shared_library("ggml-base", _ggml.libggml_base_path)
    count, get = _ggml.libggml.ggml_backend_dev_count, _ggml.libggml.ggml_backend_dev_get
    name, description = base.ggml_backend_dev_name, base.ggml_backend_dev_description
    kind = base.ggml_backend_dev_type
    count.restype, get.restype, get.argtypes = ctypes.c_size_t, ctypes.c_void_p, [ctypes.c_size_t]
    for function, result in ((name, ctypes.c_char_p), (description, ctypes.c_char_p), (kind, ctypes.c_int)):
        function.restype, function.argtypes = result, [ctypes.c_void_p]
    devices = [get(index) for index in range(count())]
    return tuple(
        f"{name(one).decode('utf-8', 'replace')} ({description(one).decode('utf-8', 'replace')})"
        for one in devices
        if kind(one) in _GPU_TYPES
    )


def load_model(path: Path, gpu_layers: int) -> tuple[api.llama_model_p, int]:
    """A model, to be freed by the caller, and how many of its layers a GPU computes.

    Args:
        path: a GGUF file of one of the architectures that Steno runs.
        gpu_layers: as in `model.llama.Llama`.

    Raises:
        ModelError: the file cannot be loaded, or layers were asked for and there is no GPU; says why.
    """
    read_header(path).check_decoder()
    devices = gpu_devices()
    if gpu_layers > 0 and not devices:
        raise ModelError(
            f"{gpu_layers} layers were asked for on a GPU, but this build of llama.cpp finds none",
            "Set gpu_layers to 0 or -1, or build llama.cpp for your GPU: CMAKE_ARGS=-DGGML_CUDA=on (NVIDIA), "
            "-DGGML_VULKAN=on (any) or -DGGML_METAL=on (Apple), before `make setup`.",
        )
    # Products of float16 are added up in float32: in float16 near ties fall out otherwise in a batch of another length.
    os.environ.setdefault("GGML_CUDA_CUBLAS_COMPUTE_TYPE", "f32")
    start()
    parameters = api.llama_model_default_params()
    parameters.n_gpu_layers = gpu_layers if devices else 0
    none = (ctypes.c_void_p * 1)()
    if parameters.n_gpu_layers == 0:
        # An empty list: else a GPU that computes nothing would still be started, with memory of its own.
        parameters.devices = ctypes.cast(none, ctypes.c_void_p)
    model = api.llama_model_load_from_file(os.fsencode(path), parameters)
    if not model:
        raise ModelError(f"{path} cannot be loaded: {reason()}", "Convert or fetch the model again.")
    most = api.llama_model_n_layer(model) + 1
    return model, most if parameters.n_gpu_layers < 0 else min(parameters.n_gpu_layers, most)


def is_unquantised(model: api.llama_model_p) -> bool:
    """Whether the file says that its matrices are of float32, float16 or bfloat16; one that does not say so is not."""
    said = ctypes.create_string_buffer(16)
    found = api.llama_model_meta_val_str(model, b"general.file_type", said, len(said))
    return found > 0 and said.value in {b"%d" % kind for kind in _UNQUANTISED}


def quantise(source: Path, target: Path, precision: str, threads: int, tell: Callable[[int, int], None]) -> None:
    """Write `target`, a quantised copy of the GGUF file `source`.

    What the library writes to a full disk may go missing without its notice: the caller has to check the size.

    Args:
        source: with tensors of float32, float16 or bfloat16.
        precision: one of QUANTISED. Rows that its blocks do not divide get the library's substitute.
        threads: of the arithmetic.
        tell: told the number of the tensor that is begun, from 1, and how many there are.

    Raises:
        ModelError: the library refuses; says why.
        Whatever `tell` raises, or an interrupt: once the library is done, since it cannot be stopped.
    """
    raised: list[BaseException] = []

    def listen(text: str) -> None:
        found = _TENSOR_LINE.match(text)
        if found and not raised:
            try:
                tell(int(found[1]), int(found[2]))
            except BaseException as error:  # none can pass through the library: raised again behind it
                raised.append(error)

    parameters = api.llama_model_quantize_default_params()
    parameters.nthread = threads
    parameters.ftype = QUANTISED[precision]
    parameters.max_buf_size = _QUANTISER_BYTES
    start()
    _hearing.listener = listen
    try:
        failed = api.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(parameters))
    finally:
        _hearing.listener = None
    if raised:
        raise raised[0]
    if failed:
        raise ModelError(f"{source} cannot be quantised to {precision}: {reason()}", "Convert the checkpoint again.")
