"""Typing and pasting on a real Wayland desktop: sway, with terminals that write down what arrives."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from clients.desktop import plain_clipboard
from clients.desktop.unknown_desktop import UnknownDesktop
from clients.desktop.window import Window
from clients.typist.backend import Outcome, Place
from clients.typist.backends.paste import PasteBackend
from clients.typist.backends.wtype import WtypeBackend
from clients.typist.choice import choose
from tests.system.sound_server import until
from tests.system.wayland_screen import WaylandField, WaylandScreen

pytestmark = pytest.mark.system

TEXT = (
    "-x --help 'quoted' \"twice\" \\ $HOME `id` ~^ @€ Straße Ærø café cafe\u0301 Привет мир Ελληνικά 世界你好 "
    "こんにちは 안녕하세요 مرحبا بالعالم שלום नमस्ते ไทย 👍🏽 👨‍👩‍👧 🇺🇳 "
)
IMAGE = bytes(random.Random(5).randbytes(300_000))
PASTES = 20


class SwayFocus(UnknownDesktop):
    """Sees the focus by way of swaymsg, for a test."""

    def __init__(self, screen: WaylandScreen, fields: list[WaylandField]) -> None:
        super().__init__("sway")
        self._screen = screen
        self._fields = fields

    @property
    def sees_focus(self) -> bool:
        return True

    def focused(self) -> Window | None:
        return next((window_of(f) for f in self._fields if (self._screen.window(f.title) or {}).get("focused")), None)


def window_of(field: WaylandField) -> Window:
    return Window(f"sway:{field.id}", program="foot")


def read(wayland: WaylandScreen, kind: str = "text/plain") -> bytes:
    line = ["wl-paste", "--no-newline", "--type", kind]
    return subprocess.run(line, env=wayland.environ, capture_output=True, check=False, timeout=20).stdout


def put(wayland: WaylandScreen, content: bytes, kind: str = "text/plain") -> None:
    quiet = subprocess.DEVNULL
    line = ["wl-copy", "--type", kind]
    subprocess.run(line, input=content, env=wayland.environ, stdout=quiet, stderr=quiet, check=True, timeout=20)


def test_wtype_brings_every_script(wayland: WaylandScreen) -> None:
    backend = WtypeBackend(wayland.environ, UnknownDesktop("sway"))
    assert backend.probe().usable
    field = wayland.foot()
    said: list[int] = []
    assert backend.type(TEXT, Place(None), said.append) == Outcome(len(TEXT))
    field.wait_for(TEXT)
    assert said == sorted(set(said))
    assert said[-1] == len(TEXT)
    assert backend.press("backspace", 20, Place(None)) == Outcome(20)
    assert backend.press("enter", 1, Place(None)) == Outcome(1)
    # A carriage return, as Python reads it out of a file.
    field.wait_for(TEXT + "\x7f" * 20 + "\n")


def test_wtype_brings_it_from_a_service_without_a_locale(wayland: WaylandScreen) -> None:
    environ = {k: v for k, v in wayland.environ.items() if not k.startswith(("LC_", "LANG"))}
    field = wayland.foot()
    assert WtypeBackend(environ, UnknownDesktop("sway")).type("Straße 世界", Place(None), lambda count: None).done == 9
    field.wait_for("Straße 世界")


def test_wtype_stops_when_the_focus_goes(wayland: WaylandScreen) -> None:
    meant, other = wayland.foot(), wayland.foot()
    backend = WtypeBackend(wayland.environ, SwayFocus(wayland, [meant, other]))
    meant.focus()
    words = [f"word{number} " for number in range(12)]
    text = "".join(words)

    def about(count: int) -> None:
        if count == len("".join(words[:6])):
            other.focus()

    # The look at the focus comes first, then it moves: one piece is what can go astray.
    outcome = backend.type(text, Place(window_of(meant)), about)
    assert (outcome.stopped, outcome.done) == ("focus", len("".join(words[:6])))
    meant.wait_for("".join(words[:4]))
    other.wait_for("".join(words[4:6]))


def test_a_killed_wtype_leaves_no_key_down(wayland: WaylandScreen) -> None:
    field, chance = wayland.foot(), random.Random(3)
    for _ in range(10):
        process = subprocess.Popen(["wtype", "-"], env=wayland.environ, stdin=subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(b"aZ" * 30)
        process.stdin.close()
        time.sleep(chance.uniform(0.005, 0.1))
        process.kill()
        process.wait()
    time.sleep(0.2)
    before = field.text()
    # A key that is down repeats after 600 ms on sway.
    time.sleep(1.0)
    assert field.text() == before
    assert WtypeBackend(wayland.environ, UnknownDesktop("sway")).type("a b", Place(None), lambda count: None).done == 3
    field.wait_for(before + "a b")


def test_twenty_pastes_have_their_receipts_and_the_old_text_stays(wayland: WaylandScreen) -> None:
    backend = PasteBackend(wayland.environ, UnknownDesktop("sway"))
    assert backend.probe().usable
    field = wayland.foot()
    put(wayland, "what was there: 以前".encode())
    arrived = ""
    for run in range(PASTES):
        text = f"[{run}] {TEXT}"
        assert backend.type(text, Place(window_of(field)), lambda count: None) == Outcome(len(text)), run
        arrived += text
        field.wait_for(arrived)
        assert read(wayland) == "what was there: 以前".encode(), run
    backend.close()


def test_an_image_on_the_clipboard_is_not_touched(wayland: WaylandScreen) -> None:
    backend = PasteBackend(wayland.environ, UnknownDesktop("sway"))
    field = wayland.foot()
    put(wayland, IMAGE, "image/png")
    for run in range(PASTES):
        outcome = backend.type("text", Place(window_of(field)), lambda count: None)
        assert outcome.stopped == "failed", run
        assert "image/png" in outcome.detail
    assert read(wayland, "image/png") == IMAGE
    assert field.text() == ""
    backend.close()


def test_without_a_receipt_the_old_text_is_put_back(wayland: WaylandScreen) -> None:
    backend = PasteBackend(wayland.environ, UnknownDesktop("sway"), receipt_s=0.5)
    field = wayland.foot()
    put(wayland, b"old")
    place = Place(window_of(field), paste_keys="shift+space")
    outcome = backend.type("text", place, lambda count: None)
    assert outcome.stopped == "failed"
    assert "shift+space" in outcome.detail
    assert read(wayland) == b"old"
    assert "text" not in field.text()
    backend.close()


def test_a_typist_killed_while_it_pastes_leaves_the_old_text(wayland: WaylandScreen) -> None:
    put(wayland, b"old")
    program = (
        "import os, time; from clients.desktop.clipboard_link import ClipboardLink; "
        "link = ClipboardLink('wayland', os.environ); link.offer('dictated', 'CLIPBOARD', 0); link.arm(); "
        "print('armed', flush=True); time.sleep(60)"
    )
    typist = subprocess.Popen([sys.executable, "-c", program], env=wayland.environ, stdout=subprocess.PIPE)
    assert typist.stdout is not None
    assert typist.stdout.readline() == b"armed\n"
    typist.kill()
    typist.wait()
    typist.stdout.close()
    until(lambda: read(wayland) == b"old")


def test_a_copied_text_outlives_the_program_and_leaves_no_pipe_open(wayland: WaylandScreen) -> None:
    program = f"from clients.desktop import plain_clipboard; plain_clipboard.copy({TEXT!r})"
    done = subprocess.run(
        [sys.executable, "-c", program], env=wayland.environ, capture_output=True, check=False, timeout=20
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert read(wayland) == TEXT.encode()
    assert plain_clipboard.paste(wayland.environ) == TEXT
    put(wayland, IMAGE, "image/png")
    assert plain_clipboard.paste(wayland.environ) == ""


def test_auto_takes_wtype_on_sway(wayland: WaylandScreen) -> None:
    backend, sentence = choose("auto", wayland.environ, UnknownDesktop("sway"))
    assert backend.name == "wtype"
    assert sentence.startswith("wtype types, the best that works on sway")
