"""`python -m model.miniature.recipe.speech.bundle --out DIR`: the synthesisers in one folder that can be carried along.

This file owns where the parts come from, Debian packages, installed or downloaded; what an engine needs is in its own
`collect`. The folder runs on any Linux with the same or a newer C library, without the packages.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from model.miniature.recipe.speech.cast import ENGINES
from model.miniature.recipe.speech.packages import PACKAGES, installed, note
from model.miniature.recipe.speech.voice import SpeechError

_STUBS = {
    "libpcaudio.so.0": (
        "create_audio_device_object audio_object_open audio_object_close audio_object_destroy audio_object_write "
        "audio_object_drain audio_object_flush audio_object_strerror",
        "",
    ),
    "libasound.so.2": (
        "snd_pcm_close snd_pcm_drain snd_pcm_drop snd_pcm_hw_params snd_pcm_hw_params_any snd_pcm_hw_params_set_access "
        "snd_pcm_hw_params_set_channels snd_pcm_hw_params_set_format snd_pcm_hw_params_set_rate "
        "snd_pcm_hw_params_sizeof snd_pcm_open snd_pcm_prepare snd_pcm_resume snd_pcm_set_params snd_pcm_state "
        "snd_pcm_wait snd_pcm_writei snd_config_update_free_global snd_strerror",
        "ALSA_0.9",
    ),
}
"""Libraries for sound cards, which the engines are linked with: their functions, and the version of those."""


def parts(package: str, engine: str, licence: str, out: Path) -> Path:
    """The root below which the files of a Debian package lie; notes it in the bundle.

    Args:
        package: its name; the installed one is taken, else it is downloaded with apt-get.
        engine: whose it is.
        licence: of the package.
        out: the folder of the bundle.

    Raises:
        SpeechError: neither installed nor to be had.
    """
    if version := installed(package):
        note(out, engine, f"debian:{package}", version, licence)
        return Path("/")
    root = out / ".packages" / package
    if not root.is_dir():
        root.mkdir(parents=True)
        if _run("apt-get", "download", package, folder=root.parent) == "":
            root.rmdir()
            raise SpeechError(f"bundle: no package {package}: install it with apt-get")
        archive = next(root.parent.glob(f"{package}_*.deb"))
        _run("dpkg", "-x", str(archive), str(root))
        version = _run("dpkg-deb", "--field", str(archive), "Version").strip()
        note(out, engine, f"debian:{package}", version, licence)
        archive.unlink()
    return root


def take_library(root: Path, name: str, out: Path) -> None:
    """Copy a shared library, without its symbols for debuggers, to `out/lib/`.

    Args:
        root: of its package, as `parts` gives it.
        name: of the file.
        out: the folder of the bundle.

    Raises:
        SpeechError: it is missing.
    """
    found = next((path for path in sorted(root.glob(f"usr/lib/*-linux-gnu*/{name}"))), None)
    if found is None:
        raise SpeechError(f"bundle: no {name}: is its package another version?")
    target = out / "lib" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(found, target)
    if shutil.which("strip"):
        _run("strip", "--strip-unneeded", str(target))


def make_stub(name: str, out: Path) -> None:
    """Compile a library for `out/stubs/` in place of one for sound cards, which an engine needs and never calls.

    The real ones need dozens of others (a sound server's), which are on few servers.

    Raises:
        SpeechError: no C compiler.
    """
    functions, version = _STUBS[name]
    target = out / "stubs" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source, script = Path(folder, "stub.c"), Path(folder, "stub.map")
        source.write_text("".join(f"int {one}(void) {{ return 0; }}\n" for one in functions.split()))
        script.write_text(f"{version} {{ global: *; }};\n")
        command = ["cc", "-shared", "-fPIC", "-O1", "-s", f"-Wl,-soname,{name}", "-o", str(target), str(source)]
        if version:
            command.append(f"-Wl,--version-script={script}")
        _run(*command)
    if not target.is_file():
        raise SpeechError("bundle: no C compiler `cc`: install gcc")


def _run(*command: str, folder: Path | None = None) -> str:
    """Output of a program; nothing if it fails or does not exist."""
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def _packed(path: Path) -> int:
    """Bytes of a file or folder as .tar.xz."""
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w:xz") as archive:
            archive.add(path, arcname=path.name)
        return file.tell()


def main(arguments: list[str] | None = None) -> int:
    """Make the bundle; print its sizes."""
    parser = argparse.ArgumentParser(prog="python -m model.miniature.recipe.speech.bundle", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to make; an older bundle in it is replaced")
    parser.add_argument("--only", help="comma-separated names of engines (default: all)")
    options = parser.parse_args(arguments)
    chosen = options.only.split(",") if options.only else list(ENGINES)
    if unknown := sorted(set(chosen) - set(ENGINES)):
        parser.error(f"no engine {', '.join(unknown)}; there are {', '.join(ENGINES)}")
    if options.out.exists():
        if any(options.out.iterdir()) and not (options.out / PACKAGES).is_file():
            parser.error(f"{options.out} is not empty and no bundle: remove it yourself")
        shutil.rmtree(options.out)
    try:
        for name in chosen:
            importlib.import_module(ENGINES[name].module).collect(options.out)
    except SpeechError as error:
        print(error, file=sys.stderr)
        return 1
    shutil.rmtree(options.out / ".packages", ignore_errors=True)
    sizes = {path.name: _packed(path) for path in sorted(options.out.iterdir())}
    for name, size in {**sizes, "all": sum(sizes.values())}.items():
        print(f"{name:24} {size / 2**20:8.2f} MiB as .tar.xz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
