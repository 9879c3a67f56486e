"""The doctor's checks of what computes: cores, providers of onnxruntime, GPUs of llama.cpp, the files and the memory.

Each says what there is and what the settings in force make of it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from clients import place
from clients.doctor_finding import Finding
from pipeline import accelerators, paths
from pipeline.cores import available_memory, logical_cores, physical_cores, share
from pipeline.settings import Settings

STAGES = ("encoder", "decoder", "aligner")
MEMORY_SHARE = 0.8
"""Of the free memory; a model's files are most of what a worker holds."""


def cores(arguments: argparse.Namespace) -> Finding:
    """Physical cores, and the threads that the daemon runs on them."""
    settings = place.settings(arguments).model
    there, threads = physical_cores(), share(physical_cores(), settings.encoder_threads, settings.decoder_threads)
    text = (
        f"{there} physical of {len(logical_cores())} logical; in the daemon the encoder has {threads[0]} and the "
        f"decoder {threads[1]} of them"
    )
    if sum(threads) > max(2, there):
        hint = "More threads than cores wait for each other: lower model.encoder_threads or model.decoder_threads."
        return Finding("cores", "warning", text, hint)
    return Finding("cores", "ok", text)


def providers(arguments: argparse.Namespace) -> Finding:
    """What onnxruntime can compute on."""
    wanted, there = place.settings(arguments).model.provider, accelerators.providers()
    text = f"{', '.join(there)} (model.provider = {wanted})"
    if wanted not in ("auto", *there):
        hint = f"Set model.provider to one of these, or install an onnxruntime that has {wanted}."
        return Finding("providers", "broken", text, hint)
    return Finding("providers", "ok", text)


def gpu(arguments: argparse.Namespace) -> Finding:
    """GPUs that llama.cpp can put the decoder on."""
    wanted, there = place.settings(arguments).model.gpu_layers, accelerators.gpus()
    text = ", ".join(there) or "none that llama.cpp was built for; the decoder runs on the processor"
    if wanted > 0 and not there:
        hint = "Set model.gpu_layers to -1, or install a llama-cpp-python that was built for your GPU."
        return Finding("gpu", "broken", f"{text} (model.gpu_layers = {wanted})", hint)
    return Finding("gpu", "ok", text)


def files(arguments: argparse.Namespace) -> Finding:
    """The models' files: that they are what was written, and how they compare with the free memory."""
    free = available_memory()
    if arguments.quick:
        return Finding("files", "ok", f"not looked at (--quick); {_gigabytes(free)} of memory are free")
    settings = place.settings(arguments)
    found = _files(settings)
    size = sum(path.stat().st_size for path in found)
    directories = list(dict.fromkeys(path.parent for path in found))
    unproven = [str(directory) for directory in directories if not (directory / "manifest.json").exists()]
    text = f"{_gigabytes(size)} in {len(found)} files, {_gigabytes(free)} of memory are free"
    state = f"no manifest.json says what they should be: {', '.join(unproven)}" if unproven else "as they were written"
    if size > MEMORY_SHARE * free:
        hint = (
            "Choose a smaller model or precision (model.asr, model.encoder, model.decoder), or align.enabled = false."
        )
        return Finding("files", "warning", f"{text}; {state}", hint)
    return Finding("files", "ok", f"{text}; {state}")


def _files(settings: Settings) -> list[Path]:
    from pipeline import loading

    cache, found = paths.cache_dir(), []
    for stage in STAGES[: 2 + settings.align.enabled]:
        for file in loading.plan(stage, settings.model, cache).files:
            # The weights of an ONNX graph may lie beside it, in a file named after it.
            found += sorted(file.parent.glob(f"{file.name}*"))
    return found


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 10**8 else f"{size / 1e6:.1f} MB"
