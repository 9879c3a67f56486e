"""What service managers are told, what they are asked, and that a file changed by hand is left alone."""

from __future__ import annotations

import plistlib
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients import service_files
from clients.service_jobs import NAMES, Job, Name
from clients.service_launchd import Launchd, launchd_plist
from clients.service_systemd import systemd_unit
from clients.service_tasks import NAMESPACE, TaskScheduler, task_xml
from pipeline.errors import StenoError
from tests.clients.desktop_programs import Programs

Steno = Callable[..., "subprocess.CompletedProcess[str]"]
AWKWARD = "/opt/a  b/<&>\"' %h/steno"


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path / "programs")


def lines(job: Job, key: str) -> list[str]:
    return [line.partition("=")[2] for line in systemd_unit(job).splitlines() if line.startswith(f"{key}=")]


@pytest.mark.parametrize(
    ("word", "first", "later"),
    [
        ("/usr/bin/steno", "/usr/bin/steno", "/usr/bin/steno"),
        ("/a b", '"/a b"', '"/a b"'),
        ("/a%h", '"/a%%h"', '"/a%%h"'),
        ("/$HOME", "/$HOME", "/$$HOME"),
        ("/a;b", '"/a;b"', '"/a;b"'),
        ('/a"b', '/usr/bin/env "/a\\"b"', '"/a\\"b"'),
        ("/a\\b", '/usr/bin/env "/a\\\\b"', '"/a\\\\b"'),
        ("/a\nb", '"/a\\nb"', '"/a\\nb"'),
        ("", '""', '""'),
    ],
)
def test_systemd_is_given_words_that_it_reads_as_they_are(word: str, first: str, later: str) -> None:
    assert lines(Job("daemon", ["/steno", word]), "ExecStart") == [f"/steno {later}"]
    if word:
        assert lines(Job("daemon", [word]), "ExecStart") == [first]


def test_a_unit_says_when_it_begins_and_when_it_is_begun_again() -> None:
    assert lines(Job("daemon", ["/steno"]), "WantedBy") == ["default.target"]
    assert lines(Job("daemon", ["/steno"]), "PartOf") == []
    for name in ("type", "hotkey"):
        job = Job(name, ["/steno"])
        assert lines(job, "WantedBy") == lines(job, "PartOf") == ["graphical-session.target"]
        assert "graphical-session.target" in lines(job, "After")[0]
    for name in NAMES:
        job = Job(name, ["/steno"], {"STENO_CONFIG": "/a b.toml"})
        assert lines(job, "Type") == ["notify"]
        assert lines(job, "Restart") == ["on-failure"]
        assert lines(job, "WatchdogSec") and lines(job, "StartLimitBurst")  # noqa: PT018
        assert lines(job, "Environment") == ['"STENO_CONFIG=/a b.toml"']


@pytest.mark.parametrize("name", NAMES)
def test_a_property_list_says_what_the_job_is(name: Name) -> None:
    job = Job(name, [AWKWARD, name], {"STENO_CONFIG": AWKWARD})
    text = service_files.marked(launchd_plist(job, Path("/logs")), "<!-- ", " -->", line=1)
    read = plistlib.loads(text.encode())
    assert read["ProgramArguments"] == [AWKWARD, name]
    assert read["EnvironmentVariables"] == {"STENO_CONFIG": AWKWARD}
    assert read["KeepAlive"] == {"SuccessfulExit": False}
    assert read["RunAtLoad"] is True


SCHEMA = {
    "Task": {"RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"},
    "RegistrationInfo": {"Description"},
    "Triggers": {"LogonTrigger"},
    "LogonTrigger": ["Enabled", "UserId"],
    "Principals": {"Principal"},
    "Principal": {"UserId", "LogonType", "RunLevel"},
    "Settings": {
        "MultipleInstancesPolicy",
        "DisallowStartIfOnBatteries",
        "StopIfGoingOnBatteries",
        "ExecutionTimeLimit",
        "RestartOnFailure",
    },
    "RestartOnFailure": ["Interval", "Count"],
    "Actions": {"Exec"},
    "Exec": {"Command", "Arguments"},
}
"""Of [MS-TSCH] 2.5: the elements that are used here, and what each may hold; a list is a sequence."""


@pytest.mark.parametrize("name", NAMES)
def test_a_task_is_what_its_schema_allows(name: Name) -> None:
    job = Job(name, [AWKWARD, "-m", "clients.cli", name], {"STENO_CONFIG": "C:\\a b.toml", "STENO_CACHE_DIR": "C:\\c"})
    task = ET.fromstring(service_files.marked(task_xml(job, "HOME\\Zoë"), "<!-- ", " -->", line=1))
    assert task.get("version") == "1.3"
    for element in task.iter():
        tag, allowed = element.tag.removeprefix(f"{{{NAMESPACE}}}"), [child.tag for child in element]
        children = [child.removeprefix(f"{{{NAMESPACE}}}") for child in allowed]
        expected = SCHEMA.get(tag, set())
        assert children == expected if isinstance(expected, list) else set(children) == expected, tag
        assert len(children) == len(set(children))
    found = {element.tag.removeprefix(f"{{{NAMESPACE}}}"): element for element in task.iter()}
    assert found["Command"].text == AWKWARD
    assert found["Arguments"].text == f'-m clients.cli {name} --config "C:\\a b.toml"'
    assert found["UserId"].text == "HOME\\Zoë"
    assert found["Actions"].get("Context") == found["Principal"].get("id")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=50), st.integers(0, 3))
def test_what_was_written_is_known_again_and_any_change_of_it_too(body: str, line: int) -> None:
    import tempfile

    text = service_files.marked(f"first\n{body}\nlast\n", "# ", line=min(line, 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "unit"
        path.write_bytes(text.encode())
        assert service_files.state(path) == "ours"
        for changed in (text + "x\n", text.replace("first", "First", 1), text[:-1], "", text[: len(text) // 2]):
            path.write_bytes(changed.encode())
            assert service_files.state(path) == "changed"


def test_a_file_is_written_whole_and_only_if_it_is_another(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "unit"
    assert service_files.write(path, "one\n")
    assert not service_files.write(path, "one\n")
    assert service_files.write(path, "two\n")
    assert [found.name for found in path.parent.iterdir()] == ["unit"]
    with pytest.raises(StenoError, match="cannot write"):
        service_files.write(path / "below", "x\n")


def test_without_systemd_it_says_so_and_changes_nothing(steno: Steno, programs: Programs, tmp_path: Path) -> None:
    done = steno("service", "install", PATH=programs.path)
    assert done.returncode == 1
    assert "systemctl is not installed" in done.stderr
    assert "service print" in done.stderr
    assert not (tmp_path / "config" / "systemd").exists()


def test_without_a_user_manager_it_says_so_and_changes_nothing(
    steno: Steno, programs: Programs, tmp_path: Path
) -> None:
    programs.add("systemctl", "echo 'Failed to connect to bus: No medium found' >&2; exit 1")
    done = steno("service", "install", PATH=programs.path)
    assert done.returncode == 1
    assert "no systemd user manager here: Failed to connect to bus" in done.stderr
    assert not (tmp_path / "config" / "systemd").exists()
    status = steno("service", "status", PATH=programs.path)
    assert status.stdout.splitlines() == [f"{name:<8} not installed" for name in NAMES]
    assert steno("service", "remove", PATH=programs.path).stdout == "nothing is installed\n"


def test_a_manager_that_refuses_is_quoted_and_the_way_back_is_named(steno: Steno, programs: Programs) -> None:
    programs.add("systemctl", '[ "$2" = enable ] && { echo "Access denied" >&2; exit 1; }; exit 0')
    done = steno("service", "install", "--only", "daemon", PATH=programs.path)
    assert done.returncode == 1
    assert "systemctl --user enable steno-daemon.service failed: Access denied" in done.stderr
    assert "steno service remove" in done.stderr
    status = steno("service", "status", "--only", "daemon", PATH=programs.path)
    assert "steno-daemon.service" in status.stdout


def test_where_things_lie_is_told_to_the_service(steno: Steno, tmp_path: Path) -> None:
    config = tmp_path / "my config.toml"
    config.write_text("")
    done = steno("service", "print", "--only", "type", "--config", str(config), STENO_MODELS_DIR="~/models")
    assert f'Environment="STENO_CONFIG={config}"' in done.stdout
    assert f"Environment=STENO_MODELS_DIR={tmp_path}/models" in done.stdout
    assert "Environment=STENO_RUNTIME_DIR=" in done.stdout
    assert "STENO_CACHE_DIR" not in done.stdout


@pytest.mark.parametrize("system", ["systemd", "launchd", "task-scheduler"])
def test_every_system_can_be_printed_everywhere(system: str, steno: Steno) -> None:
    done = steno("service", "print", "--system", system)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in NAMES)
    assert "/" in done.stdout


def test_another_system_is_only_printed(steno: Steno) -> None:
    done = steno("service", "install", "--system", "launchd")
    assert done.returncode == 2
    assert "--system is of `steno service print`" in done.stderr


def test_launchctl_is_asked_to_load_what_is_new_and_to_unload_it(programs: Programs, tmp_path: Path) -> None:
    programs.add(
        "launchctl",
        f'case "$1 $2" in "print gui/"*/*) [ -e {tmp_path}/loaded ];; bootstrap*) : >{tmp_path}/loaded;; esac',
    )
    manager = Launchd({"PATH": programs.path, "HOME": str(tmp_path)})
    manager.require()
    assert manager.begin(["daemon"], ["daemon"]) == ["steno.daemon: loaded"]
    manager.begin(["daemon"], [])
    manager.end(["daemon"])
    asked = [call[0] for call in programs.calls("launchctl") if call[0] != "print"]
    assert asked == ["bootstrap", "bootout"]
    bootstrap = next(call for call in programs.calls("launchctl") if call[0] == "bootstrap")
    assert bootstrap[2] == str(manager.file("daemon"))


def test_schtasks_is_asked_to_register_and_to_forget(programs: Programs, tmp_path: Path) -> None:
    programs.add("schtasks")
    manager = TaskScheduler({"PATH": programs.path, "LOCALAPPDATA": str(tmp_path), "USERNAME": "zoe"})
    manager.require()
    manager.begin(["type"], ["type"])
    manager.end(["type"])
    asked = [call[0] for call in programs.calls("schtasks")]
    assert asked == ["/Query", "/Create", "/Run", "/End", "/Delete"]
    assert str(manager.file("type")) in programs.calls("schtasks")[1]
