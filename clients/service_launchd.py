"""Steno's programs as agents of launchd, on macOS: their property lists, and how launchctl is asked.

Sources: launchd.plist(5), launchctl(1).
"""

from __future__ import annotations

import os
import plistlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clients.service_files import marked
from clients.service_jobs import Job, Name, call, must, needs_desktop


def label(name: Name) -> str:
    """What launchd calls it."""
    return f"steno.{name}"


def launchd_plist(job: Job, logs: Path) -> str:
    """The property list of its agent. What it says on stderr goes to a file in `logs`."""
    keys: dict[str, Any] = {
        "Label": label(job.name),
        "ProgramArguments": list(job.command),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 10,
        "ProcessType": "Interactive",
        "Umask": 0o077,
        "StandardErrorPath": str(logs / f"steno-{job.name}.log"),
    }
    if job.environ:
        keys["EnvironmentVariables"] = dict(job.environ)
    if needs_desktop(job.name):
        keys["LimitLoadToSessionType"] = "Aqua"
    return plistlib.dumps(keys, sort_keys=False).decode()


class Launchd:
    """The user's own launchd."""

    name = "launchd"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._library = Path(environ.get("HOME", "~")).expanduser() / "Library"
        self._domain = f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}"

    def file(self, name: Name) -> Path:
        """Where its property list is looked for."""
        return self._library / "LaunchAgents" / f"{label(name)}.plist"

    def text(self, job: Job) -> str:
        """Its property list."""
        return marked(launchd_plist(job, self._library / "Logs"), "<!-- ", " -->", line=1)

    def require(self) -> None:
        """Check that launchctl is there."""
        must(self._environ, "launchctl", "print", self._domain)

    def begin(self, names: Sequence[Name], changed: Sequence[Name]) -> list[str]:
        """Load them, those anew whose file is new."""
        lines = []
        for name in names:
            loaded = self._loaded(name)
            if loaded and name in changed:
                must(self._environ, "launchctl", "bootout", self._target(name))
                loaded = False
            if not loaded:
                must(self._environ, "launchctl", "bootstrap", self._domain, str(self.file(name)))
            lines.append(f"{label(name)}: loaded")
        return lines

    def end(self, names: Sequence[Name]) -> None:
        """Unload them."""
        for name in names:
            if self._loaded(name):
                must(self._environ, "launchctl", "bootout", self._target(name))

    def forget(self, names: Sequence[Name]) -> None:
        """Nothing is left of an agent that was unloaded."""

    def describe(self, name: Name) -> str:
        """Whether it is loaded, and its process."""
        done = call(self._environ, "launchctl", "print", self._target(name))
        pids = [line.split("=")[1].strip() for line in done.stdout.splitlines() if line.strip().startswith("pid =")]
        return "not loaded" if done.returncode else f"running (process {pids[0]})" if pids else "loaded, not running"

    def _target(self, name: Name) -> str:
        return f"{self._domain}/{label(name)}"

    def _loaded(self, name: Name) -> bool:
        return call(self._environ, "launchctl", "print", self._target(name)).returncode == 0
