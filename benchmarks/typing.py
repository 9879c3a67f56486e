"""How long text takes from the call that types it to the window: `python -m benchmarks.typing`.

On an X screen of its own, in a real xterm whose program writes down what arrives: 50 characters at a time, of English,
and of many scripts; on a quiet machine, and with as many busy processes as there are cores.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np

from benchmarks import machine
from clients.typist.backend import Place
from clients.typist.backends.x11 import X11Backend
from tests.system.screen import Field, Screen
from tests.system.x11_person import Person, burning
from tests.system.x11_texts import latin, mixed

LENGTH = 50
LOOK_S = 0.001
"""Between two looks at what has arrived: no figure is finer."""
LIMIT_S = 30.0


@contextmanager
def opened(screen: Screen) -> Iterator[tuple[X11Backend, Field, Place]]:
    """A back-end, and an xterm with the focus."""
    backend, field, person = X11Backend(screen.environ["DISPLAY"]), screen.xterm(), Person(screen)
    yield backend, field, Place(person.focus(field))
    backend.close()
    field.close()


def milliseconds(screen: Screen, folder: Path, texts: list[str], busy: int) -> list[float]:
    """How long each text took."""
    taken = []
    with opened(screen) as (backend, field, place), burning(busy) if busy else nullcontext():
        backend.type("warm", place, lambda sent: None)
        file = folder / f"{field.title}.txt"
        size = arrived(file, len(b"warm"))
        for text in texts:
            began = time.perf_counter()
            outcome = backend.type(text, place, lambda sent: None)
            assert outcome.done == len(text), outcome
            size = arrived(file, size + len(text.encode()))
            taken.append(1000 * (time.perf_counter() - began))
    return taken


def arrived(file: Path, size: int) -> int:
    """Wait until a file has this size; it."""
    limit = time.monotonic() + LIMIT_S
    while not file.exists() or file.stat().st_size < size:
        assert time.monotonic() < limit, "the text did not arrive"
        time.sleep(LOOK_S)
    return size


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    print(machine.heading(machine.about()))
    print(f"\n{LENGTH} characters, {runs} times{'p50':>17}{'p99':>9}{'max':>9}   ms")
    cores = os.cpu_count() or 1
    kinds: dict[str, Callable[[int], str]] = {
        "English": lambda run: latin(LENGTH),
        "many scripts": lambda run: mixed(LENGTH, seed=run),
    }
    for busy in (0, cores):
        for kind, make in kinds.items():
            with tempfile.TemporaryDirectory(prefix="steno-") as folder:
                screen = Screen(Path(folder))
                taken = milliseconds(screen, Path(folder), [make(run) for run in range(runs)], busy)
                screen.close()
            name = f"{kind}, {f'{busy} cores busy' if busy else 'quiet'}"
            print(f"{name:36}" + "".join(f"{value:9.1f}" for value in (*np.percentile(taken, [50, 99]), max(taken))))


if __name__ == "__main__":
    main()
