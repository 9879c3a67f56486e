"""Files of a model on their way from a hub to this machine: which are needed, resumed where they broke off, checked.

This file owns what is fetched and when it counts as whole. It does not know a hub's protocol: two other files do.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

from model.errors import ModelError, UsageError
from model.progress import Progress

WANTED = (".safetensors", ".json", ".txt", ".jinja")
"""What conversion reads. A .bin is a pickle, which runs code when it is read: never fetched."""
TRIES = 3
"""In a row, without a byte that is new."""
PAUSE_S = 1.0
_BLOCK = 1 << 20
_TITLE = re.compile(rb"<title[^>]*>\s*(.*?)\s*</title", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class RemoteFile:
    """A file as the hub describes it."""

    name: str
    size: int
    """Bytes."""
    sha256: str = ""
    """Of the contents; empty if the hub says none."""
    git: str = ""
    """Git's own name for the contents: SHA-1 over "blob", the size and the bytes. Empty if the hub says none."""


@dataclass(frozen=True)
class Listing:
    """A repository of a hub, at one revision."""

    hub: str
    """The hub's host."""
    repository: str
    revision: str
    """Of the repository; what was listed and what is fetched belong together."""
    licence: str
    files: tuple[RemoteFile, ...]
    """Those that are needed."""


class BrokenOff(Exception):
    """A transfer ended before the file did; what has come may be kept."""


class Hub(Protocol):
    """A place that repositories are fetched from."""

    def list(self, repository: str) -> Listing:
        """What the repository holds.

        Raises:
            ModelError: the hub cannot be reached, or has no such repository.
        """

    def fetch(self, listing: Listing, file: RemoteFile, out: IO[bytes], offset: int) -> None:
        """Write the file's bytes from `offset` on.

        A hub that cannot begin in the middle truncates `out` and begins at the start.

        Raises:
            BrokenOff: the connection did not last.
            ModelError: the hub refuses.
        """


def host_of(address: str, variable: str) -> str:
    """The host in a hub's address, with its port.

    Args:
        variable: where the address comes from, for the error.

    Raises:
        UsageError: this is no address of a hub.
    """
    try:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.netloc.rpartition("@")[2]
    except ValueError:  # brackets, or a port that is none
        pass
    raise UsageError(f"{variable}: {address!r} is no address of a hub", "Write it as https://host, or unset it.")


def needed(files: list[RemoteFile], where: str) -> tuple[RemoteFile, ...]:
    """Those of a repository's files that conversion reads. Their names are plain: no folder, nothing hidden.

    Args:
        where: the repository, for the error.

    Raises:
        ModelError: no weights among them, or one that could not be checked.
    """
    plain = [file for file in files if re.fullmatch(r"[\w][\w. -]*", file.name)]
    wanted = tuple(sorted((file for file in plain if file.name.endswith(WANTED)), key=lambda file: file.name))
    if not any(file.name.endswith(".safetensors") for file in wanted):
        raise ModelError(
            f"{where} holds no .safetensors file, only: {', '.join(file.name for file in files) or 'nothing'}",
            "Weights in other forms (.bin, .pt) are not read: such a file can run code.",
        )
    for file in wanted:
        if not (file.sha256 or file.git):
            raise ModelError(
                f"{where} gives no hash for {file.name}: it could not be checked", "Fetch it from another hub."
            )
    return wanted


def missing(listing: Listing, directory: Path) -> int:
    """Bytes that are still to be fetched into `directory`."""
    return sum(max(0, file.size - _present(file, directory)) for file in listing.files)


def download(hub: Hub, listing: Listing, directory: Path, progress: Progress, pause_s: float = PAUSE_S) -> None:
    """Bring every file of the listing into `directory`, each checked against the hub's own hash.

    What an earlier call left there is taken up; what is damaged is deleted and, if it was left by an earlier call,
    fetched anew.

    Args:
        pause_s: between two tries of a file.

    Raises:
        ModelError: the hub or the disk fails, or what came is not what was promised.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for file in listing.files:
            path = directory / file.name
            if path.is_file() and not _wrong(path, file, progress):
                continue
            path.unlink(missing_ok=True)
            part = _part(file, directory)
            _fill(hub, listing, file, part, progress, pause_s)
            if wrong := _wrong(part, file, progress):
                part.unlink()
                raise ModelError(
                    f"{file.name} from {listing.hub} is damaged: {wrong}",
                    "It was deleted. Try again; if that does not help, try another hub (--from).",
                )
            part.replace(path)
        _tidy(listing, directory)
    except OSError as error:
        raise ModelError(f"{directory} cannot be written: {error.strerror or error}", "Free space there.") from error


class _Part(io.FileIO):
    """A file that grows as it comes, and no further than it should."""

    def __init__(self, path: Path, file: RemoteFile, progress: Progress) -> None:
        super().__init__(path, "a")
        self._path, self._file, self._progress = path, file, progress
        progress.begin(f"fetching {file.name}", file.size)
        progress.advance(self.tell())

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # bytes are all that a hub writes
        """Append the whole of it."""
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[super().write(rest) or 0 :]
        except OSError as error:
            raise ModelError(
                f"{self._path} cannot be written: {error.strerror}",
                "What has come is kept. Free space and try again.",
            ) from None
        self._progress.advance(len(data))
        if self.tell() > self._file.size:
            raise BrokenOff(f"more than {self._file.size} bytes came")
        return len(data)

    def truncate(self, size: int | None = None, /) -> int:
        """Begin again: the hub does not go on in the middle."""
        self._progress.begin(f"fetching {self._file.name}", self._file.size)
        return super().truncate(size)


def _fill(hub: Hub, listing: Listing, file: RemoteFile, path: Path, progress: Progress, pause_s: float) -> None:
    """Fetch until the file has its size. Ends when `TRIES` tries in a row have brought nothing new."""
    failures, most = 0, 0
    while True:
        reason = "it ended early"
        try:
            with _Part(path, file, progress) as out:
                if out.tell() < file.size:
                    hub.fetch(listing, file, out, out.tell())
        except BrokenOff as error:
            reason = str(error)
        _refuse_page(path, listing, file)
        now = path.stat().st_size
        if now >= file.size:
            return
        failures, most = (0, now) if now > most else (failures + 1, most)
        if failures >= TRIES:
            raise ModelError(
                f"{listing.hub}: {file.name} broke off after {now} of {file.size} bytes: {reason}",
                "What has come is kept: the same command goes on from there.",
            )
        time.sleep(pause_s)


def _wrong(path: Path, file: RemoteFile, progress: Progress) -> str:
    """What is wrong with the file; empty if it is what the hub promised."""
    size = path.stat().st_size
    if size != file.size:
        return f"it has {size} bytes and should have {file.size}"
    # The hash of git is of the file's own choosing: what is checked is that it arrived as it is there.
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    if size > _BLOCK:
        progress.begin(f"checking {file.name}", size)
    else:
        progress = Progress()  # over at once
    with path.open("rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
            progress.advance(len(block))
    if digest.hexdigest() != (file.sha256 or file.git).lower():
        return "its hash is not the one that the hub says"
    return ""


def page_title(head: bytes) -> str | None:
    """The title of a web page that begins with these bytes ("" if it has none); None if this is no web page."""
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower().startswith((b"<!doctype html", b"<html")):
        return None
    title = _TITLE.search(head)
    return " ".join(title[1].decode("utf-8", "replace").split())[:80] if title else ""


def page_error(hub: str, what: str, title: str) -> ModelError:
    """The error that a web page came in place of something else."""
    named = f" ({title!r})" if title else ""
    return ModelError(
        f"{hub} sent a web page{named} instead of {what}",
        "A proxy or the network's login page may stand between. Open the hub in a browser, then try again.",
    )


def _refuse_page(path: Path, listing: Listing, file: RemoteFile) -> None:
    with path.open("rb") as content:
        title = page_title(content.read(4096))
    if title is not None:
        path.unlink()
        raise page_error(listing.hub, file.name, title)


def _part(file: RemoteFile, directory: Path) -> Path:
    """The file while it comes. Its name holds the hash: what was begun of other contents is not taken up."""
    return directory / f".{file.name}.{(file.sha256 or file.git)[:16]}.part"


def _present(file: RemoteFile, directory: Path) -> int:
    for path in (directory / file.name, _part(file, directory)):
        if path.is_file():
            return path.stat().st_size
    return 0


def _tidy(listing: Listing, directory: Path) -> None:
    """Delete what older revisions left: conversion would read it too."""
    known = {file.name for file in listing.files}
    for path in directory.iterdir():
        if path.is_file() and path.name not in known and path.name.endswith((*WANTED, ".part")):
            path.unlink()
