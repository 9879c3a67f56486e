from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.memory import family, memory, run
from benchmarks.sizes import pairs
from benchmarks.sizes_table import cosine, whole_error_rate
from clients import samples


def test_each_precision_is_measured_beside_the_best_of_the_other_side_and_small_pairs_together() -> None:
    assert pairs(["fp32", "int8"], ["f16", "q4_k"]) == [
        ("fp32", "f16"),
        ("int8", "f16"),
        ("fp32", "q4_k"),
        ("int8", "q4_k"),
    ]
    assert pairs(["int4"], ["q8_0"]) == [("int4", "q8_0")]


def test_embeddings_that_repeat_the_exact_ones_have_the_cosine_1() -> None:
    exact = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    assert cosine(np.tile(exact, (1, 3)), exact) == pytest.approx(1)
    assert cosine(-exact, exact) == pytest.approx(-1)


def test_words_heard_in_silence_count_as_errors() -> None:
    said = samples.shipped("01_short_seen").text
    assert whole_error_rate({"01_short_seen": said, "11_silence": ""}) == 0
    assert whole_error_rate({"01_short_seen": said, "11_silence": "a b c"}) == 3 / len(said.split())


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_a_command_s_memory_is_that_of_its_whole_family() -> None:
    child = "import time; block = bytearray(80_000_000); time.sleep(0.5)"
    parent = f"import subprocess, sys; print(subprocess.call([sys.executable, '-c', {child!r}]))"
    done = run([sys.executable, "-c", parent])
    assert done.output == "0\n"
    assert 80_000_000 < done.peak_anonymous <= done.peak < 160_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_a_command_that_fails_is_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_memory_of_a_process_that_is_gone_is_nothing() -> None:
    assert os.getpid() in family(os.getppid())
    held = memory([os.getpid()])
    assert 0 < held.anonymous <= held.resident
    assert memory([os.getpid(), 2**22 + 1]).anonymous == pytest.approx(held.anonymous, rel=0.2)
