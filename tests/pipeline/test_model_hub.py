from __future__ import annotations

import random
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.errors import ModelError, UsageError
from model.progress import Progress
from pipeline import model_modelscope
from pipeline.model_hub import Hub, RemoteFile, download, host_of, missing, needed
from pipeline.model_huggingface import HuggingFace
from pipeline.model_modelscope import ModelScope
from tests.pipeline.hub_server import COMMIT, HubServer

REPOSITORY = "Qwen/Qwen3-ASR-0.6B"
WEIGHTS = "model.safetensors"
SIZE = 3_500_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HubServer]:
    folder = tmp_path / "repository"
    (folder / "onnx").mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(random.Random(1).randbytes(SIZE))
    (folder / "config.json").write_text('{"a": 1}')
    (folder / "merges.txt").write_text("a b\n")
    (folder / "README.md").write_text("# read me")
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    (folder / "onnx" / "other.json").write_text("{}")
    with HubServer(folder) as running:
        yield running


@pytest.fixture(params=["huggingface", "modelscope"])
def hub(request: pytest.FixtureRequest, server: HubServer) -> Hub:
    return HuggingFace(server.url) if request.param == "huggingface" else ModelScope(server.url)


class Heard(Progress):
    def __init__(self) -> None:
        self.parts: list[tuple[str, int]] = []
        self.done = 0

    def begin(self, what: str, total: int = 0) -> None:
        self.parts.append((what, total))
        self.done = 0

    def advance(self, amount: int) -> None:
        self.done += amount


def fetch(hub: Hub, directory: Path, progress: Progress | None = None) -> None:
    download(hub, hub.list(REPOSITORY), directory, progress or Progress(), pause_s=0)


def test_a_listing_says_what_is_needed_with_licence_and_revision(hub: Hub, server: HubServer) -> None:
    listing = hub.list(REPOSITORY)
    assert [file.name for file in listing.files] == ["config.json", "merges.txt", WEIGHTS]
    assert listing.revision == COMMIT
    assert "apache" in listing.licence.lower()
    assert listing.hub == server.url.removeprefix("http://")
    assert all(file.sha256 or file.git for file in listing.files)


def test_only_the_needed_files_come_and_they_are_whole(hub: Hub, server: HubServer, tmp_path: Path) -> None:
    heard = Heard()
    fetch(hub, tmp_path / "here", heard)
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["config.json", "merges.txt", WEIGHTS]
    for path in (tmp_path / "here").iterdir():
        assert path.read_bytes() == (server.folder / path.name).read_bytes()
    assert heard.parts[-2:] == [(f"fetching {WEIGHTS}", SIZE), (f"checking {WEIGHTS}", SIZE)]
    assert heard.done == SIZE
    assert not {"pytorch_model.bin", "README.md", "onnx/other.json"} & {request.file for request in server.requests}


def test_what_is_here_already_is_checked_and_not_fetched_again(hub: Hub, server: HubServer, tmp_path: Path) -> None:
    fetch(hub, tmp_path)
    server.requests.clear()
    assert missing(hub.list(REPOSITORY), tmp_path) == 0
    fetch(hub, tmp_path)
    assert server.requests == []
    (tmp_path / "config.json").write_text('{"a": 2}')
    fetch(hub, tmp_path)
    assert [request.file for request in server.requests] == ["config.json"]


def test_a_connection_that_breaks_off_is_taken_up_where_it_was(hub: Hub, server: HubServer, tmp_path: Path) -> None:
    server.behaviour.drops = [2_500_000]
    fetch(hub, tmp_path)
    assert (tmp_path / WEIGHTS).read_bytes() == (server.folder / WEIGHTS).read_bytes()
    first, second = server.spans(WEIGHTS)
    assert first == ""
    assert second.startswith("bytes=2")


def test_a_hub_that_fails_for_good_leaves_what_came_for_the_next_time(
    hub: Hub, server: HubServer, tmp_path: Path
) -> None:
    server.behaviour.drops, server.behaviour.status = [1_200_000], 503
    with pytest.raises(ModelError, match=r"broke off after 1\d* of 3500000 bytes.*503(?s:.*)goes on from there"):
        fetch(hub, tmp_path)
    assert not (tmp_path / WEIGHTS).exists()
    assert SIZE > missing(hub.list(REPOSITORY), tmp_path) > 0
    server.behaviour.status = 0
    server.requests.clear()
    fetch(hub, tmp_path)
    assert [span[:7] for span in server.spans(WEIGHTS)] == ["bytes=1"]
    assert (tmp_path / WEIGHTS).read_bytes() == (server.folder / WEIGHTS).read_bytes()


def test_other_contents_than_the_hub_says_are_refused_and_deleted(hub: Hub, server: HubServer, tmp_path: Path) -> None:
    for name in ("config.json", WEIGHTS):
        server.behaviour.damaged = {name}
        with pytest.raises(ModelError, match=f"{name} .* is damaged: its hash"):
            fetch(hub, tmp_path)
        assert not [path for path in tmp_path.glob(f"*{name}*") if path.is_file()]
    server.behaviour.damaged = set()
    server.requests.clear()
    fetch(hub, tmp_path)
    assert server.spans(WEIGHTS) == [""]


def test_a_file_longer_than_promised_is_refused(hub: Hub, server: HubServer, tmp_path: Path) -> None:
    server.behaviour.longer = {WEIGHTS}
    with pytest.raises(ModelError, match=f"has {SIZE + 10} bytes and should have {SIZE}"):
        fetch(hub, tmp_path)


@pytest.mark.parametrize("name", ["config.json", WEIGHTS])
def test_a_web_page_in_place_of_a_file_is_refused_with_its_title(
    hub: Hub, server: HubServer, tmp_path: Path, name: str
) -> None:
    server.behaviour.pages = {name}
    with pytest.raises(ModelError, match=f"sent a web page \\('Hotel login'\\) instead of {name}"):
        fetch(hub, tmp_path)
    assert not list(tmp_path.glob(f"*{name}*"))


def test_a_web_page_in_place_of_the_description_is_refused(hub: Hub, server: HubServer) -> None:
    server.behaviour.pages = {"api"}
    with pytest.raises(ModelError, match=f"web page .*instead of the description of {REPOSITORY}"):
        hub.list(REPOSITORY)


def test_what_an_older_revision_left_is_not_mixed_with_the_new_one(hub: Hub, server: HubServer, tmp_path: Path) -> None:
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(b"old")
    (tmp_path / f".{WEIGHTS}.0000000000000000.part").write_bytes(b"old")
    fetch(hub, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["config.json", "merges.txt", WEIGHTS]
    assert server.spans(WEIGHTS) == [""]


def test_a_repository_that_is_not_there_is_told_by_hub_and_number(server: HubServer) -> None:
    wrong = HuggingFace(f"{server.url}/elsewhere")
    with pytest.raises(ModelError, match=r"answered 404 .* for Qwen/Qwen3-ASR-0\.6B"):
        wrong.list(REPOSITORY)
    with pytest.raises(ModelError, match=r"answered 404 .* for Qwen/Qwen3-ASR-0\.6B"):
        ModelScope(f"{server.url}/elsewhere").list(REPOSITORY)


def test_an_unreachable_hub_is_told_with_its_host_and_what_to_try() -> None:
    for hub in (HuggingFace("http://127.0.0.1:9"), ModelScope("http://127.0.0.1:9")):
        with pytest.raises(ModelError, match=r"127\.0\.0\.1:9 cannot be reached(?s:.*)--from"):
            hub.list(REPOSITORY)


@pytest.mark.parametrize(
    "address", ["", "hub", "ftp://hub", "http://", "http://[::1", "http://hub:99999", "https://:80"]
)
def test_what_is_no_address_of_a_hub_is_told_with_its_variable(address: str) -> None:
    with pytest.raises(UsageError, match=r"HF_ENDPOINT: .* is no address"):
        host_of(address, "HF_ENDPOINT")


def test_a_wrong_address_is_told_before_the_library_stumbles_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://[::1")
    with pytest.raises(UsageError, match="HF_ENDPOINT"):
        HuggingFace()


def test_a_password_in_a_hubs_address_is_not_told() -> None:
    assert host_of("https://me:secret@hub:8443/path", "HF_ENDPOINT") == "hub:8443"


def test_a_full_disk_is_not_taken_for_a_lost_connection(hub: Hub, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, limits[1]))
    try:
        with pytest.raises(ModelError, match=r"cannot be written: File too large(?s:.*)What has come is kept"):
            fetch(hub, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    fetch(hub, tmp_path)


def test_a_missing_library_is_told_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ModelError, match=r"not installed(?s:.*)pip install huggingface_hub"):
        HuggingFace()


def test_weights_in_another_form_and_files_without_a_hash_are_refused() -> None:
    with pytest.raises(ModelError, match=r"no \.safetensors file(?s:.*)can run code"):
        needed([RemoteFile("pytorch_model.bin", 3, "ab")], "x")
    with pytest.raises(ModelError, match=r"no hash for model\.safetensors"):
        needed([RemoteFile(WEIGHTS, 3)], "x")


@pytest.mark.parametrize("name", ["../up.json", "/root.json", "folder/a.json", ".hidden.json", "a\\b.json", "\n.json"])
def test_a_name_that_leads_elsewhere_is_never_fetched(name: str) -> None:
    assert [f.name for f in needed([RemoteFile(WEIGHTS, 3, "ab"), RemoteFile(name, 3, "ab")], "x")] == [WEIGHTS]


def test_modelscope_is_found_by_the_variables_of_its_own_client() -> None:
    assert model_modelscope.endpoint({}) == "https://www.modelscope.cn"
    assert model_modelscope.endpoint({"MODELSCOPE_DOMAIN": "modelscope.ai"}) == "https://modelscope.ai"
    assert model_modelscope.endpoint({"MODELSCOPE_ENDPOINT": "http://x:1/", "MODELSCOPE_DOMAIN": "y"}) == "http://x:1"
