"""The files that `steno transcribe` writes: where they go, and that they are whole or not there.

It owns target names, their checks before work begins, and atomic writing. It does not know how a transcript is made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from pipeline.errors import StenoError, UsageError
from pipeline.transcript import Transcript


def _subtitles(form: str) -> Callable[[Transcript], str]:
    def render(transcript: Transcript) -> str:
        from clients import subtitles

        return subtitles.render(transcript, "vtt" if form == "vtt" else "srt")

    return render


WRITERS: dict[str, Callable[[Transcript], str]] = {
    "txt": lambda transcript: transcript.text + "\n" if transcript.text else "",
    "srt": _subtitles("srt"),
    "vtt": _subtitles("vtt"),
    "json": lambda transcript: msgspec.json.format(msgspec.json.encode(transcript), indent=2).decode() + "\n",
}


def plan(files: Sequence[Path], kinds: Sequence[str], directory: Path | None) -> dict[Path, dict[str, Path]]:
    """For each file, the target of each kind.

    Raises:
        UsageError: a file named twice, two files with the same target, or a target that is one of the files.
        StenoError: a directory that cannot be written to.
    """
    if directory is not None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StenoError(f"cannot make the output directory {directory}: {error.strerror}") from None
    targets: dict[Path, dict[str, Path]] = {}
    owners: dict[Path, Path] = {}
    inputs = {file.absolute() for file in files}
    for file in files:
        if file in targets:
            raise UsageError(f"{file} is named twice")
        targets[file] = {kind: (directory or file.parent) / f"{file.stem}.{kind}" for kind in kinds}
        for target in targets[file].values():
            if target.absolute() in inputs:
                raise UsageError(f"the output {target} would overwrite an input", "Choose another --output-dir.")
            other = owners.setdefault(target.absolute(), file)
            if other != file:
                raise UsageError(
                    f"{other} and {file} would both be written to {target}", "Transcribe them one at a time."
                )
    for folder in {target.parent for kinds_of in targets.values() for target in kinds_of.values()}:
        if folder.is_dir() and not os.access(folder, os.W_OK):
            raise StenoError(f"cannot write in {folder}", "Choose another place with --output-dir.")
    return targets


def write(path: Path, text: str) -> None:
    """Write the file whole, in place of what was there.

    Raises:
        StenoError: it cannot be written; then nothing is left behind.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise StenoError(f"cannot write {path}: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
