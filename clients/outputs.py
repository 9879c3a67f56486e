"""The files that `steno transcribe` writes: where they go, and that they are whole or not there.

It owns target names, their checks before work begins, and atomic writing. It does not know how a transcript is made.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
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
        with contextlib.suppress(OSError):  # an impossible name is told when its file's turn comes
            if folder.is_dir() and not os.access(folder, os.W_OK):
                raise StenoError(f"cannot write in {folder}", "Choose another place with --output-dir.")
    return targets


def write(path: Path, text: str) -> None:
    """Write the file whole, in place of what was there.

    Raises:
        StenoError: it cannot be written; then nothing is left behind.
    """
    with _unfinished(path, text) as file:
        file.replace(path)


def create(path: Path, text: str) -> None:
    """Write a new file whole.

    Raises:
        FileExistsError: there is one; it stays as it is.
        StenoError: it cannot be written; then nothing is left behind.
    """
    with _unfinished(path, text) as file:
        os.link(file, path)


def require_writable(path: Path) -> None:
    """See now that `write` will be able to.

    Raises:
        StenoError: it will not.
    """
    if path.is_dir():
        raise StenoError(f"cannot write {path}: it is a directory")
    with _unfinished(path, ""):
        pass


@contextlib.contextmanager
def _unfinished(path: Path, text: str) -> Iterator[Path]:
    """A file beside `path` that holds the text; gone afterwards. Its name is short: that of `path` may be at the limit.

    Raises:
        StenoError: it cannot be written, or what is done with it fails.
    """
    file = path.with_name(f".steno-{secrets.token_hex(4)}")
    try:
        with file.open("x", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        yield file
    except FileExistsError:
        raise
    except OSError as error:
        raise StenoError(f"cannot write {path}: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):  # must not hide the error that was the first
            file.unlink(missing_ok=True)
