"""What a daemon that listens to silence computes: `python -m benchmarks.idle --seconds 60`.

A private daemon hears a source process of its own at real speed, once digital silence and once a quiet room, or with
`--microphone` the machine's microphone; the processor time of each of its processes is read from the system. Writes
benchmarks/out/NAME.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.noise import noise
from benchmarks.processes import Family
from clients.private_daemon import PrivateDaemon
from pipeline import commands
from pipeline.messages import SAMPLE_RATE

OUT = Path(__file__).parent / "out"
SETTLE_S = 5.0
"""After the source is opened, before anything is counted; and so much sound is left at the end."""


def measure(daemon: PrivateDaemon, processes: Family, seconds: float) -> dict[str, float]:
    """Name -> share of one core that the process took during these seconds."""
    time.sleep(SETTLE_S)
    before, began = processes.computed(), time.monotonic()
    time.sleep(seconds)
    after, passed = processes.computed(), time.monotonic() - began
    daemon.check()
    return {name: (spent - before.get(name, 0.0)) / passed for name, spent in after.items()}


def heard(settings: Mapping[str, str], seconds: float, kind: str | None) -> dict[str, float]:
    """The shares while the daemon hears this kind of noise; None: its own source, the microphone."""
    processes = Family()
    with tempfile.TemporaryDirectory(prefix="steno-") as folder, PrivateDaemon(None, settings) as daemon:
        daemon.wait_ready(lambda words: None)
        if kind is not None:
            path = Path(folder) / f"{kind}.wav"
            _write(path, kind, seconds + 3 * SETTLE_S)
            request = commands.Open(kind="file", name=kind, path=str(path), speed=1.0)
            commands.ask(daemon.wire, request, commands.OpenReply)
        return measure(daemon, processes, seconds)


def _write(path: Path, kind: str, seconds: float) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.concatenate(list(noise(kind, seconds))).tobytes())


def line(kind: str, shares: Mapping[str, float]) -> str:
    """One line: the sum, then each process."""
    each = ", ".join(f"{name} {100 * share:.2f}" for name, share in shares.items())
    return f"{kind:12}{100 * sum(shares.values()):6.2f} % of one core: {each}"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--microphone", action="store_true", help="hear the microphone too")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting to try")
    parser.add_argument("--out", default="idle", metavar="NAME", help="of the file that is written")
    options = parser.parse_args()
    about = machine.about()
    print(machine.heading(about))
    settings = dict(item.split("=", 1) for item in options.set)
    rows: dict[str, dict[str, float]] = {}
    kinds = ["silence", "room"] + ["microphone"] * options.microphone
    for kind in kinds:
        source = (
            {"daemon.source": "default", "daemon.mode": "always"} if kind == "microphone" else {"daemon.source": "none"}
        )
        rows[kind] = heard(source | settings, options.seconds, None if kind == "microphone" else kind)
        print(line(kind, rows[kind]), flush=True)
    whole: dict[str, Any] = {"about": about, "summary": {"share": max(sum(row.values()) for row in rows.values())}}
    OUT.mkdir(exist_ok=True)
    (OUT / f"{options.out}.json").write_text(json.dumps(whole | {"rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
