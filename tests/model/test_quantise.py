from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from model import quantise
from model.package import Package
from model.progress import Progress

ROOT = Path(__file__).parents[2]


class Added(Progress):
    """Adds up what is done."""

    def __init__(self) -> None:
        self.bytes = 0

    def advance(self, amount: int) -> None:
        self.bytes += amount


def test_a_module_of_the_user_s_own_is_not_taken_for_steno_s(
    asr: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.py").write_text("raise SystemExit('this is not Steno')\n")
    monkeypatch.chdir(tmp_path)
    progress = Added()
    quantise.quantised(asr.decoder, Path("small.gguf"), "q8_0", progress)
    assert (tmp_path / "small.gguf").stat().st_size < asr.decoder.stat().st_size
    assert progress.bytes == asr.decoder.stat().st_size


def test_the_quantiser_ends_when_nobody_waits_for_it(asr: Package, tmp_path: Path) -> None:
    target = tmp_path / "small.gguf"
    command = [sys.executable, "-m", "model.quantise", str(asr.decoder), str(target), "q8_0"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()
    assert child.wait(60) == 1
    assert not target.exists() or target.stat().st_size < asr.decoder.stat().st_size // 2
