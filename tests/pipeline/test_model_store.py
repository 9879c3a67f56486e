from __future__ import annotations

import os
from pathlib import Path

import pytest

from model import miniature
from model.errors import ModelError
from pipeline import model_store
from pipeline.model_store import Store, inspect, models_dir, resolve, usable, verify
from pipeline.settings import ModelSettings


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "mine"
    model_store.convert(miniature.checkpoint("asr"), folder, ("fp32",), ("f16", "q8_0"))
    return folder


@pytest.fixture
def store(converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with one model, "mine": links to the files of `converted`."""
    monkeypatch.setenv("STENO_MODELS_DIR", str(tmp_path / "models"))
    place = tmp_path / "models" / "mine"
    place.mkdir(parents=True)
    for path in converted.iterdir():
        os.link(path, place / path.name)
    return Store()


def test_the_store_is_where_the_variable_says(store: Store, tmp_path: Path) -> None:
    assert store.directory == models_dir() == tmp_path / "models"
    assert Store(tmp_path / "none").names() == []
    (store.directory / "miniature").mkdir()  # nothing could choose it
    assert store.names() == ["mine"]


def test_a_name_a_folder_and_the_miniature_are_found(
    store: Store, converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = store.directory / "mine"
    assert resolve("mine", "asr", tmp_path) == place
    assert resolve(str(converted), "asr", tmp_path) == converted
    monkeypatch.setenv("HOME", str(converted.parent))
    assert resolve("~/mine", "asr", tmp_path) == converted
    monkeypatch.chdir(converted.parent.parent)
    assert resolve(f"{converted.parent.name}/mine", "asr", tmp_path).samefile(converted)
    assert resolve(converted.parent.name, "asr", tmp_path).samefile(converted.parent)
    assert resolve("miniature", "asr", tmp_path).parent == tmp_path


def test_a_name_in_the_store_comes_before_a_folder_here(
    store: Store, converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(converted.parent)
    assert resolve("mine", "asr", tmp_path) == store.directory / "mine"


@pytest.mark.parametrize(
    "name", ["0.6b", "", "./nowhere", "~/nowhere", "~nobody-of-this-name/x", "..\0", "a" * 300, "./" + "a" * 300]
)
def test_an_unknown_model_is_told_with_what_there_is_and_what_to_type(store: Store, tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=r"There is: miniature, mine\. `steno model pull 0\.6b`"):
        resolve(name, "asr", tmp_path)


def test_a_file_in_the_place_of_a_model_is_no_model(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="is no folder"):
        resolve(str(tmp_path / "file"), "asr", tmp_path)


def test_a_model_is_described_by_its_files(store: Store) -> None:
    model = inspect(store.directory / "mine")
    assert (model.name, model.kinds, model.encoders, model.decoders) == ("mine", ("asr",), ("fp32",), ("f16", "q8_0"))
    assert model.size == sum(path.stat().st_size for path in model.directory.iterdir())
    assert model.fault == ""
    # The aligner's precisions are other settings.
    usable(model, ModelSettings(decoder="q8_0", aligner_encoder="int4"))
    with pytest.raises(ModelError, match="no encoder of precision int4"):
        usable(model, ModelSettings(encoder="int4"))


def test_damage_is_seen_by_size_at_once_and_by_contents_when_verified(store: Store) -> None:
    place = store.directory / "mine"
    count = len(list(place.iterdir()))
    assert verify(place) == count - 1  # all but the manifest
    gguf = place / "qwen3_asr_llm.f16.gguf"
    data = gguf.read_bytes()
    gguf.unlink()
    assert "qwen3_asr_llm.f16.gguf is missing" in inspect(place).fault
    gguf.write_bytes(data[:-1])
    assert "should have" in inspect(place).fault
    gguf.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert inspect(place).fault == ""
    with pytest.raises(ModelError, match=r"llm\.f16\.gguf is damaged"):
        verify(place)


def test_a_folder_of_others_holds_both_kinds_and_cannot_be_compared(store: Store, tmp_path: Path) -> None:
    names = [
        f"qwen3_{kind}_{part}"
        for kind in ("asr", "aligner")
        for part in ("encoder_frontend.int4.onnx", "encoder_backend.int4.onnx", "llm.q4_k.gguf")
    ]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    model = inspect(tmp_path)
    assert (model.kinds, model.encoders, model.decoders) == (("asr", "aligner"), ("int4",), ("q4_k",))
    assert model.fault == ""
    with pytest.raises(ModelError, match=r"manifest\.json is missing: nothing says"):
        verify(tmp_path)
    (tmp_path / "qwen3_asr_llm.q4_k.gguf").unlink()
    assert inspect(tmp_path).fault == "asr: half of it is missing"


def test_an_empty_folder_holds_no_model(tmp_path: Path) -> None:
    assert inspect(tmp_path).fault == "holds no model"
    with pytest.raises(ModelError, match="holds no converted model"):
        usable(inspect(tmp_path), ModelSettings())


def test_a_removed_model_is_gone_and_nothing_else(store: Store) -> None:
    (store.directory / "other").mkdir()
    store.remove("mine")
    assert [path.name for path in store.directory.iterdir()] == ["other"]
    with pytest.raises(ModelError, match="there is no model 'mine'"):
        store.remove("mine")


def test_removing_a_link_leaves_the_folder_that_it_leads_to(store: Store, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (store.directory / "link").symlink_to(tmp_path / "elsewhere")
    store.remove("link")
    assert store.names() == ["mine"]
    assert (tmp_path / "elsewhere").is_dir()


@pytest.mark.parametrize("name", ["miniature", "", "..", "../mine", ".hidden", "a/b"])
def test_only_a_name_of_the_store_can_be_removed(store: Store, name: str) -> None:
    with pytest.raises(ModelError, match="not the name of a model in the store"):
        store.remove(name)
    assert store.names() == ["mine"]
