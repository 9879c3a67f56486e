"""A converted model on disk: which files it has, that they are whole, and which of them to run.

This file owns names, manifest.json and the choice of precision. It knows nothing of what is inside the files; no
native library is given a file that this one has not checked.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.config import CONFIG_FILE, ModelConfig
from model.errors import ModelError

MANIFEST = "manifest.json"
STAMP = ".verified.json"
"""What was hashed when: remembers files whose hash was found right, by size and times of change."""
STEMS = {"asr": ("qwen3_asr_encoder", "qwen3_asr_llm"), "aligner": ("qwen3_aligner_encoder", "qwen3_aligner_llm")}
ENCODER_PRECISIONS = ("fp32", "fp16", "int8", "int4")
"""Best first: the order in which "auto" looks."""
DECODER_PRECISIONS = ("f16", "bf16", "q8_0", "q6_k", "q5_k", "q4_k", "q4_0")
AUTO = "auto"
_BLOCK = 1 << 20
_REMEDY = "Delete the directory {directory} and convert again."

Progress = Callable[[str], None]
"""Told in a few words what is being done."""


@dataclass(frozen=True)
class Package:
    """The files of one model that will be run together."""

    directory: Path
    config: ModelConfig
    frontend: Path
    backend: Path
    decoder: Path
    head: Path | None
    """The aligner's classes, float32[classes, width]; None for the ASR model."""
    encoder_precision: str
    decoder_precision: str


def frontend_name(kind: str, precision: str) -> str:
    """File name of the convolutions."""
    return f"{STEMS[kind][0]}_frontend.{precision}.onnx"


def backend_name(kind: str, precision: str) -> str:
    """File name of the encoder's transformer."""
    return f"{STEMS[kind][0]}_backend.{precision}.onnx"


def decoder_name(kind: str, precision: str) -> str:
    """File name of the text decoder."""
    return f"{STEMS[kind][1]}.{precision}.gguf"


def head_name(kind: str) -> str:
    """File name of the aligner's head."""
    return f"qwen3_{kind}_head.npy"


def open_package(directory: Path, kind: str, encoder: str = AUTO, decoder: str = AUTO) -> Package:
    """Check a converted package and choose its files.

    Sizes are checked always. A hash is checked once: a stamp file in the directory remembers it for as long as size
    and times of the file stay what they were.

    Args:
        kind: "asr" or "aligner".
        encoder: a precision, or "auto" for the best there is.
        decoder: likewise.

    Raises:
        ModelError: no package, a file missing or damaged, another kind of model, or no such precision.
    """
    if not (directory / CONFIG_FILE).exists():
        raise ModelError(f"{directory} holds no model: {CONFIG_FILE} is missing", "Give the directory of a package.")
    files = read_manifest(directory)
    config = ModelConfig.from_directory(directory)
    if config.kind != kind:
        raise ModelError(f"{directory} holds a model of kind {config.kind}, not {kind}", "Give the other directory.")
    fronts = {p: frontend_name(kind, p) for p in ENCODER_PRECISIONS}
    encoder = _choose(directory, "encoder", encoder, fronts, files)
    decoders = {p: decoder_name(kind, p) for p in DECODER_PRECISIONS}
    decoder = _choose(directory, "decoder", decoder, decoders, files)
    names = [fronts[encoder], backend_name(kind, encoder), decoders[decoder]]
    head = head_name(kind) if config.aligner else None
    verify(directory, files, [CONFIG_FILE, *names, *([head] if head else [])])
    return Package(
        directory=directory,
        config=config,
        frontend=directory / names[0],
        backend=directory / names[1],
        decoder=directory / names[2],
        head=directory / head if head else None,
        encoder_precision=encoder,
        decoder_precision=decoder,
    )


def sha256(*paths: Path) -> str:
    """SHA-256 of the files' bytes, one after the other, in hexadecimal.

    Raises:
        ModelError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}", "Fetch or convert the model again.") from error
    return digest.hexdigest()


def write_manifest(directory: Path, about: dict[str, Any]) -> None:
    """Write manifest.json over every file of the directory; `about` is added to it."""
    paths = sorted(path for path in directory.iterdir() if path.name != MANIFEST)
    files = {path.name: {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in paths}
    text = json.dumps({**about, "files": files}, indent=1)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(directory: Path) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of every file of a package, by name.

    Raises:
        ModelError: no manifest, or one that cannot be understood.
    """
    path = directory / MANIFEST
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {str(name): (int(entry["bytes"]), str(entry["sha256"])) for name, entry in files.items()}
    except FileNotFoundError:
        raise ModelError(f"{path} is missing", "The package is incomplete; convert or fetch it again.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} cannot be read: {error}", _REMEDY.format(directory=directory)) from error


def verify(directory: Path, files: dict[str, tuple[int, str]], names: Iterable[str]) -> None:
    """Check that the named files are what the manifest says.

    Raises:
        ModelError: names the first file that is missing or damaged.
    """
    stamp = _read_stamp(directory)
    fresh = dict(stamp)
    for name in names:
        path = directory / name
        if name not in files:
            raise ModelError(f"{path} is not in {MANIFEST}", _REMEDY.format(directory=directory))
        size, digest = files[name]
        try:
            found = path.stat()
        except OSError:
            raise ModelError(f"{path} is missing", _REMEDY.format(directory=directory)) from None
        if found.st_size != size:
            raise ModelError(
                f"{path} is damaged: it has {found.st_size} bytes and should have {size}",
                _REMEDY.format(directory=directory),
            )
        mark = [digest, size, found.st_mtime_ns, found.st_ctime_ns]
        if stamp.get(name) == mark:
            continue
        if sha256(path) != digest:
            raise ModelError(
                f"{path} is damaged: its contents are not those that were written", _REMEDY.format(directory=directory)
            )
        fresh[name] = mark
    if fresh != stamp:
        _write_stamp(directory, fresh)


def _choose(directory: Path, part: str, wanted: str, names: dict[str, str], files: dict[str, tuple[int, str]]) -> str:
    have = [precision for precision, name in names.items() if name in files]
    if wanted == AUTO and have:
        return have[0]
    if wanted in have:
        return wanted
    there = ", ".join(have) or "none"
    raise ModelError(
        f"{directory} has no {part} of precision {wanted}; there is: {there}",
        f"Set the {part}'s precision to one of these or to {AUTO}.",
    )


def _read_stamp(directory: Path) -> dict[str, list[Any]]:
    try:
        stamp = json.loads((directory / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(directory: Path, stamp: dict[str, list[Any]]) -> None:
    partial = directory / f"{STAMP}.{os.getpid()}"
    try:
        partial.write_text(json.dumps(stamp), encoding="utf-8")
        partial.replace(directory / STAMP)
    except OSError:
        # A package on a read-only disk is hashed at every start: slower, never wrong.
        return
