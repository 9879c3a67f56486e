"""How long after a key is let go the words stand in the window: `python -m benchmarks.push_to_talk`.

A real sound server, screen and daemon with the miniature, `steno hotkey`, `steno type`, and an xterm with the focus. A
recording is played while the key is down; the key is let go when it has been played, or in the middle of its last word.
It needs what `make test-system` installs.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import machine
from tests.system.desk import Desk, sample
from tests.system.screen import Field
from tests.system.sound_server import DEFAULTS, MICROPHONE, SINK, SoundServer, until

KEY = "F9"
SAID = "01"
LOOK_S = 0.001
"""Between two looks at what has arrived."""
SETTLED_S = 0.3
"""Nothing more comes after so long."""
PLAYER_S = 0.1
"""About so long `paplay` takes until its first sample is heard."""


def measure(desk: Desk, field: Field, count: int, play: Callable[[], None]) -> list[float]:
    """Seconds from the release until all of the final's text stands in the window, for so many utterances."""
    taken = []
    for _ in range(count):
        finals, before = len(desk.of("final")), len(field.text())
        desk.key(KEY, True)
        play()
        desk.key(KEY, False)
        released = time.perf_counter()
        size, stood = before, released
        while size == before or time.perf_counter() - stood < SETTLED_S:
            time.sleep(LOOK_S)
            if len(field.text()) != size:
                size, stood = len(field.text()), time.perf_counter()
        until(lambda finals=finals: len(desk.of("final")) > finals, 10)  # type: ignore[misc]
        assert field.text().endswith(desk.of("final")[-1]["text"])
        taken.append(stood - released)
    return taken


def last_word() -> float:
    """The middle of the last word of the recording, in seconds."""
    words = json.loads(sample(SAID).with_suffix(".json").read_text())["words"]
    return float(words[-1]["start"] + words[-1]["end"]) / 2


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=20, help="of each kind")
    count = parser.parse_args().utterances
    print(machine.heading(machine.about()))
    with tempfile.TemporaryDirectory(prefix="steno-") as name:
        directory = Path(name)
        for part in ("sound", "desk"):
            (directory / part).mkdir()
        server = SoundServer(directory / "sound", f"load-module {SINK}\nload-module {MICROPHONE}\n{DEFAULTS}")
        desk = Desk(server, directory / "desk", directory / "cache")
        try:
            field = desk.screen.xterm()
            field.focus()
            desk.start("type")
            desk.start("hotkey", "--key", KEY.lower(), "--action", "hold")
            until(lambda: KEY.lower() in desk.said("hotkey") and bool(desk.said("type")), 20)
            time.sleep(1.0)

            def in_the_last_word() -> None:
                desk.sound.play_in_background(sample(SAID))
                time.sleep(PLAYER_S + last_word())

            print(f"\nfrom the release to the last character, {count} utterances{'p50':>9}{'p95':>8}{'max':>8}   s")
            for kind, play in (
                ("let go in the silence behind the speech", lambda: desk.sound.play(sample(SAID))),
                ("let go in the middle of the last word", in_the_last_word),
            ):
                taken = measure(desk, field, count, play)
                print(
                    f"{kind:58}" + "".join(f"{value:8.3f}" for value in (*np.percentile(taken, [50, 95]), max(taken)))
                )
        finally:
            desk.close()
            server.kill()


if __name__ == "__main__":
    main()
