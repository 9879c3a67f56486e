"""What other ways of typing on X11 lose: `python -m benchmarks.typing_rivals`.

The same text of many scripts is typed by Steno's `x11` back-end, by `xdotool type` and by pynput, into a real xterm and
a real GTK entry, on two layouts; what arrived is compared with what was sent, character by character.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jiwer

from benchmarks import machine
from clients.typist.backend import Place
from clients.typist.backends.x11 import X11Backend
from tests.system.screen import Field, Screen
from tests.system.x11_person import Person
from tests.system.x11_texts import mixed

LENGTH = 150
QUIET_S = 4.0
"""So long nothing has arrived: then nothing more will."""
PYNPUT = "import sys; from pynput.keyboard import Controller; Controller().type(sys.stdin.read())"
LIMIT_S = 60


def by_steno(screen: Screen, field: Field, text: str) -> None:
    """Through the back-end that Steno uses on X11."""
    backend = X11Backend(screen.environ["DISPLAY"])
    backend.type(text, Place(Person(screen).focus(field)), lambda sent: None)
    backend.close()


def by_program(*line: str) -> Callable[[Screen, Field, str], None]:
    """By a program that reads the text from its standard input."""

    def type_it(screen: Screen, field: Field, text: str) -> None:
        field.focus()
        environ = os.environ | screen.environ
        # What a program says of the characters that it cannot type is not of interest: they are counted.
        subprocess.run(line, env=environ, input=text.encode(), stderr=subprocess.DEVNULL, timeout=LIMIT_S, check=False)

    return type_it


WAYS = {
    "x11 (Steno)": by_steno,
    "xdotool type (12 ms apart)": by_program("xdotool", "type", "--file", "-"),
    "xdotool type --delay 0": by_program("xdotool", "type", "--delay", "0", "--file", "-"),
    "pynput": by_program(sys.executable, "-c", PYNPUT),
}


def arrived(field: Field) -> str:
    """What is in a field once nothing more comes."""
    text, since = field.text(), time.monotonic()
    while time.monotonic() - since < QUIET_S:
        time.sleep(0.05)
        if field.text() != text:
            text, since = field.text(), time.monotonic()
    return text


def wrong(sent: str, received: str) -> int:
    """Characters substituted, lost or put in."""
    if not received:
        return len(sent)
    found = jiwer.process_characters(sent, received)
    return found.substitutions + found.deletions + found.insertions


def lost(way: Callable[[Screen, Field, str], None], window: str, layout: str, text: str) -> int:
    """Type a text, on a screen of its own: what one way has done to the keyboard is not to be another's burden."""
    with tempfile.TemporaryDirectory(prefix="steno-") as folder:
        screen = Screen(Path(folder))
        screen.layout(layout)
        field = screen.xterm() if window == "xterm" else screen.gtk()
        way(screen, field, text)
        count = wrong(text, arrived(field))
        screen.close()
    return count


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(machine.heading(machine.about()))
    kinds = [(window, layout) for window in ("xterm", "gtk") for layout in ("us", "de")]
    print(f"\ncharacters wrong or lost of {runs * LENGTH}" + "".join(f"{' '.join(kind):>12}" for kind in kinds))
    for name, way in WAYS.items():
        counts = []
        for window, layout in kinds:
            counts.append(sum(lost(way, window, layout, mixed(LENGTH, seed=run)) for run in range(runs)))
        print(f"{name:34}" + "".join(f"{count:12}" for count in counts), flush=True)


if __name__ == "__main__":
    main()
