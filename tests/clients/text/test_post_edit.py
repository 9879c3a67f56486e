"""The user's program: real ones, good and bad."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from clients.text import post_edit
from clients.text.post_edit import PostEdit
from pipeline.errors import UsageError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are those of POSIX")
LONG = 30.0
STAYED = "; the text stayed as it was"


def eventually(what: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o700)
    return str(path)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("command", "text", "written"),
    [
        ("tr a-z A-Z", "hello there", "HELLO THERE"),
        ("cat", "Grüße, 你好 👍", "Grüße, 你好 👍"),
        ("sed 's/there/you  all/'", "hello there", "hello you  all"),
        ("sed 's/ /\\n/'", "hello there", "hello there"),
        ('sh -c \'printf "\\033[31m%s\\033[0m\\t!" "$(cat)"\'', "red", "red !"),
        ("sh -c 'while read -r line; do echo \"<$line>\"; done'", "a", "<a>"),
        ("sh -c 'echo fixed'", "does not read", "fixed"),
        ("sh -c 'cat; echo secret >&2'", "a", "a"),
        ("", "no program", "no program"),
    ],
)
def test_its_output_takes_the_text_s_place(command: str, text: str, written: str) -> None:
    assert PostEdit(command, LONG).apply(text) == (written, ())


def test_it_gets_a_long_text_whole() -> None:
    text = "word " * 40_000
    assert PostEdit("cat", LONG).apply(text.strip()) == (text.strip(), ())
    assert PostEdit("sh -c 'exec <&-; echo ok'", LONG).apply(text) == ("ok", ())


def test_each_line_is_given_by_itself() -> None:
    assert PostEdit("sed 's/^/> /'", LONG).apply("one\n\ntwo\n") == ("> one\n\n> two\n", ())


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("true", "wrote nothing"),
        ("echo", "wrote nothing"),
        ("printf '\\033\\a'", "wrote nothing"),
        ("false", "failed with exit code 1"),
        ("sh -c 'echo half; exit 3'", "failed with exit code 3"),
        ("sh -c 'echo half; kill -9 $$'", "failed with exit code -9"),
        ("printf '\\377\\376'", "wrote something that is not UTF-8"),
        ("yes", "wrote more than 200000 characters"),
        ("head -c 200001 /dev/zero", "wrote nothing"),
        ("sh -c 'head -c 200001 /dev/zero | tr \"\\0\" x'", "wrote more than 200000 characters"),
    ],
)
def test_if_it_fails_the_text_stays_and_that_is_said(command: str, problem: str) -> None:
    assert PostEdit(command, LONG).apply("hello") == ("hello", (f"text.post_edit: the program {problem}{STAYED}",))


@pytest.mark.parametrize("command", ["sh -c 'sleep 60'", "sleep 60", "sh -c 'cat >/dev/null; exec >&-; sleep 60'"])
def test_one_that_hangs_is_ended(command: str) -> None:
    assert PostEdit(command, 0.3).apply("hi") == (
        "hi",
        (f"text.post_edit: the program did not end within 0.3 s{STAYED}",),
    )


def test_one_that_ignores_signals_and_forks_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    hangs = script(
        tmp_path / "hangs",
        f"trap '' TERM HUP INT\n(trap '' TERM HUP INT; sleep 60) &\necho $! >>{pids}\necho $$ >>{pids}\nsleep 60",
    )
    text, notes = PostEdit(hangs, 1.0).apply("hi")
    assert text == "hi"
    assert notes
    assert len(pids.read_text().split()) == 2
    for pid in map(int, pids.read_text().split()):
        assert eventually(lambda pid=pid: not runs(pid))  # type: ignore[misc]


def test_a_child_that_leaves_the_group_and_holds_the_output_does_not_hold_steno(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    leaves = script(tmp_path / "leaves", f"setsid sh -c 'echo $$ >{pid}; exec sleep 20' &\necho done")
    text, notes = PostEdit(leaves, 0.5).apply("hi")
    assert (text, len(notes)) == ("hi", 1)
    assert eventually(pid.exists)
    assert eventually(lambda: pid.read_text() != "")
    os.kill(int(pid.read_text()), 9)


def test_a_helper_that_it_leaves_running_stays(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    starts = script(tmp_path / "starts", f"sleep 60 >/dev/null 2>&1 </dev/null &\necho $! >{pid}\ncat")
    assert PostEdit(starts, LONG).apply("hi") == ("hi", ())
    helper = int(pid.read_text())
    assert runs(helper)
    os.kill(helper, 9)


def test_no_descriptor_is_left_open() -> None:
    program = PostEdit("cat", LONG)
    program.apply("once")
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(20):
        assert program.apply("hi") == ("hi", ())
    assert eventually(lambda: len(list(descriptors.iterdir())) <= before)


def test_a_pipe_stays_open_until_who_writes_to_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed by anyone else, its number may be the next program's pipe by the time that the text is written to it."""
    write, closed = post_edit._write, []

    def late(stream: IO[bytes], data: bytes) -> None:
        while not done:
            time.sleep(0.01)
        closed.append(stream.closed)
        write(stream, data)
        closed.append(stream.closed)

    done: list[bool] = []
    monkeypatch.setattr(post_edit, "_write", late)
    assert PostEdit("echo fixed", LONG).apply("does not read") == ("fixed", ())
    done.append(True)
    assert eventually(lambda: closed == [False, True])


def test_a_program_that_is_gone_meanwhile_is_told(tmp_path: Path) -> None:
    there = script(tmp_path / "there", "cat")
    program = PostEdit(there, LONG)
    Path(there).unlink()
    text, notes = program.apply("hi")
    assert text == "hi"
    assert notes == (f"text.post_edit: the program could not be started (No such file or directory){STAYED}",)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("sed 's/a/b/", "is badly quoted"),
        ("/no/such/program --fast", "there is no program '/no/such/program'"),
        ("no-such-program-at-all", "there is no program 'no-such-program-at-all'"),
    ],
)
def test_a_command_that_cannot_be_is_refused(command: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        PostEdit(command, 1.0)
    assert raised.value.message.startswith("text.post_edit: ")
    assert raised.value.hint
