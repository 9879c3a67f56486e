"""`steno doctor`: says what works on this machine, and what to do about what does not.

It owns the list of checks and their wording. Each check asks the room that does the thing itself; those of what
computes are in `clients.doctor_machine`, the measuring in `clients.doctor_bench`.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator

import msgspec

from clients import doctor_machine, place, samples
from clients.control import is_running
from clients.desktop import doctor_desktop
from clients.devices import list_devices
from clients.doctor_finding import Finding
from clients.hotkey import doctor_hotkey
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
    "psutil",
    "pynput",
    "pyperclip",
    "pysubs2",
    "sounddevice",
    "soundfile",
    "soxr",
    "tomlkit",
    "tqdm",
    "webrtcvad",
    "zmq",
    *(("jeepney", "Xlib") if sys.platform == "linux" else ()),
)
"""Import names of what Steno needs."""


def run(arguments: argparse.Namespace) -> int:
    """Check everything, and measure if that was asked for; 1 if something is broken that Steno needs."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            found = check(arguments)
        except StenoError as error:
            found = Finding(name, "broken", error.message, error.hint)
        except Exception as error:
            found = Finding(name, "broken", f"{type(error).__name__}: {error}")
        findings.append(found)
        _say(_lines(found), arguments)
    report: object = None
    if arguments.bench:
        try:
            report = _bench(arguments)
        except StenoError as error:
            findings.append(Finding("bench", "broken", error.message, error.hint))
            _say(_lines(findings[-1]), arguments)
    if arguments.json:
        print(msgspec.json.encode({"checks": findings, "bench": report}).decode())
    return EXIT_FAILURE if any(found.state == "broken" for found in findings) else EXIT_OK


def _bench(arguments: argparse.Namespace) -> object:
    from clients import doctor_bench

    _say(["", f"measuring for at most {arguments.seconds:g} s:"], arguments)
    report = doctor_bench.bench(place.settings(arguments), arguments.seconds, lambda line: _say([line], arguments))
    _say(["", *doctor_bench.conclusion(report, arguments.seconds)], arguments)
    return report


def _say(lines: Iterable[str], arguments: argparse.Namespace) -> None:
    """Print lines for people, unless a program reads the output."""
    if not arguments.json:
        for line in lines:
            print(clean(line), flush=True)


def _lines(found: Finding) -> Iterator[str]:
    yield f"{found.state:<8} {found.name:<11} {found.text}"
    yield from (f"{'':<20} {line}" for line in found.details)
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
    from clients.doctor_answer import judge
    from pipeline.transcriber import Transcriber

    sample = samples.shipped(samples.SHORT)
    transcriber = Transcriber(settings, paths.cache_dir(), align=settings.align.enabled)
    try:
        heard = transcriber.transcribe(sample.path)
        details = tuple(f"{name} {detail}" for name, detail in transcriber.details.items())
    finally:
        transcriber.close()
    wrong, hint = judge(sample.text, heard.text)
    asr, name = settings.model.asr, sample.path.name
    if wrong:
        return Finding("models", "broken", f"{asr} {wrong} in {name}: {heard.text}", hint, details)
    return Finding("models", "ok", f"{asr} hears in {name}: {heard.text}", details=details)


CHECKS: dict[str, Callable[[argparse.Namespace], Finding]] = {
    "packages": _packages,
    "config": _config,
    "runtime": _runtime,
    "daemon": _daemon,
    "microphone": _microphone,
    "desktop": doctor_desktop.check,
    "hotkey": doctor_hotkey.check,
    "ffmpeg": _ffmpeg,
    "cores": doctor_machine.cores,
    "providers": doctor_machine.providers,
    "gpu": doctor_machine.gpu,
    "files": doctor_machine.files,
    "models": _models,
}
