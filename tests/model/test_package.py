from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from model.encoder import Encoder
from model.errors import ModelError
from model.package import (
    MANIFEST,
    STAMP,
    Package,
    frontend_name,
    open_package,
    read_manifest,
    sha256,
    verify_all,
    write_manifest,
)
from model.progress import Progress
from tests.model import damage


@pytest.fixture
def copy(asr: Package, tmp_path: Path) -> Path:
    """A package that may come to harm."""
    directory = tmp_path / "package"
    shutil.copytree(asr.directory, directory)
    return directory


@pytest.mark.parametrize("harm", damage.ALL, ids=lambda harm: harm.__name__)
@pytest.mark.parametrize(
    "name",
    [
        "qwen3_asr_encoder_frontend.fp32.onnx",
        "qwen3_asr_encoder_backend.fp32.onnx",
        "qwen3_asr_llm.f16.gguf",
        "config.json",
    ],
)
def test_harm_to_a_file_is_named_before_anything_loads_it(copy: Path, name: str, harm: Callable[[Path], None]) -> None:
    open_package(copy, "asr")
    harm(copy / name)
    with pytest.raises(ModelError) as caught:
        open_package(copy, "asr")
    assert name in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("harm", damage.ALL, ids=lambda harm: harm.__name__)
def test_harm_to_the_aligner_s_head_is_named(
    aligner_package: Package, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    directory = tmp_path / "package"
    shutil.copytree(aligner_package.directory, directory)
    harm(directory / "qwen3_aligner_head.npy")
    with pytest.raises(ModelError, match=r"qwen3_aligner_head\.npy"):
        open_package(directory, "aligner")


@pytest.mark.parametrize("harm", [damage.truncate, damage.empty, damage.zero, damage.rewrite])
def test_a_harmed_manifest_is_named(copy: Path, harm: Callable[[Path], None]) -> None:
    harm(copy / MANIFEST)
    with pytest.raises(ModelError, match=MANIFEST):
        open_package(copy, "asr")


@pytest.mark.parametrize("name", ["../other.gguf", "/etc/passwd", "a\\b", "..", ""])
def test_a_manifest_that_names_files_elsewhere_is_refused(copy: Path, name: str) -> None:
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["files"][name] = {"bytes": 1, "sha256": "0"}
    (copy / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=MANIFEST):
        open_package(copy, "asr")


@pytest.mark.parametrize("change", [{"bytes": float("inf"), "sha256": "0"}, {"bytes": 1, "sha256": "\ud800"}, {}, 5])
def test_a_manifest_that_says_what_cannot_be_is_refused(copy: Path, change: object) -> None:
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["files"]["config.json"] = change
    (copy / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=MANIFEST):
        open_package(copy, "asr")


@pytest.mark.parametrize("name", ["qwen3_asr_llm.f16.gguf", "config.json", MANIFEST])
def test_a_link_in_a_circle_a_link_into_nothing_and_a_directory_are_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    (copy / name).symlink_to(copy / name)
    with pytest.raises(ModelError, match=f"{name}.*(circle|cannot be read)"):
        open_package(copy, "asr")
    (copy / name).unlink()
    (copy / name).symlink_to(copy / "nothing")
    with pytest.raises(ModelError, match=f"{name}.*missing"):
        open_package(copy, "asr")
    (copy / name).unlink()
    (copy / name).mkdir()
    with pytest.raises(ModelError, match=f"{name}.*(no file|cannot be read)"):
        open_package(copy, "asr")


def test_a_directory_that_is_a_link_in_a_circle_is_named(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(ModelError, match="circle holds no model"):
        open_package(tmp_path / "circle", "asr")


@pytest.mark.parametrize("suffix", [".onnx", ".gguf", "config.json"])
def test_a_hundred_changes_of_one_byte_are_all_found(copy: Path, suffix: str) -> None:
    path = next(path for path in sorted(copy.iterdir()) if path.name.endswith(suffix))
    # Only what is hashed counts here, so a piece of the file is as good as the whole, and faster.
    whole, chance = path.read_bytes()[:100_000], random.Random(3)
    path.write_bytes(whole)
    write_manifest(copy, {})
    for _ in range(100):
        data = bytearray(whole)
        data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
        path.write_bytes(data)
        with pytest.raises(ModelError, match=re.escape(path.name)):
            open_package(copy, "asr")


def test_all_files_are_hashed_on_request_and_the_first_bad_one_is_named(copy: Path) -> None:
    heard: list[tuple[str, int]] = []

    class Ear(Progress):
        def begin(self, what: str, total: int = 0) -> None:
            heard.append((what, total))

        def advance(self, amount: int) -> None:
            heard.append(("", amount))

    files = read_manifest(copy)
    assert verify_all(copy, Ear()) == len(files)
    assert heard[0] == ("checking package", sum(size for size, _ in files.values()))
    assert sum(amount for what, amount in heard if not what) == heard[0][1]
    damage.flip(copy / "generation_config.json")
    with pytest.raises(ModelError, match=r"generation_config\.json is damaged"):
        verify_all(copy)


def test_weights_beside_a_graph_belong_to_the_package(copy: Path) -> None:
    name = f"{frontend_name('asr', 'fp32')}.data"
    (copy / name).write_bytes(b"weights")
    write_manifest(copy, {})
    open_package(copy, "asr")
    damage.flip(copy / name)
    with pytest.raises(ModelError, match=re.escape(name)):
        open_package(copy, "asr")


def test_a_precision_that_is_not_there_lists_the_ones_that_are(copy: Path) -> None:
    with pytest.raises(ModelError, match=r"decoder of precision q4_k; there is: f16, q8_0"):
        open_package(copy, "asr", decoder="q4_k")
    with pytest.raises(ModelError, match=r"encoder of precision int8; there is: fp32"):
        open_package(copy, "asr", encoder="int8")


def test_only_auto_chooses(copy: Path) -> None:
    package = open_package(copy, "asr")
    assert (package.encoder_precision, package.decoder_precision) == ("fp32", "f16")
    assert open_package(copy, "asr", decoder="q8_0").decoder.name == "qwen3_asr_llm.q8_0.gguf"


def test_another_kind_of_model_is_refused(copy: Path) -> None:
    with pytest.raises(ModelError, match="kind asr, not aligner"):
        open_package(copy, "aligner")


def test_a_directory_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        open_package(tmp_path / "nowhere", "asr")


def test_a_hash_is_taken_once(copy: Path) -> None:
    open_package(copy, "asr")
    stamp = json.loads((copy / STAMP).read_text())
    assert stamp["qwen3_asr_llm.f16.gguf"][0] == sha256(copy / "qwen3_asr_llm.f16.gguf")
    before = (copy / STAMP).stat().st_mtime_ns
    open_package(copy, "asr")
    assert (copy / STAMP).stat().st_mtime_ns == before


def test_a_change_that_hides_its_time_is_found(copy: Path) -> None:
    open_package(copy, "asr")
    path = copy / "qwen3_asr_llm.f16.gguf"
    times = path.stat()
    damage.flip(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(ModelError, match="damaged"):
        open_package(copy, "asr")


def test_a_broken_stamp_only_costs_time(copy: Path) -> None:
    (copy / STAMP).write_text("[not json")
    assert open_package(copy, "asr").decoder.exists()
    (copy / STAMP).unlink()
    os.mkfifo(copy / STAMP)
    assert open_package(copy, "asr").decoder.exists()


@pytest.mark.parametrize("harm", [damage.truncate, damage.empty, damage.zero, damage.rewrite, damage.delete])
def test_a_broken_graph_is_an_error_even_if_nobody_checked_it(copy: Path, harm: Callable[[Path], None]) -> None:
    package = open_package(copy, "asr")
    harm(package.backend)
    with pytest.raises(ModelError, match=r"qwen3_asr_encoder_backend\.fp32\.onnx cannot be loaded"):
        Encoder(package)


def test_graphs_that_were_swapped_are_refused(copy: Path) -> None:
    package = open_package(copy, "asr")
    package.backend.write_bytes(package.frontend.read_bytes())
    with pytest.raises(ModelError, match="not the expected graph"):
        Encoder(package)
