from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.desktop.window import Window
from clients.typist import journal
from clients.typist.correction import common, erasable
from clients.typist.journal import Aim, Entry, Journal
from clients.typist.lease import Lease, typist
from clients.typist.placing import NANO, FocusLog, Part, Rules, split
from pipeline.desktop_settings import Rule, TextSettings, TypingSettings
from pipeline.errors import StenoError
from pipeline.events import TimedWord
from tests.clients.conftest import ROOT
from tests.clients.typist_world import A, B

HOLDER = """
import sys, time
from pathlib import Path
from clients.typist.lease import Lease
with Lease(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def log(*changes: tuple[float, Window | None]) -> FocusLog:
    made = FocusLog()
    for seconds, window in changes:
        made.note(int(seconds * NANO), window)
    return made


def words(*said: tuple[str, float]) -> list[TimedWord]:
    return [TimedWord(text, start, start + 0.2) for text, start in said]


def test_the_focus_log_tells_who_had_the_focus() -> None:
    made = log((1, A), (2, A), (3, B), (4, None))
    assert [made.at(int(s * NANO)) for s in (0.5, 1, 2.5, 3, 3.9, 9)] == [A, A, A, B, B, None]
    assert made.moved(2 * NANO)
    assert not made.moved(5 * NANO)
    made.forget(int(3.5 * NANO))
    assert made.at(0) == B


def test_a_log_of_one_window_has_not_moved() -> None:
    assert not log((5, A)).moved(0)
    assert FocusLog().at(1) is None


@pytest.mark.parametrize(
    ("text", "said", "parts"),
    [
        ("One two, three.", [("One", 0), ("two", 0.5), ("three", 1.1)], ["One two, ", "three."]),
        ("他说你好。", [("他", 0), ("说", 0.5), ("你", 1.1), ("好", 1.5)], ["他说", "你好。"]),
        ('He said "stop".', [("He", 0), ("said", 0.5), ("stop", 1.1)], ["He said ", '"stop".']),
        ("All early.", [("All", 0), ("early", 0.5)], ["All early."]),
        ("No such word.", [("missing", 1.5)], ["No such word."]),
        ("", [], [""]),
    ],
)  # fmt: skip
def test_a_text_is_cut_where_the_focus_moved(text: str, said: list[tuple[str, float]], parts: list[str]) -> None:
    found = split(text, words(*said), 0, log((0, A), (1, B)), A)
    assert [part.text for part in found] == parts
    assert [part.window for part in found] == [A, B][: len(parts)]


@given(
    st.lists(st.tuples(st.text("ab .", max_size=3), st.floats(0, 5)), max_size=12),
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from([A, B, None])), max_size=5),
)
def test_the_parts_of_a_text_are_the_text(
    said: list[tuple[str, float]], changes: list[tuple[float, Window | None]]
) -> None:
    text = "".join(word for word, _ in said)
    found = split(text, words(*said), 0, log(*sorted(changes, key=lambda change: change[0])), A)
    assert "".join(part.text for part in found) == text
    assert all(isinstance(part, Part) for part in found)


def test_the_first_rule_that_fits_counts_and_programs_match_in_any_case() -> None:
    rules = Rules(
        TypingSettings(
            rules=(
                Rule(program="ed*", title="b", newline="enter"),
                Rule(program="EDITOR", newline="shift+enter"),
                Rule(submit=True),
            )
        ),
        TextSettings(trailing_space="always"),
    )
    terms = rules.terms(A)
    assert (terms.newline, terms.submit, terms.style.trailing_space) == ("shift+enter", False, "always")
    assert rules.terms(B).submit
    assert not rules.terms(None).submit


@pytest.mark.parametrize("program", ["KeePassXC", "org.keepassxc.KeePassXC", "pinentry-gtk-2", "Bitwarden"])
def test_password_programs_are_excluded_from_the_beginning(program: str) -> None:
    rules = Rules(TypingSettings(), TextSettings())
    assert rules.terms(Window("w", program)).refused
    assert not rules.terms(Window("w", "kate")).refused


@pytest.mark.parametrize(
    ("standing", "wanted", "kept"),
    [("abc", "abd", 2), ("abc", "abc", 3), ("", "x", 0), ("e\u0301", "e", 0), ("a👍", "a👍🏽", 1)],
)
def test_whole_graphemes_may_stay(standing: str, wanted: str, kept: int) -> None:
    assert common(standing, wanted) == kept


@pytest.mark.parametrize(
    ("text", "may"),
    [("Grüße 你好", True), ("", True), ("👍", True), ("👍🏽", False), ("e\u0301", False), ("नि", False)],
)
def test_only_graphemes_of_one_code_point_are_erased(text: str, may: bool) -> None:
    assert erasable(text) == may


def test_a_second_typist_is_refused_with_the_name_of_the_first(tmp_path: Path) -> None:
    line = [sys.executable, "-c", HOLDER, str(tmp_path)]
    first = subprocess.Popen(line, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        found = typist(tmp_path)
        assert found is not None
        assert (found.process, found.lines[0]) == (first.pid, "steno type")
        with pytest.raises(StenoError, match=rf"`steno type` \(process {first.pid}, since") as refused, Lease(tmp_path):
            pass
        assert f"kill {first.pid}" in str(refused.value)
    finally:
        first.kill()
        first.wait()
    # Gone with its holder, however that ended.
    assert typist(tmp_path) is None
    with Lease(tmp_path):
        assert typist(tmp_path) is not None


def test_a_journal_gives_back_what_was_written(tmp_path: Path) -> None:
    written = Journal(tmp_path, pytest.fail)
    entry = Entry(id=1, daemon="one", seq=7, window=A, text="Hello", raw="hello")
    written.seen("one", 3)
    written.put(entry)
    written.progress(entry, 3)
    written.aim(Aim(daemon="one", take=2, window=B))
    past = journal.read(tmp_path)
    assert past.entries[1].maybe == 3
    assert past.entries[1].window == A
    assert (past.handled("one"), past.handled("two"), past.orderly) == (7, None, False)
    assert past.aims[0].window == B
    written.close()
    assert journal.read(tmp_path).orderly


def test_a_journal_is_the_user_s_alone(tmp_path: Path) -> None:
    Journal(tmp_path, pytest.fail).close()
    assert stat.S_IMODE((tmp_path / journal.NAME).stat().st_mode) == 0o600


def test_a_torn_or_foreign_line_spoils_nothing(tmp_path: Path) -> None:
    written = Journal(tmp_path, pytest.fail)
    written.put(Entry(id=1, seq=1, text="kept"))
    with (tmp_path / journal.NAME).open("ab") as file:
        file.write(b'\xff\n{"what":"later"}\n{"what":"at","id":99,"sure":1,"maybe":1}\n{"what":"text","i')
    last = journal.read(tmp_path).last()
    assert last is not None
    assert last.text == "kept"


def test_a_journal_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LARGEST", 5000)
    written = Journal(tmp_path, pytest.fail)
    for number in range(1, 500):
        entry = Entry(id=number, daemon="one", seq=number, text="x" * 30)
        written.put(entry)
        written.progress(entry, 30)
    assert (tmp_path / journal.NAME).stat().st_size < 20_000
    past = journal.read(tmp_path)
    last = past.last()
    assert last is not None
    assert (last.id, last.maybe, past.orderly) == (499, 30, False)


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_journal_that_cannot_be_written_is_said_once_and_stops_nobody(tmp_path: Path) -> None:
    said: list[str] = []
    written = Journal(tmp_path, said.append)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, written._descriptor)
    os.close(full)
    written.put(Entry(id=1))
    written.put(Entry(id=2))
    written.close()
    assert len(said) == 1
    assert "No space left" in said[0]
