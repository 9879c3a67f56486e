"""The whole recipe at a size that learns next to nothing: each of its commands once, and a machine lost in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from model.miniature.recipe.text import __main__ as text
from model.miniature.recipe.text import corpus
from model.miniature.recipe.tokenizer import Counts, write_counts

ROOT = Path(__file__).parents[2]
TOKENIZER = ROOT / "model" / "miniature" / "asr"
STEPS = 10
LOG_STEPS = 2
SMALL = (
    *("--asr", "1000", "--aligner", "1000", "--speech", "60", "--chunks", "2", "--background", "120"),
    *("--count", "2", "--minutes", "0.1", "--processors", "2", "--use", "espeak,flite", "--most", "12"),
)
TRAINING = (
    *("--layers", "1", "1", "--batch", "64", "--workers", "1", "--least-hours", "0.02", "--room", "0.2"),
    *("--steps", str(STEPS), "--save-every", "1", "--log-every", str(LOG_STEPS)),
)
_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class SmallRun:
    """Where everything lies."""

    bundle: Path
    carried: Path
    """The checkpoint that was copied off the first machine."""
    place: int
    """Its step."""
    out: Path
    """Of the second machine."""
    said: str
    """By the second machine."""
    samples: Path
    card: Path


def run(root: Path, engines: Path) -> SmallRun:
    """Everything, in about a minute and a half."""
    bundle = root / "bundle"
    _write_text(bundle / "corpus")
    (bundle / "tokenizer").mkdir()
    for path in TOKENIZER.iterdir():
        if path.name not in ("config.json", "model.safetensors"):
            shutil.copyfile(path, bundle / "tokenizer" / path.name)
    write_counts(bundle / "tokenizer", Counts(bundle / "corpus"))
    (bundle / "engines").symlink_to(engines)
    carried = _lost_machine(bundle, root / "first", root / "carried" / "asr.state")
    out = root / "second"
    for name in ("background", "sets"):  # made before the training, and so carried off long ago
        shutil.copytree(root / "first" / name, out / name)
    said = _command(
        "whole", "--bundle", bundle, "--out", out, "--resume", carried, "--first", 2, *SMALL, "--", *TRAINING
    )
    sources = ("--corpus", bundle / "corpus", "--engines", bundle / "engines")
    _command("evaluation.samples", *sources, "--out", root / "samples")
    _command("evaluation.card", "--run", out, *sources, "--samples", root / "samples", "--out", root / "card")
    place = json.loads((carried / "state.json").read_text(encoding="utf-8"))["step"]
    return SmallRun(bundle, carried, place, out, said, root / "samples", root / "card")


def _write_text(out: Path) -> None:
    """The step `text` without its prose, whose packages are large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "prose", lambda _cache, _seed: ())
        patch.setattr(corpus, "_LISTS", [row for row in corpus._LISTS if not row[2].debian])
        patch.setattr(sys, "argv", ["text", "--out", str(out), "--sentences", "4000"])
        assert text.main() == 0


def _lost_machine(bundle: Path, out: Path, carried: Path) -> Path:
    """Begin on a machine, copy its checkpoint off while it learns, and lose it."""
    command = _line("whole", "--bundle", bundle, "--out", out, *SMALL, "--", *TRAINING)
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL) as machine:
        try:
            begun = time.monotonic()
            while not _copied(out / "asr.state", carried):
                assert machine.poll() is None, "the first machine ended by itself"
                assert time.monotonic() - begun < _PATIENCE_S
                time.sleep(0.2)
        finally:
            os.killpg(machine.pid, signal.SIGKILL)
    return carried


def _copied(checkpoint: Path, to: Path) -> bool:
    """Whether there was a checkpoint of some steps, and no newer one took its place meanwhile."""
    shutil.rmtree(to, ignore_errors=True)
    try:
        if json.loads((checkpoint / "state.json").read_text(encoding="utf-8"))["step"] <= LOG_STEPS:
            return False
        shutil.copytree(checkpoint, to)
    except (OSError, shutil.Error):
        return False
    return (to / "state.json").exists() and (to / "run.json").exists()


def _line(*command: object) -> list[str]:
    module, *arguments = map(str, command)
    return [sys.executable, "-m", f"model.miniature.recipe.{module}", *arguments]


def _command(*command: object) -> str:
    done = subprocess.run(_line(*command), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout
