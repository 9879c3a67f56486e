"""Steno's programs as tasks of the Task Scheduler, on Windows: their XML, and how schtasks is asked.

Source: Task Scheduler Schema, [MS-TSCH] 2.5.
"""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path

from clients.service_files import marked
from clients.service_jobs import DESCRIPTIONS, Job, Name, call, must
from pipeline.paths import CONFIG_VARIABLE, RUNTIME_VARIABLE

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
NO_LIMIT = "PT0S"
OPTIONS = {CONFIG_VARIABLE: "--config", RUNTIME_VARIABLE: "--runtime-dir"}
"""A task has no variables of its own: what these say it is told as options. Others must be the user's (setx)."""


def task_name(name: Name) -> str:
    """What the Task Scheduler calls it."""
    return f"Steno\\{name}"


def task_xml(job: Job, user: str) -> str:
    """Its task: begun when the user logs on."""
    options = [word for key, option in OPTIONS.items() if key in job.environ for word in (option, job.environ[key])]
    task = ET.Element("Task", version="1.3", xmlns=NAMESPACE)
    _add(task, "RegistrationInfo", Description=DESCRIPTIONS[job.name])
    _add(_add(task, "Triggers"), "LogonTrigger", Enabled="true", UserId=user)
    principal = _add(
        _add(task, "Principals"), "Principal", UserId=user, LogonType="InteractiveToken", RunLevel="LeastPrivilege"
    )
    principal.set("id", "user")
    settings = _add(
        task,
        "Settings",
        MultipleInstancesPolicy="IgnoreNew",
        DisallowStartIfOnBatteries="false",
        StopIfGoingOnBatteries="false",
        ExecutionTimeLimit=NO_LIMIT,
    )
    _add(settings, "RestartOnFailure", Interval="PT1M", Count="5")
    actions = _add(task, "Actions")
    actions.set("Context", "user")
    arguments = subprocess.list2cmdline([*job.command[1:], *options])
    _add(actions, "Exec", Command=job.command[0], Arguments=arguments)
    ET.indent(task)
    return '<?xml version="1.0"?>\n' + ET.tostring(task, encoding="unicode") + "\n"


def _add(parent: ET.Element, tag: str, **children: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    for name, text in children.items():
        ET.SubElement(element, name).text = text
    return element


class TaskScheduler:
    """The tasks of this user."""

    name = "task-scheduler"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._user = "\\".join(filter(None, (environ.get("USERDOMAIN"), environ.get("USERNAME", "USER"))))
        self._folder = Path(environ.get("LOCALAPPDATA", "~")).expanduser() / "steno" / "tasks"

    def file(self, name: Name) -> Path:
        """Where its XML is kept, so that what was installed is known."""
        return self._folder / f"{name}.xml"

    def text(self, job: Job) -> str:
        """Its XML."""
        return marked(task_xml(job, self._user), "<!-- ", " -->", line=1)

    def require(self) -> None:
        """Check that schtasks is there."""
        must(self._environ, "schtasks", "/Query", "/FO", "LIST")

    def begin(self, names: Sequence[Name], changed: Sequence[Name]) -> list[str]:
        """Register them, and run them now."""
        lines = []
        for name in names:
            task = task_name(name)
            must(self._environ, "schtasks", "/Create", "/F", "/TN", task, "/XML", str(self.file(name)))
            must(self._environ, "schtasks", "/Run", "/TN", task)
            lines.append(f"{task}: registered and started")
        return lines

    def end(self, names: Sequence[Name]) -> None:
        """End them, and have them forgotten."""
        for name in names:
            call(self._environ, "schtasks", "/End", "/TN", task_name(name))
            must(self._environ, "schtasks", "/Delete", "/F", "/TN", task_name(name))

    def forget(self, names: Sequence[Name]) -> None:
        """Nothing is left of a task that was deleted."""

    def describe(self, name: Name) -> str:
        """Its state in the words of Windows."""
        done = call(self._environ, "schtasks", "/Query", "/FO", "LIST", "/TN", task_name(name))
        if done.returncode:
            return "not registered"
        return ", ".join(line.strip() for line in done.stdout.splitlines()[-2:] if line.strip())
