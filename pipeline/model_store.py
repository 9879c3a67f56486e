"""The models that this machine has: which there are, where each lies, and that it is whole.

A model is a folder in the store, named as the user types it, or any other folder with a converted package. This file
owns names and folders. It does not know where models come from, nor how one is run.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model import miniature, package, precisions
from model.errors import ModelError
from model.progress import Progress
from pipeline import paths
from pipeline.settings import ModelSettings

__all__ = [
    "ALL_DECODERS",
    "ALL_ENCODERS",
    "KINDS",
    "MINIATURE",
    "Model",
    "Progress",
    "Store",
    "convert",
    "inspect",
    "models_dir",
    "resolve",
    "usable",
    "verify",
]

MINIATURE = "miniature"
"""The name of the model that comes with Steno."""
KINDS = miniature.KINDS
ALL_ENCODERS: tuple[str, ...] = precisions.ENCODERS
ALL_DECODERS: tuple[str, ...] = precisions.DECODERS
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_GONE = ".partial"
"""Of a folder that is being made or removed; what a killed process left is swept away by the next conversion."""


@dataclass(frozen=True)
class Model:
    """What can be said of a model without opening it."""

    name: str
    directory: Path
    kinds: tuple[str, ...]
    """"asr", "aligner", or both; empty if the folder holds no package."""
    encoders: tuple[str, ...]
    """Precisions, best first; "" is one that the file does not name."""
    decoders: tuple[str, ...]
    size: int
    """Bytes."""
    fault: str
    """What is seen to be wrong with it without reading the files through; empty if nothing is."""


def models_dir() -> Path:
    """Where the store is: STENO_MODELS_DIR, or a folder of the user's data."""
    return paths.models_dir()


class Store:
    """The models in one directory, which need not exist."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or models_dir()

    def names(self) -> list[str]:
        """Of all models there, in order."""
        try:
            found = [entry.name for entry in self.directory.iterdir() if entry.is_dir()]
        except OSError:
            return []
        return sorted(name for name in found if _NAME.fullmatch(name) and name != MINIATURE)

    def place(self, name: str) -> Path:
        """Where a model of this name lies, or would.

        Raises:
            ModelError: this cannot be a model's name.
        """
        if not _NAME.fullmatch(name) or name == MINIATURE:
            raise ModelError(f"{name!r} is not the name of a model in the store", self.offer())
        return self.directory / name

    def find(self, name: str) -> Path:
        """The folder of the model.

        Raises:
            ModelError: there is none of this name.
        """
        place = self.place(name)
        if not _is_folder(place):
            raise ModelError(f"there is no model {name!r} in {self.directory}", self.offer())
        return place

    def remove(self, name: str) -> None:
        """Delete the model; at its name there is never half of it.

        Raises:
            ModelError: there is none of this name, or it cannot be deleted.
        """
        place = self.find(name)
        going = place.with_name(f".{name}.{os.getpid()}{_GONE}")
        try:
            if place.is_symlink():
                place.unlink()
                return
            place.rename(going)
            shutil.rmtree(going)
        except OSError as error:
            raise ModelError(
                f"{place} cannot be deleted: {error.strerror}", "See who owns it, and who uses it."
            ) from None

    def offer(self) -> str:
        """What there is, and how to get what there is not, as an error's hint."""
        there = ", ".join([MINIATURE, *self.names()])
        return f"There is: {there}. `steno model pull 0.6b` fetches one; a folder is named by its path."


def resolve(name_or_path: str, kind: str, cache: Path, progress: Progress | None = None) -> Path:
    """The folder of the model that a setting names.

    Args:
        name_or_path: "miniature", a name in the store, or a folder ("~" is the home directory).
        kind: "asr" or "aligner".
        cache: where the miniature is converted to.

    Raises:
        ModelError: there is no such model; it says what there is.
    """
    if name_or_path == MINIATURE:
        return miniature.package(kind, cache, progress)
    store = Store()
    try:
        path = Path(name_or_path).expanduser()
    except RuntimeError:
        raise ModelError(f"the model {name_or_path} is in the home directory of nobody", store.offer()) from None
    if not _is_path(name_or_path):
        if _NAME.fullmatch(name_or_path) and _is_folder(store.directory / name_or_path):
            return store.directory / name_or_path
        # An empty path would be the current directory.
        if not name_or_path or not _is_folder(path):
            raise ModelError(f"there is no model {name_or_path!r} in {store.directory}", store.offer())
    if not _is_folder(path):
        what = "is no folder" if os.path.lexists(path) else "does not exist"
        raise ModelError(f"the model {path} {what}", store.offer())
    return path


def inspect(directory: Path, name: str = "") -> Model:
    """What the folder holds, by its files' names and sizes alone."""
    sizes = _sizes(directory)
    found = {kind: package.precisions(kind, sizes) for kind in KINDS}
    kinds = tuple(kind for kind, (encoders, decoders) in found.items() if encoders or decoders)
    halves = [kind for kind in kinds if not all(found[kind])]
    # Of two kinds in one folder, both are shown as one list.
    encoders, decoders = (tuple(dict.fromkeys(p for kind in KINDS for p in found[kind][part])) for part in (0, 1))
    return Model(
        name=name or directory.name,
        directory=directory,
        kinds=kinds,
        encoders=encoders,
        decoders=decoders,
        size=sum(sizes.values()),
        fault=_fault(directory, sizes, bool(kinds)) or (f"{halves[0]}: half of it is missing" if halves else ""),
    )


def usable(model: Model, settings: ModelSettings) -> None:
    """See that each kind that the folder holds can be used with the precisions that are set for it.

    Raises:
        ModelError: it cannot; or the folder holds no model.
    """
    if not model.kinds:
        raise ModelError(f"{model.directory} holds no converted model", "A checkpoint: `steno model convert`.")
    for kind in model.kinds:
        encoder, decoder = settings.precisions(kind)
        package.open_package(model.directory, kind, encoder=encoder, decoder=decoder)


def verify(directory: Path, progress: Progress | None = None) -> int:
    """Read every file of a package and compare it with the manifest.

    Returns:
        How many files were compared.

    Raises:
        ModelError: names the first that is missing or damaged; or there is no manifest to compare with.
    """
    if not (directory / package.MANIFEST).exists():
        raise ModelError(
            f"{directory / package.MANIFEST} is missing: nothing says what the files should be",
            "A package that others converted has none and can be used; a checkpoint can be converted here.",
        )
    return package.verify_all(directory, progress)


def convert(
    checkpoint: Path,
    out: Path,
    encoders: Sequence[str],
    decoders: Sequence[str],
    progress: Progress | None = None,
) -> None:
    """Convert a checkpoint into the package `out`: `model.convert.convert`, for those who may not import the model."""
    # Brings along libraries that only a conversion needs.
    from model import convert as converter

    converter.convert(checkpoint, out, encoders, decoders, progress)


def _is_path(text: str) -> bool:
    return text.startswith((".", "~")) or any(separator in text for separator in ("/", os.sep, os.altsep) if separator)


def _is_folder(path: Path) -> bool:
    """Whatever the path is: one that is too long, or leads through a closed folder, is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _sizes(directory: Path) -> dict[str, int]:
    sizes = {}
    try:
        for entry in directory.iterdir():
            if entry.is_file():
                sizes[entry.name] = entry.stat().st_size
    except OSError:
        return {}
    return sizes


def _fault(directory: Path, sizes: dict[str, int], any_model: bool) -> str:
    if package.MANIFEST not in sizes:
        return "" if any_model else "holds no model"
    try:
        files = package.read_manifest(directory)
    except ModelError as error:
        return error.message
    for name, (size, _) in files.items():
        if name not in sizes:
            return f"{name} is missing"
        if sizes[name] != size:
            return f"{name} has {sizes[name]} bytes and should have {size}"
    return ""
