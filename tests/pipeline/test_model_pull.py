from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from model import miniature
from model.errors import ModelError, UsageError
from model.package import open_package
from model.progress import Progress
from pipeline import model_pull
from pipeline.lock import try_lock
from pipeline.model_huggingface import HuggingFace
from pipeline.model_pull import Plan, hub_of, plan, pull, require_room
from pipeline.model_store import Store
from tests.pipeline.hub_server import HubServer

ENCODERS, DECODERS = ("fp32",), ("f16",)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HubServer]:
    shutil.copytree(miniature.checkpoint("asr"), tmp_path / "repository")
    with HubServer(tmp_path / "repository") as running:
        yield running


@pytest.fixture
def planned(server: HubServer, tmp_path: Path) -> Plan:
    store, downloads = Store(tmp_path / "models"), tmp_path / "downloads"
    return plan("0.6b", HuggingFace(server.url), store, downloads, ENCODERS, DECODERS)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_pulled_model_is_a_package_in_the_store_and_its_checkpoint_is_gone(server: HubServer, planned: Plan) -> None:
    pull(planned, HuggingFace(server.url), Progress())
    opened = open_package(planned.target, "asr", encoder="fp32", decoder="f16")
    assert opened.directory.name == "0.6b"
    assert names(planned.target.parent) == ["0.6b"]
    assert not planned.checkpoint.exists()
    with pytest.raises(ModelError, match=r"is there already(?s:.*)steno model use 0\.6b"):
        plan("0.6b", HuggingFace(server.url), Store(planned.target.parent), planned.checkpoint.parent)


def test_a_plan_says_what_is_to_come_and_what_it_becomes(server: HubServer, planned: Plan) -> None:
    size = sum(path.stat().st_size for path in server.folder.iterdir())
    assert planned.fetch == planned.size == size
    assert planned.listing.repository == "Qwen/Qwen3-ASR-0.6B"
    # The miniature's vocabulary is small beside its layers, and its weights have 32 bits: the estimate fits the real
    # checkpoints, and is here at least of the right size.
    pull(planned, HuggingFace(server.url), Progress(), keep=True)
    made = sum(path.stat().st_size for path in planned.target.iterdir())
    assert made / 2 < planned.working < made * 2
    assert (planned.checkpoint / "model.safetensors").exists()


def test_a_checkpoint_that_cannot_be_converted_leaves_no_model_and_is_not_fetched_again(
    server: HubServer, planned: Plan, tmp_path: Path
) -> None:
    hub = HuggingFace(server.url)
    (server.folder / "config.json").write_text("{}")
    store, downloads = Store(tmp_path / "models"), tmp_path / "downloads"
    with pytest.raises(ModelError, match=r"config\.json"):
        pull(plan("0.6b", hub, store, downloads, ENCODERS, DECODERS), hub, Progress())
    assert store.names() == []
    shutil.copy(miniature.checkpoint("asr") / "config.json", server.folder)
    server.requests.clear()
    pull(plan("0.6b", hub, store, downloads, ENCODERS, DECODERS), hub, Progress())
    assert [request.file for request in server.requests] == ["config.json"]
    assert store.names() == ["0.6b"]


def test_room_is_looked_for_before_anything_is_fetched(planned: Plan) -> None:
    most = planned.fetch + planned.working
    require_room([planned], keep=False, free=lambda _: most)
    with pytest.raises(ModelError, match=r"no room in .*models: .* are missing(?s:.*)STENO_MODELS_DIR"):
        require_room([planned], keep=False, free=lambda _: most - 1)
    # Checkpoints follow one another and each is deleted, unless it is kept; models stay.
    with pytest.raises(ModelError, match="no room"):
        require_room([planned, planned], keep=False, free=lambda _: most)
    twice = 2 * (planned.fetch + planned.working)
    require_room([planned, planned], keep=True, free=lambda _: twice)
    require_room([], keep=False, free=lambda _: 0)


def test_a_store_that_cannot_be_written_is_told_before_anything_is_fetched(planned: Plan) -> None:
    planned.target.parent.write_text("a file in its place")
    with pytest.raises(ModelError, match=r"models cannot be written(?s:.*)STENO_MODELS_DIR"):
        require_room([planned], keep=False)


def test_what_another_process_made_meanwhile_is_not_fetched_again(server: HubServer, planned: Plan) -> None:
    pull(planned, HuggingFace(server.url), Progress())
    server.requests.clear()
    with pytest.raises(ModelError, match="is there already"):
        pull(planned, HuggingFace(server.url), Progress())
    assert server.requests == []


def test_two_processes_do_not_fetch_the_same_at_once(server: HubServer, planned: Plan) -> None:
    planned.checkpoint.parent.mkdir()
    with planned.checkpoint.with_name(f".{planned.checkpoint.name}.lock").open("w") as held:
        assert try_lock(held.fileno())
        with pytest.raises(ModelError, match="another process is fetching"):
            pull(planned, HuggingFace(server.url), Progress())
    pull(planned, HuggingFace(server.url), Progress())


def test_the_hub_is_chosen_by_name_before_the_variable() -> None:
    assert type(hub_of("modelscope", {"STENO_HUB": "huggingface"})).__name__ == "ModelScope"
    assert type(hub_of(None, {"STENO_HUB": "modelscope"})).__name__ == "ModelScope"
    assert type(hub_of(None, {})).__name__ == "HuggingFace"
    with pytest.raises(UsageError, match="STENO_HUB"):
        hub_of(None, {"STENO_HUB": "elsewhere"})


def test_every_name_that_can_be_typed_has_a_repository() -> None:
    assert set(model_pull.REPOSITORIES) == {"0.6b", "1.7b", "aligner"}
    sizes = (1_880_000_000, 1_040_000, 999)
    assert [model_pull.gigabytes(size) for size in sizes] == ["1.88 GB", "1.0 MB", "1.0 kB"]
