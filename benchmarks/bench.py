"""Everything that Steno promises, measured and put into one table: `make bench`, or `python -m benchmarks.bench`.

Each job is another benchmark, run in a process of its own; its figures lie in benchmarks/out/bench-JOB.json. By default
all of them run, in some ten minutes, on the miniature; `--model DIR`, or STENO_BENCH_MODEL, adds what is promised for a
model of true size (made by benchmarks/sizes.py --keep). `--quick` is for a first look, `--full` measures as long as the
promises say: an hour of each noise, eight hours of sound. `--only soak,idle` runs these jobs and takes the results of
the others from their last run. Writes benchmarks/out/bench.md and .json.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.bench_table import ABLATIONS, ablations, gains, markdown, promises

OUT = Path(__file__).parent / "out"
MODEL_VARIABLE = "STENO_BENCH_MODEL"
NEEDS_MODEL = f"not run: needs --model or {MODEL_VARIABLE}"


@dataclass(frozen=True)
class Depth:
    """How long is measured."""

    minutes: float
    """Of each noise."""
    seconds: float
    """Of idling."""
    hours: float
    """Of the soak."""
    repeat: int
    """Plays of each recording."""
    joined: int
    """Joined utterances whose finals are counted, on the miniature."""
    joined_model: int
    """The same on the model of true size."""
    rounds: int
    """Plays of the utterances whose steps are measured."""


DEPTHS = {
    "quick": Depth(minutes=1, seconds=15, hours=0.1, repeat=1, joined=4, joined_model=0, rounds=1),
    "usual": Depth(minutes=5, seconds=60, hours=0.5, repeat=1, joined=20, joined_model=8, rounds=1),
    "full": Depth(minutes=60, seconds=120, hours=8, repeat=3, joined=88, joined_model=88, rounds=3),
}


def jobs(depth: Depth, model: Path | None) -> dict[str, list[str]]:
    """Job -> the module and arguments that do it; what has to do with time first, on a machine that is still cool."""
    play = ["stream", "--repeat", str(depth.repeat)]
    steps = ["incremental", "--rounds", str(depth.rounds)]
    found = {
        "idle": ["idle", "--seconds", f"{depth.seconds:g}"],
        "stream": play,
        "commit": [*play, "--commit"],
        "virtual": [*play, "--virtual", "--no-offline"],
        **{job: [*play, "--virtual", "--no-offline", "--set", setting] for job, (_, setting) in ABLATIONS.items()},
        "miniature": [*steps, "--joined", str(depth.joined)],
        "silence": ["silence", "--minutes", f"{depth.minutes:g}"],
        "soak": ["soak", "--hours", f"{depth.hours:g}"],
    }
    if model is not None:
        found["model"] = [*steps, "--model", str(model), "--joined", str(depth.joined_model)]
    return {job: [*line, "--out", f"bench-{job}"] for job, line in found.items()}


def run(job: str, line: list[str]) -> str:
    """Do a job, its output on the terminal; empty, or why there is no result."""
    path = _result(job)
    path.unlink(missing_ok=True)  # what an earlier run left must not be taken for this one's
    print(f"\n== {job}: python -m benchmarks.{shlex.join(line)}", flush=True)
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{line[0]}", *line[1:]], check=False)
    return "" if done.returncode == 0 and path.is_file() else f"failed with exit code {done.returncode}"


def results(names: Mapping[str, list[str]]) -> dict[str, dict[str, Any]]:
    """Job -> what its last run wrote, of those that have run."""
    found = {}
    for job in names:
        if _result(job).is_file():
            found[job] = json.loads(_result(job).read_text(encoding="utf-8"))
    return found


def _result(job: str) -> Path:
    return OUT / f"bench-{job}.json"


def report(about: Mapping[str, str], found: Mapping[str, Mapping[str, Any]], why_not: Mapping[str, str]) -> str:
    """The whole page: heading, promises, ablations, and which job ran when."""
    summaries = {job: one["summary"] for job, one in found.items()}
    lines = [machine.heading(dict(about)), "", *markdown(promises(summaries, why_not))]
    for more in (ablations(summaries), gains(summaries)):
        lines += ["", *more] if more else []
    lines += ["", *(f"- {job}: {_when(one)}" for job, one in found.items())]
    return "\n".join(lines) + "\n"


def _when(found: Mapping[str, Any]) -> str:
    """What a job's file says of its own making."""
    about = found.get("about", {})
    parts = [about.get("model", ""), about.get("command", ""), about.get("date", found.get("made", ""))]
    return "; ".join(part for part in parts if part)


def main() -> int:
    """Run, print and write. Returns 1 if a promise does not hold or a job failed."""
    options = _arguments()
    names = jobs(DEPTHS[options.depth], options.model)
    OUT.mkdir(exist_ok=True)
    why_not = {} if options.model else {"model": NEEDS_MODEL}
    began = time.monotonic()
    for job in names:
        if (options.only is None or job in options.only) and (why := run(job, names[job])):
            why_not[job] = why
    found = results(names)
    about = machine.about() | {"took": f"{time.monotonic() - began:.0f} s"}
    page = report(about, found, why_not)
    print(f"\n{page}")
    lines = promises({job: one["summary"] for job, one in found.items()}, why_not)
    (OUT / "bench.md").write_text(page, encoding="utf-8")
    (OUT / "bench.json").write_text(json.dumps({"about": about, "promises": lines}, indent=1) + "\n", encoding="utf-8")
    failed = any(one["holds"] is False for one in lines) or any(why != NEEDS_MODEL for why in why_not.values())
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    depth = parser.add_mutually_exclusive_group()
    for name in ("quick", "full"):
        depth.add_argument(f"--{name}", dest="depth", action="store_const", const=name, default="usual")
    model = os.environ.get(MODEL_VARIABLE)
    parser.add_argument("--model", type=Path, default=Path(model) if model else None, metavar="DIR")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="JOBS", help="run only these")
    options = parser.parse_args()
    unknown = set(options.only or ()) - set(jobs(DEPTHS["usual"], Path()))
    if unknown:
        parser.error(f"no such job: {', '.join(sorted(unknown))}; there are {', '.join(jobs(DEPTHS['usual'], Path()))}")
    return options


if __name__ == "__main__":
    sys.exit(main())
