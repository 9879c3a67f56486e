"""Steno's programs as user services of systemd: their units, and how systemctl is asked.

Sources: systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.syntax(7), systemd.special(7).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from clients.service_files import marked
from clients.service_jobs import DESCRIPTIONS, Job, Name, call, must, needs_desktop
from pipeline.errors import EXIT_USAGE, StenoError

GRAPHICAL = "graphical-session.target"
"""What a desktop reaches when windows can be shown, and leaves at its end."""
TERMINATED_EXIT = 143
"""What `steno` ends with after SIGTERM."""
WATCHDOG_S = 60
"""A program that gives no sign of life for so long is killed and started again. Only one that hangs gives none."""
START_S = 10.0
"""So long it is watched whether what was started runs; a daemon that loads a large model takes longer."""
WITHOUT = (
    "Without it, have your desktop start `steno daemon`, `steno type` and `steno hotkey`. "
    "`steno service print` shows the units."
)


def unit_name(name: Name) -> str:
    """What systemd calls it."""
    return f"steno-{name}.service"


def systemd_unit(job: Job) -> str:
    """The text of its user unit."""
    sections = {"Unit": _unit(job), "Service": _service(job), "Install": [f"WantedBy={_target(job)}"]}
    return "\n\n".join("\n".join([f"[{title}]", *lines]) for title, lines in sections.items()) + "\n"


def _target(job: Job) -> str:
    return GRAPHICAL if needs_desktop(job.name) else "default.target"


def _unit(job: Job) -> list[str]:
    lines = [f"Description={DESCRIPTIONS[job.name]}"]
    if needs_desktop(job.name):
        target, daemon = _target(job), unit_name("daemon")
        lines += [f"PartOf={target}", f"After={target} {daemon}", f"Wants={daemon}"]
    return [*lines, "StartLimitIntervalSec=120", "StartLimitBurst=5"]


def _service(job: Job) -> list[str]:
    lines = [
        "Type=notify",
        f"ExecStart={_command_line(job.command)}",
        *(f"Environment={_quoted(f'{key}={value}')}" for key, value in job.environ.items()),
        "Restart=on-failure",
        "RestartSec=2",
        # A wrong config.toml or command line: another start would end the same way.
        f"RestartPreventExitStatus={EXIT_USAGE}",
        f"SuccessExitStatus={TERMINATED_EXIT}",
        f"WatchdogSec={WATCHDOG_S}",
        # A first start may have models to convert.
        f"TimeoutStartSec={30 if needs_desktop(job.name) else 600}",
        "TimeoutStopSec=15",
        # SIGTERM to the program alone: it ends its children in order. What is left is killed, but not what the typist
        # leaves behind on purpose: a process that holds the clipboard.
        "KillMode=process" if job.name == "type" else "KillMode=mixed",
        # In a memory image there would be what was said.
        "LimitCORE=0",
    ]
    if job.name == "daemon":
        # It starts a worker that ran out of memory again; systemd is not to end the daemon for that.
        lines.append("OOMPolicy=continue")
    # What a user manager can do on every system: without namespaces, and without rules that a microphone, an X server
    # or a library that compiles at run time would break. `type` may start a program of the user's (text.post_edit).
    lines += ["NoNewPrivileges=yes", "LockPersonality=yes", "RestrictSUIDSGID=yes", "UMask=0077"]
    if job.name != "type":
        lines += ["RestrictNamespaces=yes", "SystemCallArchitectures=native"]
    return lines


def _command_line(words: Sequence[str]) -> str:
    if set(words[0]) & set("'\"\\"):  # in the name of the program systemd forbids these, in its arguments it does not
        words = ["/usr/bin/env", *words]
    return " ".join([_quoted(words[0]), *(_argument(word) for word in words[1:])])


def _quoted(text: str) -> str:
    """A word in which systemd finds neither the end of it nor a specifier."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%")
    plain = escaped == text and text and not any(character.isspace() or character in "'#;" for character in text)
    return text if plain else f'"{escaped}"'


def _argument(text: str) -> str:
    """The same for a word behind the first, in which `$` would begin a variable's name."""
    return _quoted(text).replace("$", "$$")


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
