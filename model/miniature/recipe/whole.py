"""`python -m model.miniature.recipe.whole`: everything that needs a fast machine, one step after the other.

This file owns the order of the steps, and run.json, which says what was run. Each step is a command of its own that can
be given by hand; what a step needs lies in one directory, the bundle. Speech is made while the network already learns.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from model.miniature.recipe.speech.cast import ENGINES

PACKAGE = "model.miniature.recipe"
RECORD = "run.json"
"""What was run, in the directory of the results; goes with each checkpoint."""
_OTHER_PROCESSES = 4
"""Training itself and those that make its batches; the others speak."""


class Steps:
    """Runs commands and tells when each began.

    Args:
        out: run.json goes there.
    """

    def __init__(self, out: Path) -> None:
        self._record = out / RECORD
        self._told: dict[str, object] = {"steps": []}
        if self._record.exists():
            self._told = json.loads(self._record.read_text(encoding="utf-8"))

    def note(self, **facts: object) -> None:
        """Add facts to the record."""
        self._told |= facts
        fresh = self._record.with_suffix(".new")
        fresh.write_text(json.dumps(self._told, indent=1), encoding="utf-8")
        fresh.replace(self._record)

    def start(self, module: str, *arguments: object) -> subprocess.Popen[bytes]:
        """Begin a step and do not wait for it."""
        line = [module, *map(str, arguments)]
        print(f"== {datetime.now(UTC):%H:%M:%S}  {' '.join(line)}", flush=True)
        steps = self._told["steps"]
        assert isinstance(steps, list)
        steps.append({"began": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "command": " ".join(line)})
        self.note(steps=steps)
        return subprocess.Popen([sys.executable, "-u", "-m", f"{PACKAGE}.{line[0]}", *line[1:]])

    def run(self, module: str, *arguments: object) -> None:
        """A step, to its end.

        Raises:
            SystemExit: it failed.
        """
        self.finish([self.start(module, *arguments)])

    def finish(self, processes: Iterable[subprocess.Popen[bytes]]) -> None:
        """Wait for steps.

        Raises:
            SystemExit: one of them failed.
        """
        for process in processes:
            if process.wait() != 0:
                raise SystemExit(f"whole: {process.args!r} ended with {process.returncode}")


def main() -> None:
    """Run the command."""
    arguments = _parser().parse_args()
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    _take_over(arguments)
    steps = Steps(out)
    machine = arguments.machine or platform.processor()
    steps.note(commit=arguments.commit, machine=machine, python=platform.python_version(), seed=arguments.seed)
    if not (out / "background" / "background.json").exists():
        background = ("--seconds", arguments.background, "--seed", arguments.seed, "--workers", arguments.processors)
        steps.run("sound", "--out", out / "background", *background)
    speech = _speech(steps, arguments)
    _sets(steps, arguments)
    _training(steps, arguments)
    for process in speech:
        process.terminate()
        process.wait()
    _evaluation(steps, arguments)
    steps.note(finished=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")


def _take_over(arguments: argparse.Namespace) -> None:
    """Go on with the record of the lost machine, which its checkpoint brings along."""
    record = arguments.out / RECORD
    for checkpoint in (arguments.resume, arguments.parent):
        if checkpoint and (checkpoint / RECORD).exists() and not record.exists():
            shutil.copyfile(checkpoint / RECORD, record)


def _speech(steps: Steps, arguments: argparse.Namespace) -> list[subprocess.Popen[bytes]]:
    """Begin to make the pool; no longer than asked for."""
    if arguments.speech <= 0:
        return []
    workers = max(1, arguments.processors - _OTHER_PROCESSES)
    numbers = ("--seed", arguments.seed, "--first", arguments.first, "--count", arguments.chunks)
    limits = ("--workers", workers, "--until", arguments.speech)
    engines = ("--use", arguments.use)
    return [steps.start("speech", *_sources(arguments), "--out", arguments.out / "pool", *numbers, *limits, *engines)]


def _sets(steps: Steps, arguments: argparse.Namespace) -> None:
    """Make the evaluation sets, before anything is learnt."""
    sets, human = arguments.out / "sets", arguments.bundle / "human"
    if not (sets / "sets.json").exists():
        more = ("--human", human) if human.exists() else ()
        size = ("--count", arguments.count, "--minutes", arguments.minutes, "--processes", arguments.processors)
        background = ("--background", arguments.out / "background")
        engines = ("--only-engines", arguments.use)
        steps.run("evaluation.sets", *_sources(arguments), *background, "--out", sets, *size, *engines, *more)


def _training(steps: Steps, arguments: argparse.Namespace) -> None:
    out = arguments.out
    places: tuple[object, ...] = (
        "--corpus",
        arguments.bundle / "corpus",
        "--tokenizer",
        arguments.bundle / "tokenizer",
    )
    places += ("--pool", out / "pool", "--background", out / "background", "--out", out, "--seed", arguments.seed)
    if arguments.asr > 0:
        resume = ("--resume", arguments.resume) if arguments.resume else ()
        if arguments.resume:
            steps.note(resumed=json.loads((arguments.resume / "state.json").read_text(encoding="utf-8")))
        steps.run("training", "asr", *places, "--seconds", arguments.asr, *resume, *arguments.training)
    if arguments.aligner > 0:
        parent = ("--from", arguments.parent or out / "asr.state")
        steps.run("training", "aligner", *places, "--seconds", arguments.aligner, *parent, *arguments.training)


def _evaluation(steps: Steps, arguments: argparse.Namespace) -> None:
    """Write the files as they ship, and measure those."""
    out, tokenizer = arguments.out, arguments.bundle / "tokenizer"
    kinds = [kind for kind in ("asr", "aligner") if (out / f"{kind}.state").exists()]
    if not arguments.evaluate or not kinds:
        return
    for kind in kinds:
        steps.run("evaluation.export", "--run", out, "--tokenizer", tokenizer, "--out", out / "shipped", "--only", kind)
    models = [part for kind in kinds for part in (f"--{kind}", out / "shipped" / kind)]
    most = ("--most", arguments.most) if arguments.most else ()
    steps.run("evaluation.evaluate", *models, "--sets", out / "sets", "--out", out / "results.json", *most)


def _sources(arguments: argparse.Namespace) -> tuple[object, ...]:
    return ("--corpus", arguments.bundle / "corpus", "--engines", arguments.bundle / "engines")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {PACKAGE}.whole", description=__doc__)
    parser.add_argument(
        "--bundle", type=Path, required=True, help="directory with corpus/, tokenizer/, engines/, human/"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--asr", type=float, default=1560.0, help="seconds of training the transcriber; 0 for none")
    parser.add_argument("--aligner", type=float, default=1100.0, help="seconds of training the aligner; 0 for none")
    parser.add_argument("--speech", type=float, default=1600.0, help="seconds for which new speech is made; 0 for none")
    parser.add_argument("--background", type=int, default=7200, help="seconds of background sound")
    parser.add_argument("--use", default=",".join(ENGINES), help="comma-separated synthesisers (%(default)s)")
    parser.add_argument("--processors", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first chunk of speech")
    parser.add_argument("--resume", type=Path, help="transcriber's checkpoint to go on from")
    parser.add_argument(
        "--parent", type=Path, help="transcriber's checkpoint for the aligner; the run's own by default"
    )
    parser.add_argument("--chunks", type=int, default=100_000, help="of speech, at most")
    parser.add_argument("--count", type=int, default=400, help="utterances of an evaluation set")
    parser.add_argument("--minutes", type=float, default=60.0, help="of the evaluation set in which nobody speaks")
    parser.add_argument(
        "--no-evaluation", dest="evaluate", action="store_false", help="leave out export and evaluation"
    )
    parser.add_argument("--most", type=int, help="tokens of an answer in the evaluation, where little is learnt")
    parser.add_argument("--commit", default="", help="what the run was made from, for the record")
    parser.add_argument("--machine", default="", help="for the record")
    parser.add_argument("training", nargs="*", help="further arguments of the training commands, behind --")
    return parser


if __name__ == "__main__":
    main()
