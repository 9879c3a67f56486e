"""The packages that a bundle of synthesisers has parts of: version and licence of each.

This file owns the bundle's packages.json, from which the model card says whose voices were heard. An engine names its
packages where it is collected.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from model.miniature.recipe.speech.voice import SpeechError

PACKAGES = "packages.json"
"""In the folder: `debian:NAME` or `pypi:NAME` -> engine, version, licence (SPDX)."""


def installed(package: str) -> str | None:
    """The version of a Debian package that is installed here; None if it is not."""
    command = ["dpkg-query", "--show", "--showformat=${db:Status-Status} ${Version}", package]
    try:
        status, _, version = subprocess.run(command, capture_output=True, text=True, check=False).stdout.partition(" ")
    except OSError:  # not a Debian system
        return None
    return version if status == "installed" else None


def note_installed(out: Path, engine: str, licences: dict[str, str]) -> None:
    """Note Debian packages that a bundle was gathered from.

    Args:
        out: the folder of the bundle.
        engine: whose they are.
        licences: package and its licence.

    Raises:
        SpeechError: one is not installed.
    """
    for package, licence in licences.items():
        version = installed(package)
        if version is None:
            raise SpeechError(f"{engine}: no package {package}: install it with apt-get")
        note(out, engine, f"debian:{package}", version, licence)


def note(out: Path, engine: str, package: str, version: str, licence: str) -> None:
    """Note one package. Args: package: `debian:NAME` or `pypi:NAME`; the others as for `note_installed`."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / PACKAGES
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known[package] = {"engine": engine, "version": version, "licence": licence}
    path.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", encoding="utf-8")
