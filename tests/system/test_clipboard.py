"""Pasting on a real X server: what was on the clipboard is there again, whoever does what meanwhile."""

from __future__ import annotations

import functools
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.desktop import plain_clipboard
from clients.desktop.clipboard_link import ClipboardLink
from clients.desktop.unknown_desktop import UnknownDesktop
from clients.desktop.window import Window
from clients.typist.backend import Outcome, Place
from clients.typist.backends.paste import PasteBackend
from tests.system.copier import IMAGE_TYPE, TEXT_TYPE, Copier
from tests.system.screen import GTK_PYTHON, Field, Screen
from tests.system.sound_server import until

pytestmark = pytest.mark.system

RUNS = 100
TEXT = "Straße, мир, 世界, مرحبا, 👩‍🚀 e\u0301. "
IMAGE = bytes(random.Random(5).randbytes(300_000))


@pytest.fixture
def copier(screen: Screen, tmp_path: Path) -> Copier:
    return Copier(screen, tmp_path)


@pytest.fixture
def paste(screen: Screen) -> Iterator[PasteBackend]:
    backend = PasteBackend(screen.environ, UnknownDesktop("X11"), receipt_s=2.0)
    yield backend
    backend.close()


def place_of(field: Field, program: str = "", keys: str = "") -> Place:
    return Place(Window(f"x11:{field.id:#x}", program=program), paste_keys=keys)


def paste_into(backend: PasteBackend, place: Place, text: str = TEXT) -> Outcome:
    return backend.type(text, place, lambda count: None)


def test_a_text_arrives_whole_in_an_entry_and_in_a_terminal(
    screen: Screen, copier: Copier, paste: PasteBackend
) -> None:
    copier.copy("what was there: 以前".encode())
    long = TEXT * 600
    for field, program, text in (
        (screen.gtk("--multiline"), "Gtk_field.py", long),
        (screen.xterm(), "XTerm", TEXT),
    ):
        field.focus()
        assert paste_into(paste, place_of(field, program), text) == Outcome(len(text))
        field.wait_for(text)
        assert copier.content() == "what was there: 以前".encode()


def test_an_empty_clipboard_is_empty_again(screen: Screen, copier: Copier, paste: PasteBackend) -> None:
    field = screen.gtk()
    field.focus()
    assert paste_into(paste, place_of(field)).done == len(TEXT)
    until(lambda: copier.content() == b"")
    paste.close()


def ended(pid: int) -> bool:
    """Whether a process has ended, though nobody may have asked how."""
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


CopyFormatted = Callable[[int], None]


@pytest.fixture
def copy_formatted(screen: Screen, copier: Copier, tmp_path: Path) -> Iterator[CopyFormatted]:
    """Has a GTK program copy formatted text of a length; it needs about a second for one form of 140,000 characters."""
    owners: list[subprocess.Popen[bytes]] = []

    def copy(length: int) -> None:
        ready = tmp_path / "copied.ready"
        program = Path(__file__).with_name("gtk_clipboard.py")
        owners.append(subprocess.Popen([GTK_PYTHON, str(program), str(length), str(ready)], env=screen.environ))
        until(ready.exists, 20)
        until(lambda: b"UTF8_STRING" in copier.content("TARGETS"))

    yield copy
    for owner in owners:
        owner.kill()
        owner.wait()


@pytest.mark.parametrize("length", [100, 140_000])
def test_formatted_text_is_kept_in_all_its_forms(
    screen: Screen, copier: Copier, paste: PasteBackend, copy_formatted: CopyFormatted, length: int
) -> None:
    copy_formatted(length)
    before = copier.forms()
    assert len(before["UTF8_STRING"]) > length
    assert len(before) > 5
    field = screen.gtk()
    field.focus()
    assert paste_into(paste, place_of(field)).done == len(TEXT)
    field.wait_for(TEXT)
    assert copier.forms() == before


def test_what_is_copied_while_the_old_content_is_read_wins(
    screen: Screen, copier: Copier, paste: PasteBackend, copy_formatted: CopyFormatted
) -> None:
    copy_formatted(140_000)
    field = screen.gtk()
    field.focus()
    outcomes: list[Outcome] = []
    pasting = threading.Thread(target=lambda: outcomes.append(paste_into(paste, place_of(field))))
    pasting.start()
    time.sleep(0.4)
    copier.copy(b"newer")
    pasting.join()
    assert copier.content() == b"newer"
    assert outcomes == [Outcome(len(TEXT))]
    field.wait_for(TEXT)


def test_an_image_stays_and_another_program_copies_meanwhile(
    screen: Screen, copier: Copier, paste: PasteBackend
) -> None:
    field, chance = screen.gtk("--multiline"), random.Random(7)
    field.focus()
    place, pasted, refused = place_of(field), 0, 0
    arrived = ""
    for run in range(RUNS):
        copier.copy(*((IMAGE, IMAGE_TYPE) if run % 2 else (f"older {run}".encode(), TEXT_TYPE)))
        newer = (IMAGE[run:], IMAGE_TYPE) if run % 3 == 0 else (f"newer {run}".encode(), TEXT_TYPE)
        text, delay_s = f"[{run}] {TEXT}", chance.uniform(0.0, 0.012)

        def copy_meanwhile(content: bytes = newer[0], kind: str = newer[1], delay_s: float = delay_s) -> None:
            time.sleep(delay_s)
            copier.begin_to_copy(content, kind)

        other = threading.Thread(target=copy_meanwhile)
        other.start()
        outcome = paste_into(paste, place, text)
        other.join()
        until(functools.partial(copier.sees, *newer))
        if outcome.done:
            pasted += 1
            arrived += text
            field.wait_for(arrived)
        else:
            assert outcome.stopped == "failed"
            assert outcome.detail
            refused += 1
            # What the window took from the other program when that came first.
            time.sleep(0.05)
            assert text not in field.text()
            arrived = field.text()
    print(f"{pasted} pasted, {refused} kept, clipboard intact in {RUNS} of {RUNS}")
    assert pasted >= RUNS // 10
    assert refused >= RUNS // 10


def test_without_a_receipt_the_text_is_kept_and_never_pasted_late(
    screen: Screen, copier: Copier, paste: PasteBackend
) -> None:
    copier.copy(b"old")
    field = screen.gtk()
    field.focus()
    os.kill(field.process.pid, signal.SIGSTOP)
    pasting = threading.Thread(target=lambda: outcomes.append(paste_into(paste, place_of(field))))
    outcomes: list[Outcome] = []
    pasting.start()
    # A clipboard manager fetches it: that is no receipt.
    until(lambda: copier.content() == TEXT.encode())
    pasting.join()
    assert outcomes[0].stopped == "failed"
    assert "did not take" in outcomes[0].detail
    assert copier.content() == b"old"
    os.kill(field.process.pid, signal.SIGCONT)
    time.sleep(0.5)
    assert field.text() == ""


def test_keys_that_paste_nothing_are_found_out(screen: Screen, copier: Copier, paste: PasteBackend) -> None:
    copier.copy(b"old")
    field = screen.gtk()
    field.focus()
    outcome = paste_into(paste, place_of(field, keys="shift+tab"))
    assert outcome.stopped == "failed"
    assert "shift+tab" in outcome.detail
    assert copier.content() == b"old"
    assert field.text() == ""


def test_in_another_window_nothing_is_pasted(screen: Screen, copier: Copier, paste: PasteBackend) -> None:
    copier.copy(b"old")
    meant, focused = screen.gtk(), screen.gtk()
    focused.focus()
    assert paste_into(paste, place_of(meant)).stopped == "focus"
    assert copier.content() == b"old"
    assert meant.text() == focused.text() == ""


STEPS = ("offer", "arm", "keys", "receipt", "restore")


@pytest.mark.parametrize("step", STEPS)
def test_a_typist_killed_at_any_step_leaves_the_old_content(screen: Screen, copier: Copier, step: str) -> None:
    copier.copy(b"old")
    field = screen.gtk()
    field.focus()
    program = f"""
        import sys, time
        from clients.desktop.clipboard_link import ClipboardLink
        from clients.typist.backend import Place
        from clients.typist.backends.x11 import X11Backend
        import os
        link = ClipboardLink("x11", os.environ)
        def reached(step):
            if step == {step!r}:
                print(link.pid, flush=True)
                time.sleep(60)
        link.offer("dictated", "CLIPBOARD", {field.id})
        reached("offer")
        link.arm()
        reached("arm")
        X11Backend(os.environ["DISPLAY"]).chord("ctrl+v", Place(None))
        reached("keys")
        link.receipt(5)
        reached("receipt")
        link.restore()
        reached("restore")
    """
    typist = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], env=screen.environ, stdout=subprocess.PIPE, text=True
    )
    assert typist.stdout is not None
    holder = int(typist.stdout.readline())
    typist.kill()
    typist.wait()
    typist.stdout.close()
    until(lambda: copier.content() == b"old")
    assert field.text() in ("", "dictated")
    copier.copy(b"newer")
    until(lambda: ended(holder))


def test_a_copied_text_outlives_the_program_and_leaves_no_pipe_open(screen: Screen, copier: Copier) -> None:
    program = f"from clients.desktop import plain_clipboard; plain_clipboard.copy({TEXT!r})"
    done = subprocess.run(
        [sys.executable, "-c", program], env=screen.environ, capture_output=True, check=False, timeout=20
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert copier.content() == TEXT.encode()
    assert plain_clipboard.paste(screen.environ) == TEXT
    copier.copy(IMAGE, IMAGE_TYPE)
    assert plain_clipboard.paste(screen.environ) == ""


def test_a_screen_that_goes_away_takes_the_holder_with_it(screen: Screen, copier: Copier) -> None:
    link = ClipboardLink("x11", screen.environ)
    link.hold("kept")
    screen.server.kill()
    until(lambda: ended(link.pid))
    link.close()
