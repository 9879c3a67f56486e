"""`steno type --self-test`: a window of its own is opened, typed into, and what arrived is compared.

It owns the text, the window's time on the screen, and the verdict. How a back-end types and how a window reads are the
business of others. Nothing is typed unless that window is known to have the focus.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from clients.desktop.desktops import NAMES, kind, open_desktop
from clients.desktop.window import Desktop, Window
from clients.doctor_finding import Finding
from clients.typist.backend import Backend, Place
from clients.typist.choice import choose
from pipeline.errors import EXIT_FAILURE, EXIT_OK, StenoError

TITLE = "Steno self-test"
NAME = "typing"
TEXTS = {
    "Latin": "The quick fox: Straße, œuvre, €5 {ok} @#~^`",
    "Cyrillic": "Привет, мир",
    "Greek": "Γειά, πλήθη",
    "Chinese": "你好世界",
    "Japanese": "こんにちは",
    "Korean": "안녕하세요",
    "Arabic": "مرحبا",
    "Devanagari": "नमस्ते",
    "emoji": "👍🏽👩‍🚀",
    "combining marks": "e\u0301o\u0308",
}
OPEN_S = 5.0
"""So long a window may take to open and to get the focus."""
ARRIVE_S = 2.0
"""So long a text may take to arrive after it has been typed."""
TRIED_S = 10.0
"""So long the window stays at most; what has not been typed by then is not tried."""
FOCUS_IN, FOCUS_OUT = "\x1b[I", "\x1b[O"
"""What a terminal writes when the focus comes and goes, if it was asked to (xterm's control sequences, mode 1004)."""
TERMINALS = {
    "foot": ("-T", TITLE),
    "alacritty": ("-T", TITLE, "-e"),
    "kitty": ("-T", TITLE),
    "konsole": ("-p", f"tabtitle={TITLE}", "-e"),
}
"""Terminal -> its options, behind which stands the program that it is to run."""


class Sheet(Protocol):
    """A window that writes down what is typed into it."""

    place: Place

    def text(self) -> str:
        """What has arrived so far."""

    def close(self) -> None:
        """Take it away."""


def self_test(name: str, environ: Mapping[str, str]) -> int:
    """Test a back-end (`auto` for the one that would be chosen) and print what was found; the exit code."""
    found = findings(name, environ)
    for finding in found:
        print(f"{finding.state:<8} {finding.text}")
        for line in (*finding.details, *finding.hint.splitlines()):
            print(f"{'':<8} {line}")
    return EXIT_OK if all(finding.state != "broken" for finding in found) else EXIT_FAILURE


def findings(name: str, environ: Mapping[str, str]) -> list[Finding]:
    """Test a back-end and say what arrived exactly, what did not, and what could not be proven."""
    try:
        desktop = open_desktop(environ)
    except StenoError as error:
        return [Finding(NAME, "broken", error.message, error.hint)]
    try:
        backend, sentence = choose(name, environ, desktop)
    except StenoError as error:
        desktop.close()
        return [Finding(NAME, "broken", error.message, error.hint)]
    try:
        return [Finding(NAME, "ok", sentence), _round_trip(backend, environ, desktop)]
    finally:
        backend.close()
        desktop.close()


def _round_trip(backend: Backend, environ: Mapping[str, str], desktop: Desktop) -> Finding:
    """Type every text into a window of our own."""
    sheet = _sheet(environ, desktop)
    if isinstance(sheet, str):
        return Finding(NAME, "warning", f"Whether {backend.name} types exactly cannot be proven here: {sheet}.")
    exact, wrong = [], []
    until = time.monotonic() + TRIED_S
    try:
        for script, text in TEXTS.items():
            before = len(sheet.text())
            outcome = backend.type(text, sheet.place, lambda count: None)
            arrived = _wait(sheet, before, text)
            if arrived == text:
                exact.append(script)
            elif outcome.stopped:
                wrong.append(f"{script}: {outcome.detail}")
            else:
                wrong.append(f"{script}: {text!r} arrived as {arrived!r}")
            if outcome.stopped == "focus" or time.monotonic() > until:
                break
    finally:
        sheet.close()
    if len(exact) == len(TEXTS):
        return Finding(NAME, "ok", f"{backend.name} types exactly: {', '.join(exact)}.")
    text = f"{backend.name} does not type exactly; exact: {', '.join(exact) or 'nothing'}."
    hint = "Choose another back-end: typing.backend in config.toml, `steno type --list`."
    return Finding(NAME, "broken", text, hint, tuple(wrong))


def _wait(sheet: Sheet, before: int, text: str) -> str:
    """What has arrived behind so many characters, when it is the text or no more is to be waited for."""
    until = time.monotonic() + ARRIVE_S
    while (arrived := sheet.text()[before:]) != text and time.monotonic() < until:
        time.sleep(0.02)
    return arrived


def _sheet(environ: Mapping[str, str], desktop: Desktop) -> Sheet | str:
    """A window of our own that has the focus; or why there is none."""
    here = kind(environ)
    try:
        if here == "x11":
            return _X11Sheet(environ["DISPLAY"])
        if here in ("windows", "macos"):
            return f"on {NAMES[here]} this test has no window of its own"
        return _TerminalSheet(environ, desktop)
    except StenoError as error:
        return error.message


class _X11Sheet:
    def __init__(self, display_name: str) -> None:
        from clients.desktop.x11_test_window import TypedWindow

        self._window = TypedWindow(display_name, TITLE, "".join(TEXTS.values()))
        self.place = Place(Window(f"x11:{self._window.id:#x}", "Steno", TITLE))
        if not self._window.has_focus(OPEN_S):
            self._window.close()
            raise StenoError("its window did not get the focus")

    def text(self) -> str:
        """What has arrived so far."""
        return self._window.text

    def close(self) -> None:
        """Take it away."""
        self._window.close()


class _TerminalSheet:
    """A terminal that runs a small reader.

    Raises:
        StenoError: there is none, or it does not get the focus.
    """

    def __init__(self, environ: Mapping[str, str], desktop: Desktop) -> None:
        terminal = next((name for name in TERMINALS if shutil.which(name, path=environ.get("PATH"))), None)
        if terminal is None:
            raise StenoError(f"a terminal is needed for it: one of {', '.join(TERMINALS)}")
        self._folder = tempfile.TemporaryDirectory(prefix="steno-")
        self._file = Path(self._folder.name) / "typed"
        reader = [sys.executable, "-P", "-m", "clients.typist.self_test_reader", str(self._file)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [terminal, *TERMINALS[terminal], *reader], env=dict(environ), stdin=quiet, stdout=quiet, stderr=quiet
        )
        focused = self._focused(desktop)
        if focused is None:
            self.close()
            raise StenoError("its window did not get the focus, or the desktop does not tell")
        self.place = Place(focused if desktop.sees_focus else None)

    def text(self) -> str:
        """What has arrived so far."""
        typed = self._file.read_bytes().decode(errors="replace") if self._file.exists() else ""
        return typed.replace(FOCUS_IN, "").replace(FOCUS_OUT, "")

    def close(self) -> None:
        """Take it away."""
        self._process.terminate()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def _focused(self, desktop: Desktop) -> Window | None:
        """Our window, once it has the focus by what the desktop or else the terminal says; None if it does not."""
        until = time.monotonic() + OPEN_S
        while time.monotonic() < until:
            if self._file.exists():
                if desktop.sees_focus:
                    window = desktop.focused()
                    if window is not None and window.title == TITLE:
                        return window
                elif self._file.read_bytes().endswith(FOCUS_IN.encode()):
                    return Window("")
            time.sleep(0.05)
        return None
