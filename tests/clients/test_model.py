from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clients import model, model_pull
from clients.arguments import parse
from clients.model_arguments import NAMES
from model import miniature
from model.convert import convert
from model.package import open_package
from pipeline.errors import StenoError
from pipeline.model_pull import DECODERS, ENCODERS, REPOSITORIES
from tests.clients.conftest import ROOT, Steno
from tests.pipeline.hub_server import HubServer

PRECISIONS = ("--encoder", "fp32", "--decoder", "f16")


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Typed = Callable[..., Said]


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the miniature in it."""
    place = tmp_path_factory.mktemp("cache")
    for kind in miniature.KINDS:
        miniature.package(kind, place)
    return place


@pytest.fixture
def environment(environment: dict[str, str], tmp_path: Path, warm: Path) -> dict[str, str]:
    (tmp_path / "cache").mkdir()
    for folder in warm.iterdir():
        (tmp_path / "cache" / folder.name).symlink_to(folder)
    # None of the machine's own settings of these libraries, and no token of its user.
    kept = {name: value for name, value in environment.items() if not name.startswith(("HF_", "MODELSCOPE_"))}
    return kept | {
        "STENO_MODELS_DIR": str(tmp_path / "models"),
        "STENO_CACHE_DIR": str(tmp_path / "cache"),
        "HF_HOME": str(tmp_path / "hf"),
    }


@pytest.fixture
def typed(
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """Runs `steno model` in this process: a new one would spend a second on each command's imports."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **variables: str) -> Said:
        with monkeypatch.context() as patch:
            for name in os.environ.keys() - environment.keys():
                patch.delenv(name)
            for name, value in (environment | variables).items():
                patch.setenv(name, value)
            try:
                code, error = model.run(parse(["model", *arguments])), ""
            except SystemExit as end:
                code, error = int(str(end.code)), ""
            except StenoError as failure:
                code, error = failure.exit_code, str(failure)
        said = capsys.readouterr()
        return Said(code, said.out, said.err + error)

    return run


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HubServer]:
    shutil.copytree(miniature.checkpoint("asr"), tmp_path / "repository")
    with HubServer(tmp_path / "repository") as running:
        yield running


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("package") / "converted"
    convert(miniature.checkpoint("asr"), place, ("fp32",), ("f16",))
    return place


@pytest.fixture
def converted(package: Path, tmp_path: Path) -> Path:
    """A model "mine" in the store."""
    return shutil.copytree(package, tmp_path / "models" / "mine")


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody at a terminal who says no to everything."""

    class Refusing(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Refusing("n\n"))


def config(tmp_path: Path) -> Path:
    return tmp_path / "config" / "steno" / "config.toml"


def test_a_pull_killed_in_the_middle_goes_on_and_its_model_is_used(
    server: HubServer, steno: Steno, environment: dict[str, str], tmp_path: Path
) -> None:
    line = ["model", "pull", "0.6b", "--yes", *PRECISIONS]
    server.behaviour.stall = threading.Event()
    child = subprocess.Popen(
        [sys.executable, "-m", "clients.cli", *line],
        env=environment | {"HF_ENDPOINT": server.url},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    parts = tmp_path / "cache" / "checkpoints" / "Qwen--Qwen3-ASR-0.6B"
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size > 0 for path in parts.glob(".model.safetensors.*.part")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child.kill()
    child.wait()
    server.behaviour.stall.set()
    server.behaviour.stall = None
    done = steno(*line, HF_ENDPOINT=server.url)
    assert done.returncode == 0, done.stderr
    first, second = server.spans("model.safetensors")
    assert first == ""
    assert second.startswith("bytes=")
    for told in ("Qwen/Qwen3-ASR-0.6B from 127.0.0.1", "apache-2.0", "are here already", "deleted afterwards"):
        assert told in done.stdout
    megabytes = (miniature.checkpoint("asr") / "model.safetensors").stat().st_size / 1e6
    assert f"fetching model.safetensors ({megabytes:.1f} MB)" in done.stderr
    assert tomllib.loads(config(tmp_path).read_text())["model"] == {"asr": "0.6b"}
    assert all(told in done.stdout for told in ("must be started again", "steno model pull aligner"))
    open_package(tmp_path / "models" / "0.6b", "asr")
    assert not parts.exists()


def test_a_pull_from_modelscope_needs_no_further_library(
    server: HubServer, typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    line = ("pull", "0.6b", "--yes", "--no-use", "--keep-checkpoint", *PRECISIONS)
    done = typed(*line)
    assert done.code == 1
    assert "-m pip install huggingface_hub" in done.err
    done = typed(*line, "--from", "modelscope", MODELSCOPE_DOMAIN=server.url)
    assert done.code == 0, done.err
    assert "Apache License 2.0" in done.out
    assert not config(tmp_path).exists()
    assert (tmp_path / "cache" / "checkpoints" / "Qwen--Qwen3-ASR-0.6B" / "model.safetensors").exists()
    assert typed("path", "0.6b").out.strip() == str(tmp_path / "models" / "0.6b")


def test_without_the_network_there_is_one_line_and_a_remedy(steno: Steno) -> None:
    done = steno("model", "pull", "0.6b", "--yes", HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert "HF_HUB_OFFLINE" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2


def test_where_nobody_can_be_asked_one_must_say_yes(typed: Typed, server: HubServer, converted: Path) -> None:
    for line in (("pull", "0.6b"), ("remove", "mine")):
        done = typed(*line, STENO_HUB="modelscope", MODELSCOPE_DOMAIN=server.url)
        assert (done.code, "--yes" in done.err) == (2, True)
    assert (server.requests, converted.exists()) == ([], True)


@pytest.mark.usefixtures("person")
def test_at_a_terminal_one_is_asked_and_may_decline(server: HubServer, typed: Typed, converted: Path) -> None:
    variables = {"MODELSCOPE_DOMAIN": server.url, "STENO_MODEL_DECODER": "q8_0"}
    done = typed("pull", "0.6b", "--from", "modelscope", **variables)
    assert done.code == 1
    assert done.out.endswith("nothing was fetched\n")
    assert "encoder int8, decoder q8_0" in done.out
    assert "Fetch this? [Y/n]" in done.out
    assert server.requests == []
    assert not (converted.parent / "0.6b").exists()


@pytest.mark.usefixtures("person")
def test_at_a_terminal_nothing_is_removed_without_a_yes(typed: Typed, converted: Path) -> None:
    assert "still there" in typed("remove", "mine").out
    assert converted.exists()
    assert typed("remove", "mine", "--yes").code == 0
    assert not converted.exists()


@pytest.mark.parametrize(
    "arguments",
    [(), ("pull", "7b"), ("pull", "0.6b", "--yes", "--encoder", "int3"), ("pull", "0.6b", "--encoder", ",")],
)
def test_what_cannot_be_pulled_is_a_usage_error(typed: Typed, arguments: tuple[str, ...]) -> None:
    assert typed(*arguments).code == 2


def test_the_list_shows_what_is_here_and_what_is_in_use(typed: Typed, converted: Path, tmp_path: Path) -> None:
    rows = json.loads(typed("list", "--json").out)
    assert [(row["name"], row["used"]) for row in rows] == [("miniature", ["asr", "aligner"]), ("mine", [])]
    (converted / "qwen3_asr_llm.f16.gguf").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    out = typed("list", STENO_MODEL_ALIGNER=str(tmp_path / "empty")).out
    lines = [line.split() for line in out.splitlines()]
    assert lines[1][:3] == ["*", "miniature", "asr,aligner"]
    assert lines[2][:4] == ["mine", "asr", "fp32", "f16"]
    assert "broken: qwen3_asr_llm.f16.gguf has 0 bytes" in out
    assert lines[3][:2] == ["*", str(tmp_path / "empty")]
    assert "model.asr = gone, which is not there" in typed("list", STENO_MODEL_ASR="gone").out


def test_use_writes_the_config_and_leaves_the_rest_of_it(typed: Typed, converted: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('# my own\n[vad]\nhangover_ms = 800 # long\n\n[model]\nasr = "miniature"  # for now\n')
    mine.chmod(0o600)
    (tmp_path / "link.toml").symlink_to(mine)
    done = typed("use", "mine", "--config", str(tmp_path / "link.toml"), STENO_MODEL_ASR="miniature")
    assert done.code == 0, done.err
    assert mine.read_text() == '# my own\n[vad]\nhangover_ms = 800 # long\n\n[model]\nasr = "mine"  # for now\n'
    assert mine.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "link.toml").is_symlink()
    assert "STENO_MODEL_ASR is set" in done.out
    done = typed("remove", "mine", "--config", str(mine))
    assert done.code == 1
    assert "in use (model.asr)" in done.err
    assert typed("use", "miniature", STENO_CONFIG=str(mine)).code == 0
    assert tomllib.loads(mine.read_text())["model"] == {"asr": "miniature", "aligner": "miniature"}
    assert typed("remove", "mine", "--yes", "--config", str(mine)).code == 0
    assert not converted.exists()


def test_use_takes_a_folder_by_its_whole_path(typed: Typed, converted: Path, tmp_path: Path) -> None:
    elsewhere = shutil.move(converted, tmp_path / "elsewhere")
    assert typed("use", "./elsewhere").code == 0
    assert tomllib.loads(config(tmp_path).read_text())["model"] == {"asr": str(elsewhere)}


def test_use_refuses_what_could_not_be_run_and_writes_nothing(typed: Typed, converted: Path, tmp_path: Path) -> None:
    assert "no model '0.6b'" in typed("use", "0.6b").err
    assert "no decoder of precision q4_k" in typed("use", "mine", STENO_MODEL_DECODER="q4_k").err
    assert "holds no converted model" in typed("use", str(tmp_path)).err
    assert not config(tmp_path).exists()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[vad]\nhangover = 1\n")
    done = typed("use", "mine", "--config", str(wrong))
    assert done.code == 2
    assert "vad.hangover" in done.err
    assert wrong.read_text() == "[vad]\nhangover = 1\n"


def test_convert_makes_a_folder_that_can_be_used(typed: Typed, tmp_path: Path) -> None:
    done = typed("convert", str(miniature.checkpoint("asr")), "own", *PRECISIONS)
    assert done.code == 0, done.err
    assert "steno model use own" in done.out
    assert open_package(tmp_path / "own", "asr").decoder_precision == "f16"
    assert "is there already" in typed("convert", str(miniature.checkpoint("asr")), "own", *PRECISIONS).err


def test_verify_reads_every_file_and_names_the_first_that_is_damaged(typed: Typed, converted: Path) -> None:
    count = len(json.loads((converted / "manifest.json").read_text())["files"])
    assert typed("verify").out == f"ok       mine: {count} files are what was written\n"
    gguf = converted / "qwen3_asr_llm.f16.gguf"
    data = gguf.read_bytes()
    gguf.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    for arguments in ((), ("mine",), (str(converted),)):
        done = typed("verify", *arguments)
        assert done.code == 1
        assert str(gguf) in done.out
    assert typed("verify", "miniature").code == 0


def test_the_help_tells_the_names_and_defaults_that_are_in_force(typed: Typed) -> None:
    assert set(NAMES) == {*REPOSITORIES, model_pull.ALL}
    told = " ".join(typed("pull", "--help").out.split())
    assert f"(default: {','.join(ENCODERS)})" in told
    assert f"(default: {','.join(DECODERS)})" in told
