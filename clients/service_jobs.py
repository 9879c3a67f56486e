"""What `steno service` has run with the user's session, and what it asks of a service manager for that.

It owns these words, which systemd, launchd and the Task Scheduler share here, and how their own programs are called.
Each manager is a file of its own.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from pipeline.errors import StenoError

Name = Literal["daemon", "type", "hotkey"]
NAMES: tuple[Name, ...] = ("daemon", "type", "hotkey")
DESCRIPTIONS: dict[Name, str] = {
    "daemon": "Steno: dictation daemon",
    "type": "Steno: types what is said into the focused window",
    "hotkey": "Steno: listens while a key is held",
}
PATIENCE_S = 60.0
"""No such program takes longer, unless it hangs."""


@dataclass(frozen=True, slots=True)
class Job:
    """One program to be run with the user's session."""

    name: Name
    command: Sequence[str]
    """Its whole command line; the first word is an absolute path."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables that it is given."""


def needs_desktop(name: Name) -> bool:
    """Whether it has nothing to do without a graphical session."""
    return name != "daemon"


class Manager(Protocol):
    """A service manager of this user."""

    name: str
    """As in `steno service print --system`."""

    def file(self, name: Name) -> Path:
        """Where the file of a program is looked for."""

    def text(self, job: Job) -> str:
        """What stands in it."""

    def require(self) -> None:
        """Check that it can be asked.

        Raises:
            StenoError: it is not here, or does not answer.
        """

    def begin(self, names: Sequence[Name], changed: Sequence[Name]) -> list[str]:
        """Have these begin with the session, and now; `changed` are those whose file is new. What was done, in lines.

        Raises:
            StenoError: it refused.
        """

    def end(self, names: Sequence[Name]) -> None:
        """End these, and have them no longer begin with the session. Their files are still there.

        Raises:
            StenoError: it refused.
        """

    def forget(self, names: Sequence[Name]) -> None:
        """Their files are gone."""

    def describe(self, name: Name) -> str:
        """What the manager says of an installed one, for people.

        Raises:
            StenoError: it does not answer.
        """


def call(environ: Mapping[str, str], program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the service manager; its exit code is for the caller to judge.

    Raises:
        StenoError: it is not there, or does not end.
    """
    path = shutil.which(program, path=environ.get("PATH"))
    if path is None:
        raise StenoError(f"{program} is not installed here")
    try:
        return subprocess.run(
            [path, *arguments],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StenoError(f"{program} {' '.join(arguments)}: {error}") from None


def must(environ: Mapping[str, str], program: str, *arguments: str) -> str:
    """The same, and its output.

    Raises:
        StenoError: as `call`, and if it failed.
    """
    done = call(environ, program, *arguments)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise StenoError(f"{program} {' '.join(arguments)} failed: {said or f'exit code {done.returncode}'}")
    return done.stdout
