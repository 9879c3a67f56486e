"""`steno service`: has the daemon, the typist and the hotkey started with the user's session.

It owns what is installed and how that is told. What a service manager is told, and how it is asked, stands in a file
for each: `clients.service_systemd`, `clients.service_launchd`, `clients.service_tasks`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from clients import service_files
from clients.service_jobs import NAMES, Job, Manager, Name
from clients.service_launchd import Launchd
from clients.service_systemd import Systemd
from clients.service_tasks import TaskScheduler
from clients.terminal import clean
from pipeline import paths
from pipeline.errors import EXIT_OK, StenoError, UsageError

MANAGERS: dict[str, Callable[[Mapping[str, str]], Manager]] = {
    "systemd": Systemd,
    "launchd": Launchd,
    "task-scheduler": TaskScheduler,
}
PLATFORMS = {"linux": "systemd", "darwin": "launchd", "win32": "task-scheduler"}
"""System, as Python names it -> its service manager."""
VARIABLES = (paths.CONFIG_VARIABLE, paths.RUNTIME_VARIABLE, paths.CACHE_VARIABLE, paths.MODELS_VARIABLE)
"""Where Steno keeps things, if it is not where it would be by itself. A service sees no other variable of the shell."""


def run(arguments: argparse.Namespace) -> int:
    """Install, remove, show what is installed, or print what would be.

    Raises:
        UsageError: an option that says nothing here.
        StenoError: no service manager, a file that was changed by hand, or what the manager said.
    """
    names = [name for name in NAMES if not arguments.only or name in arguments.only]
    if arguments.system is not None and arguments.action != "print":
        raise UsageError(f"--system is of `steno service print`, not of {arguments.action}")
    manager = _manager(arguments.system, os.environ)
    jobs = {name: Job(name, [*program(), name], environment(arguments, os.environ)) for name in names}
    match arguments.action:
        case "print":
            for name in names:
                print(f"# {manager.file(name)}\n{manager.text(jobs[name])}")
        case "install":
            _install(manager, jobs)
        case "remove":
            _remove(manager, names)
        case "status":
            for name in names:
                print(clean(f"{name:<8} {_status(manager, name)}"))
    return EXIT_OK


def _manager(name: str | None, environ: Mapping[str, str]) -> Manager:
    name = name or PLATFORMS.get(sys.platform)
    if name is None:
        raise StenoError(
            f"Steno knows no service manager of {sys.platform}", "Have your session start `steno daemon` by itself."
        )
    return MANAGERS[name](environ)


def program() -> list[str]:
    """How this installation's `steno` is called, by absolute paths."""
    python = Path(sys.executable)
    if sys.platform == "win32":  # a program without a window of its own
        return [str(python.with_name("pythonw.exe")), "-P", "-m", "clients.cli"]
    script = python.with_name("steno")
    return [str(script)] if script.is_file() else [str(python), "-P", "-m", "clients.cli"]


def environment(arguments: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, str]:
    """Where a service is to look, in variables: what was said by option, else by variable, as absolute paths.

    Raises:
        UsageError: a config file that is not there.
    """
    given = {name: environ[name] for name in VARIABLES if environ.get(name)}
    if arguments.config:
        given[paths.CONFIG_VARIABLE] = str(paths.config_file(arguments.config))
    if arguments.runtime_dir:
        given[paths.RUNTIME_VARIABLE] = arguments.runtime_dir
    return {name: str(Path(value).expanduser().absolute()) for name, value in given.items()}


def _install(manager: Manager, jobs: Mapping[Name, Job]) -> None:
    manager.require()
    for name in jobs:
        service_files.require_ours(manager.file(name), f"Move it away, then again: steno service install --only {name}")
    changed: list[Name] = []
    for name, job in jobs.items():
        path = manager.file(name)
        if service_files.write(path, manager.text(job)):
            changed.append(name)
        print(f"{'written' if name in changed else 'already there'}: {path}")
    try:
        lines = manager.begin(list(jobs), changed)
    except StenoError as error:
        raise StenoError(error.message, "The files are written. `steno service remove` removes them.") from None
    print("\n".join(clean(line) for line in lines))


def _remove(manager: Manager, names: list[Name]) -> None:
    there = [
        name
        for name in names
        if service_files.require_ours(manager.file(name), "Remove it yourself if it is not wanted any more.")
        != "absent"
    ]
    if not there:
        print("nothing is installed")
        return
    manager.require()
    manager.end(there)
    for name in there:
        service_files.remove(manager.file(name))
        print(f"ended and removed: {manager.file(name)}")
    manager.forget(there)


def _status(manager: Manager, name: Name) -> str:
    path = manager.file(name)
    found = service_files.state(path)
    if found == "absent":
        return "not installed"
    try:
        said = manager.describe(name)
    except StenoError as error:
        said = error.message
    return f"{said}; {path}{', changed by hand' if found == 'changed' else ''}"
