"""How long a client takes from nothing to its answer: `python -m benchmarks.startup`.

`steno status` as a whole process against a running daemon, in turn with a Python that does nothing and one that only
loads the two libraries a client needs. The ratios hold when the machine's speed drifts; the milliseconds do not.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from clients.private_daemon import PrivateDaemon

RUNS = 20
BARE = [sys.executable, "-c", "pass"]
LIBRARIES = [sys.executable, "-c", "import argparse, msgspec, zmq"]


def seconds(line: list[str], environ: dict[str, str]) -> float:
    """Wall clock of one run of the command."""
    began = time.perf_counter()
    subprocess.run(line, env=environ, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    status = [sys.executable, "-m", "clients.cli", "status"]
    with PrivateDaemon(None, {"daemon.source": "none"}) as daemon:
        daemon.wait_ready(lambda words: None)
        environ = os.environ | {"STENO_RUNTIME_DIR": str(daemon.runtime)}
        rows: dict[str, list[float]] = {"python": [], "python + libraries": [], "steno status": []}
        for turn in range(RUNS + 1):
            for name, line in zip(rows, (BARE, LIBRARIES, status), strict=True):
                taken = seconds(line, environ)
                if turn:  # the first turn fills the caches
                    rows[name].append(taken)
    print(f"{'':20}{'min':>8}{'median':>8}{'max':>8}   ms, {RUNS} runs")
    for name, values in rows.items():
        figures = (min(values), statistics.median(values), max(values))
        print(f"{name:20}" + "".join(f"{1000 * value:8.0f}" for value in figures))
    for name in ("python", "python + libraries"):
        ratio = statistics.median(a / b for a, b in zip(rows["steno status"], rows[name], strict=True))
        print(f"steno status / {name}: {ratio:.2f}")


if __name__ == "__main__":
    main()
