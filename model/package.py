"""A converted model on disk: which files it has, that they are whole, and which of them to run.

This file owns names and the choice of precision. A package of Steno's own has a manifest and is held to it. A directory
without one is taken as it is: its files go by their names, sizes and contents cannot be checked, and where it has no
config.json `model.foreign` finds out what the model is like. No native library is given a file that was not looked at.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from model import foreign
from model.config import CONFIG_FILE, GENERATION_FILE, ModelConfig
from model.errors import ModelError
from model.manifest import MANIFEST, STAMP, read_manifest, sha256, verify, verify_all, write_manifest
from model.plain_file import checked_file
from model.precisions import ENCODERS, QUANTISED

__all__ = [
    "AUTO",
    "DECODER_PRECISIONS",
    "ENCODER_PRECISIONS",
    "MANIFEST",
    "STAMP",
    "Package",
    "backend_name",
    "decoder_name",
    "frontend_name",
    "head_name",
    "open_package",
    "read_manifest",
    "sha256",
    "verify",
    "verify_all",
    "write_manifest",
]

STEMS = {"asr": ("qwen3_asr_encoder", "qwen3_asr_llm"), "aligner": ("qwen3_aligner_encoder", "qwen3_aligner_llm")}
ENCODER_PRECISIONS = ENCODERS
"""Best first: the order in which "auto" looks."""
DECODER_PRECISIONS = ("f16", "bf16", *QUANTISED)
AUTO = "auto"
UNNAMED = ""
"""The precision of a file that does not name it, such as qwen3_asr_llm.gguf: taken by "auto" when all others lack."""
_MOST_LISTED = 12


@dataclass(frozen=True)
class Package:
    """The files of one model that will be run together."""

    directory: Path
    config: ModelConfig
    frontend: Path
    backend: Path
    decoder: Path
    head: Path | None
    """The aligner's classes, float32[classes, width]. None for the ASR model, and for an aligner whose decoder holds
    them in its output matrix."""
    encoder_precision: str
    decoder_precision: str
    """Empty for files that do not name it."""


def frontend_name(kind: str, precision: str) -> str:
    """File name of the convolutions."""
    return _name(f"{STEMS[kind][0]}_frontend", precision, "onnx")


def backend_name(kind: str, precision: str) -> str:
    """File name of the encoder's transformer."""
    return _name(f"{STEMS[kind][0]}_backend", precision, "onnx")


def decoder_name(kind: str, precision: str) -> str:
    """File name of the text decoder."""
    return _name(STEMS[kind][1], precision, "gguf")


def head_name(kind: str) -> str:
    """File name of the aligner's head."""
    return f"qwen3_{kind}_head.npy"


def data_name(graph: str) -> str:
    """File name of the weights that an ONNX file keeps outside itself, as most exporters name it."""
    return f"{graph}.data"


def open_package(directory: Path, kind: str, encoder: str = AUTO, decoder: str = AUTO) -> Package:
    """Check a converted package and choose its files.

    With a manifest, sizes are checked always. A hash is checked once: a stamp file in the directory remembers it for as
    long as size and times of the file stay what they were. Without one, nothing but the files' names and headers can
    be checked. Such a directory may hold models of both kinds.

    Args:
        kind: "asr" or "aligner".
        encoder: a precision, or "auto" for the best there is.
        decoder: likewise.

    Raises:
        ModelError: no package, a file missing or damaged, another kind of model, or no such precision.
    """
    listing = _listing(directory)
    files = read_manifest(directory) if MANIFEST in listing else None
    names = listing if files is None else files.keys()
    if files is None and not any(name.startswith(STEMS[kind]) for name in names):
        raise ModelError(
            f"{directory} holds no model of kind {kind}; {_there(listing)}", "Give the directory of a package."
        )
    config = None if files is None else _own_config(directory, kind)
    encoder, front, back = _choose(directory, "encoder", encoder, _encoders(kind, names), names)
    decoder, gguf = _choose(directory, "decoder", decoder, _decoders(kind, names), names)
    head = head_name(kind) if kind == "aligner" and (config or head_name(kind) in names) else None
    used = [front, back, gguf, *([head] if head else [])]
    used += [data_name(name) for name in (front, back) if data_name(name) in names]
    if files is None:
        for name in used:
            checked_file(directory / name, "Fetch or convert the model again.")
    else:
        used += [GENERATION_FILE] if GENERATION_FILE in files else []
        verify(directory, files, [CONFIG_FILE, *used])
    places = (directory / front, directory / back, directory / gguf, directory / head if head else None)
    return Package(
        directory=directory,
        config=config or _foreign_config(directory, kind, *places),
        frontend=places[0],
        backend=places[1],
        decoder=places[2],
        head=places[3],
        encoder_precision=encoder,
        decoder_precision=decoder,
    )


def precisions(kind: str, names: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The encoders and decoders that are whole among files of these names, best first; "" is one that names none."""
    return tuple(_encoders(kind, names)), tuple(_decoders(kind, names))


def _name(stem: str, precision: str, suffix: str) -> str:
    return ".".join(filter(None, (stem, precision, suffix)))


def _listing(directory: Path) -> set[str]:
    try:
        return {entry.name for entry in os.scandir(directory)}
    except FileNotFoundError:
        raise ModelError(f"{directory} holds no model: it is missing", "Give the directory of a package.") from None
    except OSError as error:
        raise ModelError(
            f"{directory} holds no model: it cannot be read: {error.strerror}", "Give the directory of a package."
        ) from error


def _own_config(directory: Path, kind: str) -> ModelConfig:
    config = ModelConfig.from_directory(directory)
    if config.kind != kind:
        raise ModelError(f"{directory} holds a model of kind {config.kind}, not {kind}", "Give the other directory.")
    return config


def _foreign_config(
    directory: Path, kind: str, frontend: Path, backend: Path, decoder: Path, head: Path | None
) -> ModelConfig:
    """What config.json says, where it is the one of this model and whole; else what the files say.

    A directory of both kinds has one config.json at most, and one without generation_config.json names no end tokens.
    """
    if os.path.lexists(directory / CONFIG_FILE) and (kind == "aligner" or (directory / GENERATION_FILE).exists()):
        config = ModelConfig.from_directory(directory)
        if config.kind == kind:
            foreign.check_classes(config, decoder, head)
            return config
    return foreign.config_of(kind, frontend, backend, decoder, head)


def _encoders(kind: str, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Frontend and backend of each precision; a frontend that names none fits to any backend."""
    found: dict[str, tuple[str, ...]] = {}
    for precision in (*ENCODER_PRECISIONS, UNNAMED):
        fronts = [frontend_name(kind, one) for one in (precision, UNNAMED) if frontend_name(kind, one) in names]
        if fronts and backend_name(kind, precision) in names:
            found[precision] = (fronts[0], backend_name(kind, precision))
    return found


def _decoders(kind: str, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    known = (*DECODER_PRECISIONS, UNNAMED)
    return {one: (decoder_name(kind, one),) for one in known if decoder_name(kind, one) in names}


def _choose(
    directory: Path, part: str, wanted: str, have: dict[str, tuple[str, ...]], names: Iterable[str]
) -> tuple[str, ...]:
    """The precision and its files."""
    if wanted == AUTO and have:
        wanted = next(iter(have))
    if wanted in have:
        return (wanted, *have[wanted])
    there = ", ".join(one or "one that does not name it" for one in have) or "none"
    parts = f"Give a directory with a whole {part}: {_there(names)}."
    raise ModelError(
        f"{directory} has no {part} of precision {wanted}; there is: {there}",
        f"Set the {part}'s precision to one of these or to {AUTO}." if have else parts,
    )


def _there(names: Iterable[str]) -> str:
    """What a directory holds, in a few words."""
    shown = sorted(name for name in names if not name.startswith("."))
    more = f" and {len(shown) - _MOST_LISTED} more" if len(shown) > _MOST_LISTED else ""
    return f"there is {', '.join(shown[:_MOST_LISTED]) or 'no file'}{more}"
