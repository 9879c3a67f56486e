"""`steno daemon`: becomes the daemon's process.

It owns how the daemon is called (`python -m daemon ...`), for itself and for those that start one as a child. It does
not know what the daemon does with its arguments, and checks only their form: the daemon says what is wrong.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from clients import place
from pipeline import paths
from pipeline.errors import UsageError


def command(runtime: Path, config: Path | None, settings: Mapping[str, str]) -> list[str]:
    """The daemon's command line.

    Args:
        runtime: its runtime directory.
        config: its config.toml, if any.
        settings: `section.key` -> value, above config.toml and environment.
    """
    line = [sys.executable, "-P", "-m", "daemon", "--runtime-dir", str(runtime)]
    if config is not None:
        line += ["--config", str(config)]
    for key, value in settings.items():
        line += ["--set", f"{key}={value}"]
    return line


def run(arguments: argparse.Namespace) -> int:
    """Run the daemon in the foreground, in this process where the system can do that.

    Raises:
        UsageError: an option that says nothing.
    """
    settings = dict(_pair(text) for text in arguments.set)
    if arguments.source is not None:
        settings["daemon.source"] = _absolute(arguments.source)
    if arguments.mode is not None:
        settings["daemon.mode"] = arguments.mode
    settings |= place.overrides(arguments)
    line = command(place.runtime(arguments), paths.config_file(arguments.config), settings)
    if os.name != "nt":  # there exec returns to the shell at once, while the new process goes on
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(line[0], line)
    return subprocess.call(line)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or "." not in key:
        raise UsageError(f"--set {text} is not SECTION.KEY=VALUE", "For example: --set vad.hangover_ms=800")
    return key.strip(), value


def _absolute(source: str) -> str:
    kind, colon, path = source.partition(":")
    if not source.strip() or (kind == "file" and colon and not path.strip()):
        raise UsageError(f'--source "{source}" names no source', "none, default, a microphone's name, or file:PATH")
    return f"file:{Path(path).expanduser().absolute()}" if kind == "file" and colon else source
