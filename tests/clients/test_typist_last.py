from __future__ import annotations

from pathlib import Path

from clients.typist.journal import Entry, Journal
from clients.typist.lease import Lease
from pipeline import commands
from tests.clients.conftest import Steno
from tests.clients.fake_daemon import FakeDaemon


def write(runtime: Path, **fields: object) -> None:
    written = Journal(runtime, print)
    written.put(Entry(id=1, **fields))  # type: ignore[arg-type]
    written.close()


def test_the_last_text_is_that_of_the_typist_as_it_was_formed(steno: Steno, runtime: Path) -> None:
    write(runtime, seq=1, raw="hello new line there", text="Hello\nthere", state="kept")
    done = steno("copy-last", "--print")
    assert (done.returncode, done.stdout) == (0, "Hello\nthere\n")


def test_the_spaces_that_part_a_text_from_others_are_not_copied(steno: Steno, runtime: Path) -> None:
    write(runtime, seq=1, raw="And then.", text=" And then. ", state="typed")
    assert steno("copy-last", "--print").stdout == "And then.\n"


def test_without_a_typist_it_is_the_daemon_s_last_final_that_is_not_empty(steno: Steno, runtime: Path) -> None:
    write(runtime, daemon="older", seq=9, text="Old.")
    with FakeDaemon(runtime) as daemon:
        daemon.do(lambda fake: (fake.final("New\x1b[31m one.", 1), fake.final("", 2)))
        done = steno("copy-last", "--print")
        assert (done.returncode, done.stdout) == (0, "New one.\n")


def test_what_a_typist_has_formed_comes_before_the_same_final_of_the_daemon(steno: Steno, runtime: Path) -> None:
    write(runtime, daemon="one", seq=1, text="As formed")
    with FakeDaemon(runtime) as daemon:
        daemon.do(lambda fake: fake.final("as it came", 1))
        assert steno("copy-last", "--print").stdout == "As formed\n"
        daemon.do(lambda fake: fake.final("newer", 2))
        assert steno("copy-last", "--print").stdout == "newer\n"


def test_no_text_is_an_error_that_says_so(steno: Steno) -> None:
    done = steno("copy-last", "--print")
    assert done.returncode == 1
    assert "there is no text yet" in done.stderr


def test_undo_without_a_typist_is_an_error_that_says_what_to_do(steno: Steno) -> None:
    done = steno("undo-last")
    assert done.returncode == 1
    assert "no typist runs" in done.stderr
    assert "steno type" in done.stderr


def test_a_running_typist_is_told_through_the_daemon(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime) as daemon, Lease(runtime):
        assert steno("retype-last").returncode == 0
        assert steno("undo-last").returncode == 0
        assert daemon.requests == [
            commands.TellTypist(action="retype-last"),
            commands.TellTypist(action="undo-last"),
        ]


def test_retype_without_a_desktop_is_an_error(steno: Steno, runtime: Path) -> None:
    write(runtime, seq=1, text="Hello.")
    done = steno("retype-last", DISPLAY="", WAYLAND_DISPLAY="")
    assert done.returncode == 1
    assert "no desktop" in done.stderr


def test_type_without_a_desktop_is_an_error_that_says_what_to_do(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime):
        done = steno("type", DISPLAY="", WAYLAND_DISPLAY="")
        assert done.returncode == 1
        assert "no desktop" in done.stderr


def test_a_second_typist_is_refused(steno: Steno, runtime: Path) -> None:
    with FakeDaemon(runtime), Lease(runtime):
        done = steno("type")
        assert done.returncode == 1
        assert "`steno type` (process" in done.stderr
