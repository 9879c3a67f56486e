"""What a service manager is told of Steno's programs: systemd's user units.

It owns their text, and the words that all service managers share. It does not know where they are put, nor who asks
systemd to run them.

Sources: systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.syntax(7), systemd.special(7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Name = Literal["daemon", "type", "hotkey"]
NAMES: tuple[Name, ...] = ("daemon", "type", "hotkey")
DESCRIPTIONS: dict[Name, str] = {
    "daemon": "Steno: dictation daemon",
    "type": "Steno: types what is said into the focused window",
    "hotkey": "Steno: listens while a key is held",
}
GRAPHICAL = "graphical-session.target"
"""What a desktop reaches when windows can be shown, and leaves at its end."""
USAGE_EXIT = 2
"""The exit code of a wrong config.toml or command line: another start would end the same way."""
TERMINATED_EXIT = 143
"""What `steno` ends with after SIGTERM."""
WATCHDOG_S = 60
"""A program that gives no sign of life for so long is killed and started again. Only one that hangs gives none."""


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
        f"RestartPreventExitStatus={USAGE_EXIT}",
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
