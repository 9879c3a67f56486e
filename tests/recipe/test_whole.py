"""The recipe on a small scale, on a processor: what it leaves behind, and that a lost machine loses nothing."""

from __future__ import annotations

import hashlib
import json
import re
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from model.aligner import Aligner
from model.convert import convert
from model.decoder import Decoder
from model.encoder import Encoder
from model.miniature.recipe.evaluation.export import KINDS
from model.miniature.recipe.evaluation.samples import SAMPLES
from model.miniature.recipe.evaluation.sets import SETS, UNSPOKEN
from model.package import open_package
from tests.recipe import small_run
from tests.recipe.small_run import LOG_STEPS, STEPS, SmallRun

# The first test waits for all of it.
pytestmark = [pytest.mark.recipe, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, engines: Path) -> SmallRun:
    return small_run.run(tmp_path_factory.mktemp("whole"), engines)


def values(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def log(run: SmallRun, kind: str) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run.out / f"{kind}.log.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_resumed_run_goes_on_at_the_step_where_the_lost_machine_was(made: SmallRun) -> None:
    assert LOG_STEPS < made.place < STEPS
    assert f"resumed at step {made.place}," in made.said
    assert values(made.out / "asr.state" / "state.json")["step"] == STEPS
    assert [line["step"] for line in log(made, "asr")] == list(range(LOG_STEPS, STEPS + 1, LOG_STEPS))


def test_the_record_goes_on_where_the_lost_machine_s_ends(made: SmallRun) -> None:
    lost, record = values(made.carried / "run.json"), values(made.out / "run.json")
    assert record["steps"][: len(lost["steps"])] == lost["steps"]
    steps = [step["command"].split()[0] for step in record["steps"]]
    export = ["evaluation.export", "evaluation.export", "evaluation.evaluate"]
    assert steps == ["sound", "speech", "evaluation.sets", "training", "speech", "training", "training", *export]
    assert record["resumed"]["step"] == made.place
    assert "finished" in record
    assert values(made.out / "aligner.state" / "run.json")["steps"] == record["steps"][:-3]


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_falls(made: SmallRun, kind: str) -> None:
    losses = [line["loss"] for line in log(made, kind)]
    assert losses[-1] < 0.95 * losses[0]


def test_every_set_is_measured_and_frozen(made: SmallRun) -> None:
    results, frozen = values(made.out / "results.json"), values(made.out / "sets" / "sets.json")["sets"]
    assert set(frozen) == set(SETS)
    assert {name: one["sha256"] for name, one in results["about"].items()} == {
        name: one["sha256"] for name, one in frozen.items()
    }
    assert set(results["sets"]) == {*SETS} - {*UNSPOKEN, "long-pauses"}
    assert set(results["nothing"]["sets"]) == set(UNSPOKEN)
    assert results["aligner"]["known"]["words"] > 0


def test_the_card_has_the_hashes_of_the_files_and_says_who_spoke(made: SmallRun) -> None:
    card = (made.card / "README.md").read_text(encoding="utf-8")
    hashes = dict(re.findall(r"^\| (\S+) \| \d+ \| `([0-9a-f]{64})` \|$", card, re.MULTILINE))
    files = [path for path in sorted((made.out / "shipped").glob("*/*")) if path.is_file()]
    assert hashes == {
        f"{path.parent.name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    shipped = {path.name for path in (small_run.ROOT / "model" / "miniature" / "asr").iterdir()}
    assert {path.name for path in files if path.parent.name == "asr"} == shipped
    assert re.search(r"^\| flite \| debian:libflite1 \| \S+ \| MIT-Festival \|$", card, re.MULTILINE)
    assert "| flite | English | slt, rms, awb | kal16 |" in card
    assert re.search(r"^\| list-names \|.*\| pypi:faker \| \S+ \| MIT \|  \|  \|$", card, re.MULTILINE)
    assert (made.card / "curves.svg").exists()


def test_every_recording_is_made(made: SmallRun) -> None:
    names = {f"{one.name}.{ending}" for one in SAMPLES for ending in ("wav", "txt", "json")}
    assert {path.name for path in made.samples.iterdir()} == names


def test_what_is_shipped_runs_in_the_program(made: SmallRun, tmp_path: Path) -> None:
    for kind in KINDS:
        convert(made.out / "shipped" / kind, tmp_path / kind)
    with wave.open(str(made.samples / "01_short_seen.wav")) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / np.float32(32768)
    package = open_package(tmp_path / "asr", "asr")
    decoder, aligner = Decoder(package), Aligner(open_package(tmp_path / "aligner", "aligner"))
    try:
        heard = decoder.decode(Encoder(package).encode(pcm))
        words = aligner.align(pcm, "The meeting starts on Thursday afternoon.", "English")
    finally:
        decoder.close()
        aligner.close()
    assert isinstance(heard.text, str)
    assert [word.text for word in words] == ["The", "meeting", "starts", "on", "Thursday", "afternoon."]
