"""`steno doctor`: says what works on this machine, and what to do about what does not.

It owns the list of checks and their wording. Each check asks the room that does the thing itself.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from clients import place, samples
from clients.control import is_running
from clients.devices import list_devices
from clients.terminal import clean
from pipeline import paths
from pipeline.errors import EXIT_FAILURE, EXIT_OK, StenoError
from pipeline.sockets import HUB, socket_path

PACKAGES = (
    "gguf",
    "jiwer",
    "llama_cpp",
    "msgspec",
    "numpy",
    "onnx",
    "onnxruntime",
    "platformdirs",
    "pysubs2",
    "sounddevice",
    "soundfile",
    "soxr",
    "tqdm",
    "webrtcvad",
    "zmq",
)
"""Import names of what Steno needs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    name: str
    state: Literal["ok", "warning", "broken"]
    text: str
    hint: str = ""


def run(arguments: argparse.Namespace) -> int:
    """Check everything; 1 if something is broken that Steno needs."""
    broken = False
    for name, check in CHECKS.items():
        try:
            found = check(arguments)
        except StenoError as error:
            found = Finding(name, "broken", error.message, error.hint)
        except Exception as error:
            found = Finding(name, "broken", f"{type(error).__name__}: {error}")
        for line in _lines(found):
            print(clean(line), flush=True)
        broken |= found.state == "broken"
    return EXIT_FAILURE if broken else EXIT_OK


def _lines(found: Finding) -> Iterator[str]:
    yield f"{found.state:<8} {found.name:<11} {found.text}"
    for line in found.hint.splitlines():
        yield f"{'':<20} -> {line}"


def _packages(_arguments: argparse.Namespace) -> Finding:
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        hint = "Install Steno again: make setup, or pip install -e ."
        return Finding("packages", "broken", f"missing: {', '.join(missing)}", hint)
    return Finding("packages", "ok", f"all {len(PACKAGES)} are installed")


def _config(arguments: argparse.Namespace) -> Finding:
    path = paths.config_file(arguments.config)
    place.settings(arguments)
    return Finding("config", "ok", str(path) if path else "no config.toml; the defaults are in force")


def _runtime(arguments: argparse.Namespace) -> Finding:
    runtime = place.runtime(arguments)
    socket_path(runtime, HUB)
    if runtime.exists():
        state = runtime.stat()
        if not runtime.is_dir():
            return Finding("runtime", "broken", f"{runtime} is no directory", "Choose another with --runtime-dir.")
        if hasattr(os, "getuid") and state.st_uid != os.getuid():
            hint = "Choose another with --runtime-dir."
            return Finding("runtime", "broken", f"{runtime} belongs to another user", hint)
        if os.name != "nt" and stat.S_IMODE(state.st_mode) & 0o077:
            hint = f"The daemon closes it when it starts; or: chmod 700 {runtime}"
            return Finding("runtime", "warning", f"{runtime} is open to other users", hint)
        return Finding("runtime", "ok", str(runtime))
    parent = next(folder for folder in runtime.parents if folder.exists())
    if not os.access(parent, os.W_OK):
        return Finding("runtime", "broken", f"{runtime} cannot be made", "Choose another with --runtime-dir.")
    return Finding("runtime", "ok", f"{runtime} (made when a daemon starts)")


def _daemon(arguments: argparse.Namespace) -> Finding:
    if is_running(place.runtime(arguments)):
        return Finding("daemon", "ok", "running; `steno status` says more")
    return Finding("daemon", "ok", "not running; `steno daemon` starts it")


def _microphone(_arguments: argparse.Namespace) -> Finding:
    try:
        devices = list_devices()
    except StenoError as error:
        return Finding("microphone", "warning", error.message, error.hint)
    names = [device.name for device in devices if device.default] or [device.name for device in devices]
    return Finding("microphone", "ok", f"{names[0]} ({len(devices)} in all; steno devices)")


def _ffmpeg(_arguments: argparse.Namespace) -> Finding:
    found = shutil.which("ffmpeg")
    if found is None:
        hint = "Install ffmpeg to transcribe m4a, mp4, webm and the like. On Debian: apt-get install ffmpeg"
        return Finding("ffmpeg", "warning", "not found", hint)
    return Finding("ffmpeg", "ok", found)


def _models(arguments: argparse.Namespace) -> Finding:
    if arguments.quick:
        return Finding("models", "ok", "not looked at (--quick)")
    settings = place.settings(arguments)
    from pipeline.transcriber import Transcriber

    sample: Path = samples.shipped(samples.SHORT).path
    transcriber = Transcriber(settings, paths.cache_dir(), align=settings.align.enabled)
    try:
        heard = transcriber.transcribe(sample)
    finally:
        transcriber.close()
    if not heard.text:
        return Finding("models", "broken", f"{settings.model.asr} hears nothing in {sample.name}")
    return Finding("models", "ok", f"{settings.model.asr} hears in {sample.name}: {heard.text}")


CHECKS: dict[str, Callable[[argparse.Namespace], Finding]] = {
    "packages": _packages,
    "config": _config,
    "runtime": _runtime,
    "daemon": _daemon,
    "microphone": _microphone,
    "ffmpeg": _ffmpeg,
    "models": _models,
}
