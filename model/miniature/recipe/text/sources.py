"""Where text comes from: the packages that carry it, their versions and licences, and the table of all of it.

This file owns fetching a Debian or Python package into a cache folder and unpacking it. It knows no text.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """One row of the table of sources: whence the sentences of one kind are."""

    kind: str
    """As in the corpus, before the tab."""
    title: str
    package: str
    """`debian:NAME` or `pypi:NAME`; `here` for what the recipe itself makes."""
    version: str
    licence: str
    """SPDX where there is one."""
    train: int = 0
    """Sentences."""
    held: int = 0
    sha256: str = ""
    """Of the package's file, or of the recipe's own word lists."""


class SourceError(Exception):
    """A package cannot be had; the message says which and what to type."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that carries text."""

    name: str
    debian: bool
    """From Debian, or else from the Python package index."""
    version: str = ""
    """Pinned for Python packages. Debian serves one version of each release, which is recorded as it is found."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A package in the cache."""

    root: Path
    """What was in it."""
    label: str
    version: str
    sha256: str


def fetch(package: Package, cache: Path) -> Unpacked:
    """Fetch a package, unless the cache has it, and unpack it.

    Raises:
        SourceError: neither the cache nor the package manager has it.
    """
    cache.mkdir(parents=True, exist_ok=True)
    archive = _cached(package, cache)
    if archive is None:
        _download(package, cache)
        archive = _cached(package, cache)
    if archive is None:
        raise SourceError(f"{package.name} was fetched, but no file of it lies in {cache}")
    root = cache / archive.stem
    if not root.exists():
        _unpack(archive, root, package.debian)
    version = archive.stem.split("_")[1] if package.debian else package.version
    label = ("debian:" if package.debian else "pypi:") + package.name
    return Unpacked(root, label, version.replace("%3a", ":"), hashlib.sha256(archive.read_bytes()).hexdigest())


def _cached(package: Package, cache: Path) -> Path | None:
    stem = package.name if package.debian else package.name.replace("-", "_")
    pattern = f"{stem}_*.deb" if package.debian else f"{stem}-{package.version}-*.whl"
    return max(cache.glob(pattern), default=None)


def _download(package: Package, cache: Path) -> None:
    if package.debian:
        command = ["apt-get", "download", package.name]
        remedy = "run `apt-get update` on Debian 12, or put its .deb there"
    else:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        command.append(f"{package.name}=={package.version}")
        remedy = "see that pip reaches an index, or put its .whl there"
    if shutil.which(command[0]) is None:
        raise SourceError(f"{package.name} is not in {cache} and {command[0]} is not installed: {remedy}")
    done = subprocess.run(command, cwd=cache, capture_output=True, text=True, check=False)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise SourceError(f"{' '.join(command)} in {cache} returned {done.returncode} ({why[0]}): {remedy}")


def _unpack(archive: Path, root: Path, debian: bool) -> None:
    partial = root.with_name(root.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    if debian:
        done = subprocess.run(["dpkg", "-x", str(archive), str(partial)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SourceError(f"dpkg -x {archive} returned {done.returncode}: delete the file and try again")
    else:
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(partial)
    partial.rename(root)
