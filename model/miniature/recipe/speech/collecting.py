"""Gathering an engine into a bundle: shared libraries, stand-ins for the sound devices, and changes of sample rate.

This file owns what the engines' `collect` functions and their reading side have in common; it knows none of them.
A bundle is a folder that makes an engine run on a machine without its packages: `bin/`, `lib/` and one folder for each
engine's voices.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from math import gcd
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from model.miniature.recipe.speech.voice import RATE, SpeechError

_EVERYWHERE = ("libc.so", "libm.so", "libdl.so", "libpthread.so", "librt.so", "ld-linux", "libstdc++.so", "libgcc_s.so")
"""Libraries that every machine which runs PyTorch has, and has no older than ours."""


def run(*command: str | Path) -> str:
    """Run a program of the collecting machine.

    Raises:
        SpeechError: it is not there or failed; says its name and the end of what it wrote.
    """
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise SpeechError(f"{command[0]} is not installed; the recipe's README lists the packages it needs") from error
    if done.returncode:
        raise SpeechError(f"{command[0]} returned {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def fetch(package: str, version: str, folder: Path) -> Path:
    """Download a package of the Python index, without what it depends on, and unpack it.

    Returns:
        The folder with its contents: a wheel's, or what an sdist has inside its own folder.

    Raises:
        SpeechError: it is not to be had.
    """
    run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation",
        "--dest", folder, f"{package}=={version}")  # fmt: skip
    archive = next(folder.glob(f"{package.replace('-', '?')}-{version}*"))
    shutil.unpack_archive(archive, folder / "unpacked", format="zip" if archive.suffix == ".whl" else None)
    inside = folder / "unpacked" / archive.name.removesuffix(".tar.gz")
    return inside if inside.is_dir() else folder / "unpacked"


def copy_libraries(program: Path, lib: Path, silenced: tuple[str, ...] = ()) -> None:
    """Copy the shared libraries of a program that a bare machine may lack.

    Args:
        silenced: beginnings of library names (sound devices) to replace by stand-ins that do nothing: the program
            starts, and whoever plays sound through them gets an error.
    """
    lib.mkdir(parents=True, exist_ok=True)
    paths = dict(re.findall(r"(\S+) => (/\S+)", run("ldd", program)))
    needed, waiting = set[str](), [str(program)]
    while waiting:
        for name in re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", waiting.pop())):
            if name in paths and name not in needed:
                needed.add(name)
                waiting += [] if silenced and name.startswith(silenced) else [paths[name]]
    quiet = {name for name in needed if silenced and name.startswith(silenced)}
    askers = [str(program), *(paths[name] for name in needed - quiet)]
    for name in sorted(needed):
        if name in quiet:
            _write_stand_in(lib / name, Path(paths[name]), askers)
        elif not name.startswith(_EVERYWHERE):
            shutil.copyfile(Path(paths[name]).resolve(), lib / name)


def _write_stand_in(library: Path, original: Path, askers: list[str]) -> None:
    """Write a library that exports, with their versions, the functions of the original that the askers import."""
    exported = set(re.findall(r"\s[TWi] (\S+?)@", run("nm", "-D", "--defined-only", original)))
    wanted = defaultdict[str, set[str]](set)
    for asker in askers:
        for symbol, version in re.findall(r"\sU (\S+?)@+(\S+)", run("nm", "-D", asker)):
            if symbol in exported:
                wanted[version].add(symbol)
    with tempfile.TemporaryDirectory() as folder:
        source, versions = Path(folder) / "silent.c", Path(folder) / "silent.map"
        symbols = sorted(set().union(*wanted.values()))
        source.write_text("".join(f"long {symbol}(void) {{ return -1; }}\n" for symbol in symbols))
        versions.write_text("".join(f"{one} {{ global: {'; '.join(sorted(of))}; }};\n" for one, of in wanted.items()))
        run("gcc", "-shared", "-fPIC", "-O1", "-nostdlib", "-o", library, source,
            f"-Wl,-soname,{library.name}", f"-Wl,--version-script={versions}")  # fmt: skip


def at_rate(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.int16]:
    """Samples of another rate as the recipe wants them.

    Args:
        samples: [n], full scale is 1; louder ones are clipped.

    Returns:
        [about n * RATE / rate].
    """
    if rate != RATE:
        common = gcd(rate, RATE)
        samples = resample_poly(samples, RATE // common, rate // common)
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)
