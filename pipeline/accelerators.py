"""What there is to compute on beside the processor: asked of the model's libraries for those who may not ask them."""

from __future__ import annotations


def providers() -> tuple[str, ...]:
    """What the installed onnxruntime can run an encoder on here, as the setting `model.provider` names it."""
    from model import onnx_session

    return onnx_session.available()


def gpus() -> tuple[str, ...]:
    """Names of the GPUs that the installed llama.cpp can run a decoder on; none if it was built without one."""
    from model import llama_library

    return llama_library.gpu_devices()
