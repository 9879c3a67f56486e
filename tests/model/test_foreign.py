from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import miniature
from model.aligner import Aligner
from model.config import AlignerConfig, AudioConfig
from model.decoder import Decoder
from model.encoder import Encoder
from model.errors import ModelError
from model.package import Package, open_package
from model.words import units
from tests import spoken
from tests.model import foreign_files
from tests.model.conftest import Floats, Golden
from tests.model.permissions import ordinary_user

Features = Callable[[str], Floats]

FRONTEND = "qwen3_asr_encoder_frontend.int8.onnx"
BACKEND = "qwen3_asr_encoder_backend.int8.onnx"
DECODER = "qwen3_asr_llm.q8_0.gguf"


@pytest.fixture(scope="module")
def both(asr: Package, aligner_package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of both kinds in one directory, without a word about them; the decoder with MRoPE."""
    directory = foreign_files.foreign_package(asr, tmp_path_factory.mktemp("foreign"), "qwen3vl")
    return foreign_files.foreign_package(aligner_package, directory)


@pytest.fixture
def copy(both: Path, tmp_path: Path) -> Path:
    """The same, to be harmed."""
    for path in both.iterdir():
        os.link(path, tmp_path / path.name)
    return tmp_path


@pytest.fixture(scope="module")
def foreign_aligner(both: Path) -> Iterator[Aligner]:
    one = Aligner(open_package(both, "aligner"))
    yield one
    one.close()


def replaced(path: Path, data: bytes) -> None:
    """Write new contents at a name, and leave those that share the old ones alone."""
    path.unlink()
    path.write_bytes(data)


def tokens(package: Package, features: Floats) -> tuple[int, ...]:
    decoder = Decoder(package)
    try:
        return decoder.decode(features).tokens
    finally:
        decoder.close()


def test_a_foreign_package_writes_what_the_reference_writes(golden: Golden, both: Path) -> None:
    package = open_package(both, "asr")
    features = Encoder(package).encode(golden.sound("01_short_seen"))
    expected = golden.about["recordings"]["01_short_seen"]["answer"]["tokens"]
    assert tokens(package, features) == tuple(expected)


@pytest.mark.parametrize("name", ["02_dictation_seen", "08_names_context", "12_long"])
def test_the_rope_of_three_positions_gives_the_same_tokens(
    features: Features, both: Path, decoder: Decoder, name: str
) -> None:
    assert tokens(open_package(both, "asr"), features(name)) == decoder.decode(features(name)).tokens


def test_embeddings_for_further_layers_may_be_left_out(
    asr: Package, features: Features, decoder: Decoder, tmp_path: Path
) -> None:
    path = tmp_path / "deep.gguf"
    foreign_files.write_decoder(asr.decoder, path, "qwen3vl", extra={"n_deepstack_layers": 2})
    found = tokens(dataclasses.replace(asr, decoder=path), features("01_short_seen"))
    assert found == decoder.decode(features("01_short_seen")).tokens


@pytest.mark.parametrize("name", ["01_short_seen", "06_scotland_held", "12_long"])
def test_classes_in_the_place_of_a_vocabulary_are_those_of_the_own_head(
    golden: Golden, aligner: Aligner, foreign_aligner: Aligner, aligner_package: Package, name: str
) -> None:
    expected = golden.about["recordings"][name]["aligned_reference"]
    words = units(expected["text"], spoken.language(name))
    features = Encoder(aligner_package).encode(golden.sound(name))
    assert foreign_aligner.classes(features, words).tolist() == expected["classes"]
    assert aligner.classes(features, words).tolist() == expected["classes"]


def test_what_no_file_says_is_as_in_the_release(both: Path) -> None:
    config = open_package(both, "aligner").config
    timestamp = json.loads((miniature.checkpoint("aligner") / "config.json").read_text())["timestamp_token_id"]
    assert config.aligner == AlignerConfig(classes=512, timestamp_id=timestamp, segment_ms=80.0)
    assert config.audio == AudioConfig(
        mel_bins=128, width=128, layers=0, heads=0, ffn=0, conv_channels=0, output=256, n_window=50, n_window_infer=800
    )


def test_what_the_files_say_is_what_config_json_said(asr: Package, both: Path) -> None:
    found = open_package(both, "asr").config
    assert dataclasses.replace(found.text, rms_eps=asr.config.text.rms_eps) == asr.config.text
    ids = [(one.audio_start_id, one.audio_end_id, one.audio_pad_id, one.end_ids) for one in (found, asr.config)]
    assert ids[0] == ids[1]


def test_a_config_json_is_believed_if_it_is_of_that_model(asr: Package, copy: Path) -> None:
    for name in ("config.json", "generation_config.json"):
        (copy / name).write_bytes((asr.directory / name).read_bytes())
    assert open_package(copy, "asr").config == asr.config
    assert open_package(copy, "aligner").config.kind == "aligner"


def test_classes_that_config_json_counts_otherwise_are_refused(aligner_package: Package, copy: Path) -> None:
    config = json.loads((aligner_package.directory / "config.json").read_text())
    config["thinker_config"]["classify_num"] = 500
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"qwen3_aligner_llm\.q8_0\.gguf has 512 classes, config\.json says 500"):
        open_package(copy, "aligner")


@pytest.mark.parametrize("kind", ["asr", "aligner"])
def test_steno_s_own_files_run_without_their_manifest(
    asr: Package, aligner_package: Package, kind: str, tmp_path: Path
) -> None:
    own = asr if kind == "asr" else aligner_package
    found = open_package(foreign_files.without_manifest(own, tmp_path / "bare"), kind)
    assert (found.head is None) == (own.head is None)
    assert found.config.aligner == own.config.aligner
    assert found.config.audio.n_window_infer == own.config.audio.n_window_infer


def test_files_whose_names_say_no_precision_are_taken_when_nothing_else_is_there(copy: Path) -> None:
    for old, new in ((FRONTEND, "frontend.onnx"), (BACKEND, "backend.onnx")):
        (copy / old).rename(copy / f"qwen3_asr_encoder_{new}")
    assert open_package(copy, "asr").encoder_precision == ""
    (copy / DECODER).rename(copy / "qwen3_asr_llm.gguf")
    found = open_package(copy, "asr")
    assert (found.decoder.name, found.decoder_precision) == ("qwen3_asr_llm.gguf", "")
    with pytest.raises(ModelError, match="no decoder of precision q4_k; there is: one that does not name it"):
        open_package(copy, "asr", decoder="q4_k")


def test_a_frontend_without_a_precision_goes_with_any_backend(copy: Path) -> None:
    (copy / FRONTEND).rename(copy / "qwen3_asr_encoder_frontend.onnx")
    found = open_package(copy, "asr", encoder="int8")
    assert (found.frontend.name, found.backend.name) == ("qwen3_asr_encoder_frontend.onnx", BACKEND)


@pytest.mark.parametrize("name", [FRONTEND, BACKEND, DECODER])
def test_a_part_that_is_not_there_is_an_error_that_lists_what_is(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelError, match="there is: none") as caught:
        open_package(copy, "asr")
    assert "qwen3_aligner_llm.q8_0.gguf" in caught.value.hint


def test_a_directory_without_a_model_of_the_kind_says_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ModelError, match=r"holds no model of kind asr; there is notes\.txt"):
        open_package(tmp_path, "asr")


@pytest.mark.parametrize("name", [FRONTEND, BACKEND, DECODER])
def test_what_is_no_file_is_named(copy: Path, name: str) -> None:
    path = copy / name
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(ModelError, match=f"{name} is a link that leads in a circle"):
        open_package(copy, "asr")
    path.unlink()
    path.symlink_to("nothing")
    with pytest.raises(ModelError, match=f"{name} is a link to a file that is missing"):
        open_package(copy, "asr")
    path.unlink()
    path.mkdir()
    with pytest.raises(ModelError, match=f"{name} is no file"):
        open_package(copy, "asr")


def test_a_file_that_may_not_be_read_is_named(copy: Path) -> None:
    replaced(copy / DECODER, (copy / DECODER).read_bytes())
    (copy / DECODER).chmod(0)
    with ordinary_user(copy), pytest.raises(ModelError, match=f"{DECODER} cannot be read: Permission denied"):
        open_package(copy, "asr")


def test_a_decoder_of_another_architecture_is_refused(asr: Package, copy: Path) -> None:
    (copy / DECODER).unlink()
    foreign_files.write_decoder(asr.decoder, copy / DECODER, "llama")
    with pytest.raises(ModelError, match=f"{DECODER} has the architecture 'llama', expected qwen3 or qwen3vl"):
        open_package(copy, "asr")
    with pytest.raises(ModelError, match=f"{DECODER} has the architecture 'llama'"):
        Decoder(dataclasses.replace(asr, decoder=copy / DECODER))


def test_a_decoder_without_classes_is_no_aligner(asr: Package, copy: Path) -> None:
    replaced(copy / "qwen3_aligner_llm.q8_0.gguf", asr.decoder.read_bytes())
    with pytest.raises(ModelError, match=r"qwen3_aligner_llm\.q8_0\.gguf has no output\.weight"):
        open_package(copy, "aligner")


def test_graphs_with_other_inputs_are_refused_by_name(copy: Path) -> None:
    front, back = (copy / FRONTEND).read_bytes(), (copy / BACKEND).read_bytes()
    replaced(copy / FRONTEND, back)
    with pytest.raises(ModelError, match=f"{FRONTEND} computes .*, expected chunk_mel"):
        open_package(copy, "asr")
    replaced(copy / FRONTEND, front)
    replaced(copy / BACKEND, front)
    with pytest.raises(ModelError, match=f"{BACKEND} computes .*, expected hidden_states"):
        open_package(copy, "asr")


@pytest.mark.slow
def test_harm_to_a_package_without_hashes_ends_in_a_message_or_in_nothing(both: Path) -> None:
    assert harmed(both, 4)["python"] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_changes_of_one_byte_in_each_file_hardly_ever_end_a_process(both: Path) -> None:
    found = harmed(both, 100)
    assert found["python"] == []
    # Nobody can promise that no byte leads a native library astray: the supervisor counts on that as well.
    assert found["native"] <= 3


def harmed(package: Path, count: int) -> dict[str, Any]:
    """What became of `count` processes per file, each with another byte of it changed."""
    command = [sys.executable, "-m", "tests.model.harmed_package", str(package), str(count)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=500, cwd=Path(__file__).parents[2])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["fine"] + found["named"] + found["native"] + len(found["python"]) == 3 * count
    return found


@pytest.mark.parametrize("half", [False, True])
def test_graphs_may_take_float16_and_name_their_output_as_they_like(
    golden: Golden, asr: Package, features: Features, tmp_path: Path, half: bool
) -> None:
    foreign_files.write_frontend(asr.frontend, tmp_path / "front.onnx", half=half, output="hidden")
    foreign_files.write_backend(asr.backend, tmp_path / "back.onnx", half=half)
    package = dataclasses.replace(asr, frontend=tmp_path / "front.onnx", backend=tmp_path / "back.onnx")
    found = Encoder(package).encode(golden.sound("01_short_seen"))
    assert np.abs(found - features("01_short_seen")).max() < (2e-2 if half else 1e-4)
