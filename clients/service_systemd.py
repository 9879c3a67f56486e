"""Steno's programs as user services of systemd.

It owns how systemctl is asked. What stands in a unit is `clients.service_units`' to say.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from clients.service_files import marked
from clients.service_manager import call, must
from clients.service_units import GRAPHICAL, Job, Name, needs_desktop, systemd_unit, unit_name
from pipeline.errors import StenoError

START_S = 10.0
"""So long it is watched whether what was started runs; a daemon that loads a large model takes longer."""
WITHOUT = (
    "Without it, have your desktop start `steno daemon`, `steno type` and `steno hotkey`. "
    "`steno service print` shows the units."
)


class Systemd:
    """The user's own systemd."""

    name = "systemd"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        config = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".config")
        self._folder = Path(config) / "systemd" / "user"

    def file(self, name: Name) -> Path:
        """Where its unit is looked for."""
        return self._folder / unit_name(name)

    def text(self, job: Job) -> str:
        """Its unit."""
        return marked(systemd_unit(job), "# ")

    def require(self) -> None:
        """Check that a user manager answers."""
        if shutil.which("systemctl", path=self._environ.get("PATH")) is None:
            raise StenoError("systemctl is not installed: this system is not run by systemd", WITHOUT)
        done = call(self._environ, "systemctl", "--user", "show-environment")
        if done.returncode:
            raise StenoError(
                f"there is no systemd user manager here: {done.stderr.strip()}",
                f"Log in to a session of your own (not su or sudo). {WITHOUT}",
            )

    def begin(self, names: Sequence[Name], changed: Sequence[Name]) -> list[str]:
        """Enable them; start them now, those of the desktop only if there is one."""
        self._systemctl("daemon-reload")
        self._systemctl("enable", *map(unit_name, names))
        desktop = self._show(GRAPHICAL, "ActiveState") == "active"
        now = [name for name in names if desktop or not needs_desktop(name)]
        for name in now:
            action = "restart" if name in changed else "start"
            self._systemctl("--no-block", action, unit_name(name))
        lines = [f"{unit_name(name)}: {self._settled(name)}" for name in now]
        later = [unit_name(name) for name in names if name not in now]
        if later:
            lines.append(
                f"{' and '.join(later)}: will start with {GRAPHICAL}, which is not active now. A desktop that never "
                "reaches it must start `steno type` and `steno hotkey` itself."
            )
        return lines

    def end(self, names: Sequence[Name]) -> None:
        """Stop and disable them."""
        self._systemctl("disable", "--now", *map(unit_name, names))

    def forget(self, names: Sequence[Name]) -> None:
        """Have it look again."""
        self._systemctl("daemon-reload")
        call(self._environ, "systemctl", "--user", "reset-failed", *map(unit_name, names))

    def describe(self, name: Name) -> str:
        """Whether it is enabled, and whether it runs."""
        self.require()
        unit = unit_name(name)
        stale = (
            "; its file is newer than what systemd has read" if self._show(unit, "NeedDaemonReload") == "yes" else ""
        )
        return f"{self._show(unit, 'UnitFileState') or 'unknown to systemd'}, {self._activity(name)}{stale}"

    def _settled(self, name: Name) -> str:
        """What became of a start, as soon as that is known."""
        deadline_s = time.monotonic() + START_S
        while self._show(unit_name(name), "ActiveState") == "activating" and time.monotonic() < deadline_s:
            time.sleep(0.1)
        return self._activity(name)

    def _activity(self, name: Name) -> str:
        unit = unit_name(name)
        state, result = self._show(unit, "ActiveState"), self._show(unit, "Result")
        match state:
            case "active":
                return f"running (process {self._show(unit, 'MainPID')})"
            case "activating":
                again = self._show(unit, "SubState") == "auto-restart"
                return f"fails and is started again ({result}): {_log(unit)}" if again else "starting"
            case "failed":
                return f"failed ({result}): {_log(unit)}"
        return "not running" if state == "inactive" else state

    def _show(self, unit: str, key: str) -> str:
        return must(self._environ, "systemctl", "--user", "show", "--value", f"--property={key}", unit).strip()

    def _systemctl(self, *arguments: str) -> None:
        must(self._environ, "systemctl", "--user", *arguments)


def _log(unit: str) -> str:
    return f"journalctl --user -u {unit}"
