"""Back-ends that are programs: what they are told, and what becomes of it when they complain, hang or die.

The programs here are small scripts that do as the real ones are documented to do. The real wtype and xdotool are tried
in tests/system; dotool and ydotool need /dev/uinput, which a test has not.
"""

from __future__ import annotations

import os
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.desktop import programs
from clients.desktop.unknown_desktop import UnknownDesktop
from clients.desktop.window import Window
from clients.typist.backend import Outcome, Place
from clients.typist.backends import dotool
from clients.typist.backends.dotool import DotoolBackend
from clients.typist.backends.paste import PasteBackend, client_of, way
from clients.typist.backends.wtype import WtypeBackend, chord_line
from clients.typist.backends.xdotool import XdotoolBackend
from clients.typist.backends.ydotool import YdotoolBackend, daemon_socket

DESKTOP = UnknownDesktop("test")
ANYWHERE = Place(None)
RECORD = "import sys, pathlib; pathlib.Path({log!r}).open('a').write(repr((sys.argv[1:], sys.stdin.read())) + '\\n')"
DOTOOL = """
import sys
for line in sys.stdin:
    line = line.rstrip("\\n")
    open({log!r}, "a").write(line + "\\n")
    command, _, rest = line.partition(" ")
    if command == "type":
        for character in rest:
            if not character.isascii():
                print("dotool: WARNING: impossible character for layout:", character, file=sys.stderr, flush=True)
    elif command != "key":
        print("dotool: WARNING: unknown command:", line, file=sys.stderr, flush=True)
"""

Program = Callable[[str, str], dict[str, str]]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Puts a Python program of that name first on PATH; `{log!r}` in it is the file `log`."""

    def write(name: str, text: str) -> dict[str, str]:
        file = tmp_path / name
        file.write_text(f"#!{sys.executable}\n" + text.replace("{log!r}", repr(str(tmp_path / "log"))))
        file.chmod(0o755)
        return {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(tmp_path)}

    return write


def ignore(count: int) -> None:
    """Nobody wants to know."""


def test_the_text_is_fed_and_never_an_argument(program: Program, tmp_path: Path) -> None:
    environ = program("wtype", RECORD)
    assert WtypeBackend(environ, DESKTOP).type("--help -x", ANYWHERE, ignore) == Outcome(9)
    assert (tmp_path / "log").read_text() == "(['-'], '--help -x')\n"


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ({}, "C.UTF-8"),
        ({"LANG": "C"}, "C.UTF-8"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "POSIX"}, "C.UTF-8"),
        ({"LANG": "de_DE.utf8"}, None),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "C"}, "en_US.UTF-8"),
    ],
)
def test_a_program_reads_its_text_as_utf_8(locale: dict[str, str], expected: str | None) -> None:
    assert programs.in_utf8(locale).get("LC_ALL") == expected


def test_what_a_program_complains_of_is_passed_on(program: Program) -> None:
    environ = program("wtype", "import sys; sys.exit('Compositor does not support the virtual keyboard protocol')")
    backend = WtypeBackend(environ, DESKTOP)
    assert backend.type("text", ANYWHERE, ignore) == Outcome(
        0, "failed", "wtype failed: Compositor does not support the virtual keyboard protocol"
    )
    probe = backend.probe()
    assert not probe.usable
    assert "portal" in probe.hint


def test_a_program_that_hangs_is_stopped_and_what_was_typed_before_counts(program: Program, tmp_path: Path) -> None:
    environ = program("wtype", "import sys, time; time.sleep(60 if 'three' in sys.stdin.read() else 0)")
    monkey = pytest.MonkeyPatch()
    monkey.setattr(programs.run, "__defaults__", ("", 3.0))
    try:
        outcome = WtypeBackend(environ, DESKTOP).type("one two long three", ANYWHERE, ignore)
    finally:
        monkey.undo()
    assert outcome == Outcome(8, "failed", "wtype did not end within 3 s and was stopped")


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("ctrl+v", ["wtype", "-M", "ctrl", "-k", "v", "-m", "ctrl"]),
        ("Ctrl+Shift+V", ["wtype", "-M", "ctrl", "-M", "shift", "-k", "v", "-m", "shift", "-m", "ctrl"]),
        ("shift+insert", ["wtype", "-M", "shift", "-k", "Insert", "-m", "shift"]),
    ],
)
def test_keys_together_are_released_in_reverse(keys: str, line: list[str]) -> None:
    assert chord_line(keys) == line


@pytest.mark.parametrize("keys", ["hyper+v", "ctrl+paste", "-x", "ctrl+", ""])
def test_unknown_keys_are_an_outcome(program: Program, keys: str) -> None:
    outcome = WtypeBackend(program("wtype", ""), DESKTOP).chord(keys, ANYWHERE)
    assert outcome.stopped == "failed"
    assert "paste_keys" in outcome.detail


def test_dotool_types_and_presses_and_answers(program: Program, tmp_path: Path) -> None:
    backend = DotoolBackend(program("dotool", DOTOOL), DESKTOP)
    assert backend.type(" key enter", ANYWHERE, ignore) == Outcome(10)
    assert backend.press("shift+enter", 2, ANYWHERE) == Outcome(2)
    backend.close()
    commands = [line for line in (tmp_path / "log").read_text().splitlines() if line != dotool.MARK]
    assert commands == ["type  key enter", "key shift+enter shift+enter"]


def test_dotool_says_what_its_layout_lacks_but_not_which_word(program: Program) -> None:
    backend = DotoolBackend(program("dotool", DOTOOL), DESKTOP)
    outcome = backend.type("eleven long 世界", ANYWHERE, ignore)
    assert (outcome.done, outcome.stopped) == (12, "failed")
    assert "DOTOOL_XKB_LAYOUT" in outcome.detail
    assert "世" not in outcome.detail
    assert backend.type("again", ANYWHERE, ignore) == Outcome(5)
    backend.close()


@pytest.mark.parametrize("separator", ["\n", "\r", "\u2028", "\x85"])
def test_a_line_break_never_becomes_a_command_of_dotool(program: Program, tmp_path: Path, separator: str) -> None:
    backend = DotoolBackend(program("dotool", DOTOOL), DESKTOP)
    assert backend.type(f"a{separator}key enter", ANYWHERE, ignore).stopped == "failed"
    backend.close()
    assert not (tmp_path / "log").exists()


def test_dotool_that_dies_or_hangs_fails_and_is_started_again(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = DotoolBackend(program("dotool", "import sys; sys.exit('dotool: no such device')"), DESKTOP)
    outcome = backend.type("text", ANYWHERE, ignore)
    assert outcome.stopped == "failed"
    assert "dotool" in outcome.detail
    monkeypatch.setattr(dotool, "TIMEOUT_S", 0.5)
    program("dotool", "import time; time.sleep(60)")
    assert "did not answer" in backend.type("text", ANYWHERE, ignore).detail
    monkeypatch.setattr(dotool, "TIMEOUT_S", 20)
    program("dotool", DOTOOL)
    assert backend.type("text", ANYWHERE, ignore) == Outcome(4)
    backend.close()


def test_dotool_is_usable_only_where_it_may_make_a_keyboard(program: Program, tmp_path: Path) -> None:
    environ = program("dotool", DOTOOL)
    assert "may not use" in DotoolBackend(environ, DESKTOP, str(tmp_path / "uinput")).probe().text
    (tmp_path / "uinput").touch()
    probe = DotoolBackend(environ | {"DOTOOL_XKB_LAYOUT": "de"}, DESKTOP, str(tmp_path / "uinput")).probe()
    assert probe.usable
    assert "`de`" in probe.text


@pytest.mark.parametrize("text", ["naïve", "世界", "back\\slash", "fine until é"])
def test_ydotool_refuses_what_it_would_lose(program: Program, tmp_path: Path, text: str) -> None:
    outcome = YdotoolBackend(program("ydotool", RECORD), DESKTOP).type(text, ANYWHERE, ignore)
    assert (outcome.done, outcome.stopped) == (0, "failed")
    assert not (tmp_path / "log").exists()


def test_ydotool_gets_text_and_keys(program: Program, tmp_path: Path) -> None:
    backend = YdotoolBackend(program("ydotool", RECORD), DESKTOP)
    assert backend.type("-d plain", ANYWHERE, ignore) == Outcome(8)
    assert backend.press("shift+enter", 1, ANYWHERE) == Outcome(1)
    assert (tmp_path / "log").read_text().splitlines() == [
        "(['type', '--file', '/dev/stdin'], '-d plain')",
        "(['key', '42:1', '28:1', '28:0', '42:0'], '')",
    ]


def test_ydotool_needs_its_daemon_and_warns_of_an_open_socket(program: Program, tmp_path: Path) -> None:
    environ = program("ydotool", "")
    environ["YDOTOOL_SOCKET"] = str(tmp_path / "daemon")
    backend = YdotoolBackend(environ, DESKTOP)
    if daemon_socket(environ) is None:
        assert "daemon does not run" in backend.probe().text
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(environ["YDOTOOL_SOCKET"])
        (tmp_path / "daemon").chmod(0o600)
        safe = backend.probe()
        assert safe.usable
        assert "other users" not in safe.text
        (tmp_path / "daemon").chmod(0o666)
        assert "writable by other users" in backend.probe().text
        assert "0600" in backend.probe().hint
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as older:
        (tmp_path / "daemon").unlink()
        older.bind(environ["YDOTOOL_SOCKET"])
        older.listen()
        assert not backend.probe().usable
    assert stat.S_ISSOCK((tmp_path / "daemon").stat().st_mode)


def test_xdotool_gets_text_on_standard_input(program: Program, tmp_path: Path) -> None:
    backend = XdotoolBackend(program("xdotool", RECORD), DESKTOP)
    assert backend.type("--text", ANYWHERE, ignore) == Outcome(6)
    assert (tmp_path / "log").read_text() == "(['type', '--delay', '5', '--file', '-'], '--text')\n"


@pytest.mark.parametrize(
    ("program", "asked", "clipboard", "expected"),
    [
        ("Gedit", "", "x11", ("CLIPBOARD", "ctrl+v")),
        ("Gnome-terminal", "", "x11", ("CLIPBOARD", "ctrl+shift+v")),
        ("foot", "", "wayland", ("CLIPBOARD", "ctrl+shift+v")),
        ("XTerm", "", "x11", ("PRIMARY", "shift+insert")),
        ("XTerm", "Shift+Insert", "x11", ("PRIMARY", "shift+insert")),
        ("XTerm", "ctrl+shift+v", "x11", ("CLIPBOARD", "ctrl+shift+v")),
        ("XTerm", "", "wayland", ("CLIPBOARD", "ctrl+v")),
        ("Gedit", "alt+p", "x11", ("CLIPBOARD", "alt+p")),
    ],
)
def test_a_program_pastes_by_its_own_keys(program: str, asked: str, clipboard: str, expected: tuple[str, str]) -> None:
    assert way(Window("x11:0x1", program=program), asked, clipboard) == expected


def test_a_receipt_is_asked_of_the_window_s_own_client() -> None:
    assert client_of(Window("x11:0x1e00007")) == 0x1E00007
    assert client_of(Window("sway:12")) == client_of(None) == 0


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "no desktop"),
        ({"WAYLAND_DISPLAY": "w", "XDG_CURRENT_DESKTOP": "GNOME"}, "a compositor on which wtype works"),
        ({"WAYLAND_DISPLAY": "w", "XDG_CURRENT_DESKTOP": "sway", "PATH": "/nonexistent"}, "wl-copy is not installed"),
    ],
)
def test_pasting_says_where_it_cannot_work(environ: dict[str, str], said: str) -> None:
    probe = PasteBackend(environ, DESKTOP).probe()
    assert not probe.usable
    assert said in probe.text


def test_pasting_refuses_a_line_break_before_it_touches_anything() -> None:
    outcome = PasteBackend({"DISPLAY": ":nowhere"}, DESKTOP).type("one\ntwo", ANYWHERE, ignore)
    assert (outcome.done, outcome.stopped) == (0, "failed")
