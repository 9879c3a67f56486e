"""The manifest of a converted package: every file's size and SHA-256, and whether the files still have them.

This file owns manifest.json and the stamp that remembers what was hashed. It knows nothing of kinds or precisions.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from model.errors import ModelError
from model.json_file import parsed
from model.plain_file import checked_file
from model.progress import Progress

MANIFEST = "manifest.json"
STAMP = ".verified.json"
"""What was hashed when: remembers files whose hash was found right, by size and times of change."""
_BLOCK = 1 << 20
_REMEDY = "Delete the directory {directory} and convert again."

Files = Mapping[str, tuple[int, str]]
"""Size and SHA-256 of every file of a package, by name."""


def sha256(*paths: Path, progress: Progress | None = None) -> str:
    """SHA-256 of the files' bytes, one after the other, in hexadecimal; each block is told as it is done.

    Raises:
        ModelError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        checked_file(path, "Fetch or convert the model again.")
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                    if progress:
                        progress.advance(len(block))
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}", "Fetch or convert the model again.") from error
    return digest.hexdigest()


def write_manifest(directory: Path, about: Mapping[str, Any], progress: Progress | None = None) -> None:
    """Write manifest.json over every file of the directory; `about` is added to it."""
    paths = sorted(path for path in directory.iterdir() if path.name != MANIFEST)
    files = {path.name: {"bytes": path.stat().st_size, "sha256": sha256(path, progress=progress)} for path in paths}
    text = json.dumps({**about, "files": files}, indent=1)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(directory: Path) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of every file of a package, by name.

    Raises:
        ModelError: no manifest, or one that cannot be understood or names files elsewhere.
    """
    path = directory / MANIFEST
    checked_file(path, "The package is incomplete; convert or fetch it again.")
    try:
        files = parsed(path.read_text(encoding="utf-8"))["files"]
        found = {str(name): (int(entry["bytes"]), str(entry["sha256"])) for name, entry in files.items()}
    except (OSError, ArithmeticError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} cannot be read: {error}", _REMEDY.format(directory=directory)) from error
    for name in found:
        if name in ("", ".", "..") or set(name) & {"/", "\\", "\0"}:
            raise ModelError(
                f"{path} names {name!r}, which is no file of this directory", _REMEDY.format(directory=directory)
            )
    return found


def verify(directory: Path, files: Files, names: Iterable[str]) -> None:
    """Check that the named files are what the manifest says: sizes always, a hash once.

    Raises:
        ModelError: names the first file that is missing or damaged.
    """
    stamp = _read_stamp(directory)
    fresh = dict(stamp)
    for name in names:
        status = _check_size(directory, files, name)
        mark = [files[name][1], files[name][0], status.st_mtime_ns, status.st_ctime_ns]
        if stamp.get(name) != mark:
            _check_hash(directory, files, name, Progress())
            fresh[name] = mark
    if fresh != stamp:
        _write_stamp(directory, fresh)


def verify_all(directory: Path, progress: Progress | None = None) -> int:
    """Hash every file that the manifest lists, whatever was hashed before; the number of files.

    Raises:
        ModelError: no manifest, or a file is missing or damaged: names the first one.
    """
    progress = progress or Progress()
    files = read_manifest(directory)
    marks = {}
    for name, (size, digest) in files.items():
        status = _check_size(directory, files, name)
        marks[name] = [digest, size, status.st_mtime_ns, status.st_ctime_ns]
    progress.begin(f"checking {directory.name}", sum(size for size, _ in files.values()))
    for name in files:
        _check_hash(directory, files, name, progress)
    _write_stamp(directory, marks)
    return len(files)


def _check_size(directory: Path, files: Files, name: str) -> os.stat_result:
    path, remedy = directory / name, _REMEDY.format(directory=directory)
    if name not in files:
        raise ModelError(f"{path} is not in {MANIFEST}", remedy)
    size, _ = files[name]
    found = checked_file(path, remedy)
    if found.st_size != size:
        raise ModelError(f"{path} is damaged: it has {found.st_size} bytes and should have {size}", remedy)
    return found


def _check_hash(directory: Path, files: Files, name: str, progress: Progress) -> None:
    path = directory / name
    if sha256(path, progress=progress) != files[name][1]:
        raise ModelError(
            f"{path} is damaged: its contents are not those that were written", _REMEDY.format(directory=directory)
        )


def _read_stamp(directory: Path) -> dict[str, list[Any]]:
    path = directory / STAMP
    try:
        # A pipe would be waited for without end.
        stamp = parsed(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(directory: Path, stamp: Mapping[str, list[Any]]) -> None:
    partial = directory / f"{STAMP}.{os.getpid()}"
    try:
        partial.write_text(json.dumps(stamp), encoding="utf-8")
        partial.replace(directory / STAMP)
    except OSError:
        # A package on a read-only disk is hashed at every start: slower, never wrong.
        return
