"""Set Steno up in .venv: the locked packages, llama.cpp built for this machine, and Steno itself.

This file owns the set-up that `make setup` runs; it uses the standard library only, because nothing is installed yet.
It does not know what is in the lock, apart from one entry: llama-cpp-python comes as source, and building it takes
minutes. So its wheel is built once, with the flags below, and kept in the user's cache; later set-ups reuse it.
Everything that is downloaded by the lock is checked against the lock's hashes, that source included.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOG = VENV / "setup.log"
LOCK = ROOT / "requirements.lock"

OLDEST_PYTHON = (3, 11)
TAIL_LINES = 30  # of the log, shown when a step fails
TAIL_WIDTH = 240  # compiler command lines are long
NATIVE = "llama-cpp-python"
# Steno uses llama.cpp's library alone. Without its programs and image support the build takes half the time.
CMAKE_ARGS = (
    "-DLLAVA_BUILD=OFF",
    "-DLLAMA_BUILD_TOOLS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
)
# Some GCCs, 12.2 among them, leave out most of the configuration that a program loads into a processor's tiles (GCC bug
# 114098); the first product of a quantised model then ends in SIGILL. Without this macro llama.cpp uses no tiles.
NO_TILES = ("-DCMAKE_C_FLAGS=-U__AMX_INT8__", "-DCMAKE_CXX_FLAGS=-U__AMX_INT8__")

Count = Callable[[str], "tuple[int, int] | None"]
"""A line of a program's output -> (steps done, steps in all), or None if the line tells nothing."""


class SetupError(Exception):
    """The set-up cannot go on; the message says why and what to do."""


def split_lock(text: str, name: str) -> tuple[str, str]:
    """Split a lock into (the entry called `name`, all the others). Raise SetupError when there is no such entry."""
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    wanted = [entry for entry in entries if entry.startswith(f"{name}==")]
    if len(wanted) != 1:
        raise SetupError(f"{LOCK.name} has {len(wanted)} entries for {name}; it needs one.")
    return wanted[0], "".join(entry for entry in entries if entry is not wanted[0])


def entry_version(entry: str) -> str:
    """Return the version of an entry such as `name==1.2 --hash=...`."""
    return entry.partition("==")[2].split()[0]


def cmake_args(environ: dict[str, str], features: str) -> str:
    """Return Steno's CMake arguments followed by the user's, which therefore win."""
    tiles = NO_TILES if "amx_int8" in features.split() else ()
    return " ".join([*CMAKE_ARGS, *tiles, *shlex.split(environ.get("CMAKE_ARGS", ""))])


def cpu_features() -> str:
    """Return what the processor can do, sorted: the build uses it all (-march=native)."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo.read_text(), re.MULTILINE)
        if found:
            return " ".join(sorted(found[1].split()))
    return platform.processor() or platform.machine()


def wheel_key(version: str, arguments: str, features: str, tag: str, libc: str) -> str:
    """Return the name of a wheel's place in the cache: everything that makes a build unfit for another machine."""
    digest = hashlib.sha256("\n".join([arguments, features, libc]).encode()).hexdigest()
    return f"{version}-{tag}-{digest[:12]}"


def cached_wheel_directory(version: str, environ: dict[str, str]) -> Path:
    """Return the directory in which this machine's wheel of that version is kept; it may not exist yet."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    key = wheel_key(
        version,
        cmake_args(environ, cpu_features()),
        cpu_features(),
        sysconfig.get_platform(),
        " ".join(platform.libc_ver()),
    )
    return cache / "steno" / "wheels" / key


def native_wheel(entry: str, environ: dict[str, str], log: TextIO) -> Path:
    """Return the wheel of llama-cpp-python for this machine: from the cache, or built and put there."""
    kept = cached_wheel_directory(entry_version(entry), environ)
    for wheel in kept.glob("*.whl"):
        say(f"llama.cpp: using the wheel built before, {wheel.parent}")
        return wheel
    compilers = (environ.get("CXX", "c++").split()[0], "g++", "clang++")
    if os.name != "nt" and not any(shutil.which(name) for name in compilers):
        raise SetupError("llama.cpp needs a C++ compiler. On Debian: apt-get install g++")
    say("llama.cpp is built for this machine, once: about 7 minutes on two cores")
    kept.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that the rename below is atomic: a wheel in the cache is always a whole one.
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix="building-") as work:
        requirement = Path(work, "requirement.txt")
        requirement.write_text(entry)
        built = Path(work, "built")
        # --no-cache-dir: pip's own cache would give back a wheel that was built with other flags.
        command = [*pip("wheel"), "--verbose", "--no-cache-dir", "--require-hashes", "--no-deps", "--no-binary", NATIVE]
        run(
            "building llama.cpp",
            [*command, "--wheel-dir", str(built), "--requirement", str(requirement)],
            log,
            count=ninja_step,
            environ=build_environment(environ),
        )
        if not kept.exists():  # another set-up may have finished first
            built.rename(kept)
    return next(kept.glob("*.whl"))


def build_environment(environ: dict[str, str]) -> dict[str, str]:
    """Return the environment of the build: all cores, and ninja, whose output can be counted."""
    return {
        **environ,
        "CMAKE_ARGS": cmake_args(environ, cpu_features()),
        "CMAKE_BUILD_PARALLEL_LEVEL": environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1)),
        "SKBUILD_NINJA_MAKE_FALLBACK": "false",
    }


def ninja_step(line: str) -> tuple[int, int] | None:
    """Count ninja's lines, `[12/140] c++ ...`."""
    found = re.match(r"\s*\[(\d+)/(\d+)\] ", line)
    return (int(found[1]), int(found[2])) if found else None


def package_counter(lock: str) -> Count:
    """Return a counter of the entries of a lock that pip has looked at; it names the line of each, or ignores it."""
    total = len(re.findall(r"^[\w.-]+==", lock, re.MULTILINE))
    seen: set[str] = set()

    def count(line: str) -> tuple[int, int] | None:
        found = re.search(r"^Ignoring .*|\(line \d+\)\)", line)
        if not found:
            return None
        seen.add(found[0])
        return len(seen), total

    return count


# Programs and what the user sees of them


class Progress:
    """One step on the screen: a line that changes on a terminal, elsewhere a line for every tenth part."""

    def __init__(self, label: str, screen: TextIO) -> None:
        self._label = label
        self._screen = screen
        self._live = screen.isatty()
        self._tenth = -1
        self._started = time.monotonic()
        self._write(label + (" ..." if self._live else ""))

    def advance(self, done: int, total: int) -> None:
        """Show that `done` of `total` parts are ready."""
        tenth = done * 10 // total
        if self._live or tenth > self._tenth:
            self._write(f"{self._label} {done}/{total}")
        self._tenth = tenth

    def end(self, how: str) -> None:
        """Show how the step ended, and the time it took."""
        self._write(f"{self._label}: {how} ({time.monotonic() - self._started:.0f} s)")
        if self._live:
            self._screen.write("\n")

    def _write(self, text: str) -> None:
        self._screen.write(f"\r\x1b[Ksteno: {text}" if self._live else f"steno: {text}\n")
        self._screen.flush()


def say(text: str) -> None:
    """Print a line."""
    print(f"steno: {text}", flush=True)


def pip(command: str) -> list[str]:
    """Return the beginning of a pip command line."""
    return [str(PYTHON), "-m", "pip", command, "--disable-pip-version-check", "--no-input", "--progress-bar=off"]


def run(
    label: str,
    command: Sequence[str],
    log: TextIO,
    *,
    count: Count = lambda line: None,
    environ: dict[str, str] | None = None,
) -> None:
    """Run a program, its output into the log and its progress onto the screen. Raise SetupError if it fails."""
    progress = Progress(label, sys.stdout)
    log.write(f"\n$ {shlex.join(command)}\n")
    last = deque[str](maxlen=TAIL_LINES)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environ,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            log.flush()
            last.append(line[:TAIL_WIDTH].rstrip())
            if step := count(line):
                progress.advance(*step)
    if process.returncode != 0:
        progress.end("failed")
        output = "\n".join(f"    {line}" for line in last)
        raise SetupError(f"{label} failed; the end of its output:\n{output}\nAll of it is in {log.name}")
    progress.end("done")


def make_environment() -> None:
    """Make .venv, unless it is there and its Python still runs."""
    command = [str(PYTHON), "-c", "import pip"]
    if PYTHON.exists() and subprocess.run(command, check=False, capture_output=True).returncode == 0:
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError("this Python cannot make virtual environments. On Debian: apt-get install python3-venv")
    say(f"making {VENV.name} with Python {platform.python_version()}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)


def install(log: TextIO) -> None:
    """Install all that the lock names, and Steno itself as an editable package."""
    native, others = split_lock(LOCK.read_text(), NATIVE)
    with tempfile.TemporaryDirectory() as work:
        requirements = Path(work, "requirements.txt")
        requirements.write_text(others)
        # --no-deps: the lock is complete, there is nothing to resolve.
        run(
            "installing packages",
            [*pip("install"), "--require-hashes", "--no-deps", "--requirement", str(requirements)],
            log,
            count=package_counter(others),
        )
    wheel = native_wheel(native, dict(os.environ), log)
    # --force-reinstall: other build flags make another wheel of the same version.
    command = [*pip("install"), "--no-deps", "--no-index", "--force-reinstall", str(wheel)]
    run("installing llama.cpp", command, log)
    # --no-build-isolation: setuptools is in the lock.
    command = [*pip("install"), "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    run("installing steno", command, log)


def main() -> int:
    """Run the set-up; return the exit code."""
    if sys.version_info < OLDEST_PYTHON:
        say(f"Python 3.11 or newer is needed; this is {platform.python_version()}. Try: make setup PYTHON=python3.12")
        return 1
    try:
        make_environment()
        with LOG.open("w", encoding="utf-8") as log:
            install(log)
    except (SetupError, subprocess.CalledProcessError) as error:
        print(f"steno: set-up stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsteno: set-up interrupted; `make setup` begins again", file=sys.stderr)
        return 130
    say("set-up complete")
    return 0


if __name__ == "__main__":
    sys.exit(main())
