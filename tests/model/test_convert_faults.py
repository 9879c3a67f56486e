from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model import miniature
from model.checkpoint import Checkpoint
from model.convert import convert, needed
from model.errors import ModelError
from model.package import open_package
from model.progress import Progress
from tests.model import checkpoint_files, damage

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint that may come to harm."""
    directory = tmp_path / "checkpoint"
    shutil.copytree(miniature.checkpoint("asr"), directory)
    return directory


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "vocab.json", "model.safetensors"])
@pytest.mark.parametrize("harm", [damage.truncate, damage.empty, damage.zero, damage.rewrite, damage.delete])
def test_harm_to_a_checkpoint_is_named_and_leaves_nothing(
    checkpoint: Path, tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    (checkpoint / "tokenizer.json").unlink()
    harm(checkpoint / name)
    with pytest.raises(ModelError) as caught:
        convert(checkpoint, tmp_path / "out")
    assert name in caught.value.message or "tokenizer.json" in caught.value.message
    assert caught.value.hint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint"]


@pytest.mark.parametrize("name", ["merges.txt", "tokenizer_config.json"])
def test_a_missing_tokenizer_file_is_named(checkpoint: Path, tmp_path: Path, name: str) -> None:
    (checkpoint / name).unlink()
    with pytest.raises(ModelError, match=name):
        convert(checkpoint, tmp_path / "out")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint_files.write(tmp_path_factory.mktemp("small") / "checkpoint")


@pytest.mark.parametrize(
    "name",
    ["config.json", "generation_config.json", "vocab.json", "merges.txt", "tokenizer_config.json", "model.safetensors"],
)
def test_a_byte_that_changed_is_an_error_or_makes_another_model(small: Path, tmp_path: Path, name: str) -> None:
    whole = (small / name).read_bytes()
    checkpoint = Path(shutil.copytree(small, tmp_path / "checkpoint"))
    dice = random.Random(name)  # nothing is kept secret here
    # In a file of weights nearly every byte is a weight: there the header is what can be damaged.
    reach = min(len(whole), 8 + int.from_bytes(whole[:8], "little")) if name.endswith("tensors") else len(whole)
    refusals = []
    for _ in range(100):
        data = bytearray(whole)
        data[dice.randrange(reach)] ^= dice.randrange(1, 256)
        (checkpoint / name).write_bytes(data)
        try:
            Checkpoint(checkpoint)
        except ModelError as error:
            refusals.append(error.message)
    assert refusals
    assert all(str(checkpoint) in message for message in refusals)


def test_a_place_that_cannot_be_written_is_named(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        convert(checkpoint, tmp_path / "file" / "out")


def test_a_token_that_is_there_twice_is_refused_as_the_loading_would(tmp_path: Path) -> None:
    checkpoint = checkpoint_files.write(tmp_path / "checkpoint")

    def repeat(values: dict[str, Any]) -> None:
        first, second, *_ = values["added_tokens_decoder"].values()
        second["content"] = first["content"]

    checkpoint_files.change_json(checkpoint / "tokenizer_config.json", repeat)
    with pytest.raises(ModelError, match="a token twice"):
        convert(checkpoint, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize("name", [".music.partial", ".film.123.partial", ".film.123.part_of_it.partial"])
def test_what_other_programs_leave_unfinished_is_not_touched(checkpoint: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "precious").write_text("")
    os.utime(tmp_path / name, (0, 0))
    convert(checkpoint, tmp_path / "out", encoders=("int8",), decoders=())
    assert (tmp_path / name / "precious").exists()


def test_an_array_that_does_not_fit_on_the_disk_is_called_so(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object) -> None:
        raise OSError("589824 requested and 400112 written")  # numpy's words

    monkeypatch.setattr("model.gguf_file.write_decoder", fill)
    with pytest.raises(ModelError, match="cannot be written: No space left on device"):
        convert(checkpoint, tmp_path / "out")


def limited(checkpoint: Path, out: Path, size: int) -> subprocess.CompletedProcess[str]:
    """A conversion that can write no file of more than `size` bytes, as on a disk that is full."""
    script = (
        "import resource, sys\nfrom pathlib import Path\nfrom model.convert import convert\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "convert(Path(sys.argv[1]), Path(sys.argv[2]), ('int4',), ('f16', 'q8_0'))\n"
    )
    command = [sys.executable, "-c", script, str(checkpoint), str(out), str(size)]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


@pytest.mark.slow
def test_a_disk_that_fills_up_leaves_nothing_wherever_it_does(tmp_path: Path) -> None:
    checkpoint = checkpoint_files.write(tmp_path / "checkpoint")
    convert(checkpoint, tmp_path / "whole", ("int4",), ("f16", "q8_0"))
    sizes = sorted(path.stat().st_size for path in (tmp_path / "whole").iterdir())
    for size in (sizes[-1] - 1, sizes[-2] - 1, sizes[-3] - 1, 4096):
        done = limited(checkpoint, tmp_path / "out", size)
        assert done.returncode == 1
        assert "cannot be written" in done.stderr.splitlines()[-2], done.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "whole"]


def test_a_disk_without_room_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = checkpoint_files.write(tmp_path / "checkpoint")
    free = needed(Checkpoint(checkpoint), ("fp32",), ("f16",)) - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, free))
    with pytest.raises(ModelError, match="GB free, the converted model needs"):
        convert(checkpoint, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize("part", ["encoder", "decoder, f16", "decoder, q8_0", "manifest"])
def test_an_interrupted_conversion_leaves_nothing_and_a_second_one_works(tmp_path: Path, part: str) -> None:
    checkpoint = checkpoint_files.write(tmp_path / "checkpoint")

    class Interrupted(Progress):
        def begin(self, what: str, total: int = 0) -> None:
            if part in what:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(checkpoint, tmp_path / "out", decoders=("f16", "q8_0"), progress=Interrupted())
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]
    convert(checkpoint, tmp_path / "out", decoders=("f16", "q8_0"))
    assert open_package(tmp_path / "out", "asr").decoder.exists()


def test_a_conversion_that_is_killed_leaves_nothing_at_its_name(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom model.convert import convert\n"
        "from model.progress import Told\n"
        "def die(what):\n    if 'decoder' in what: os.kill(os.getpid(), signal.SIGKILL)\n"
        "convert(Path(sys.argv[1]), Path(sys.argv[2]), progress=Told(die))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(checkpoint), str(out)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    left = list(tmp_path.glob(".out.*.partial"))
    assert len(left) == 1

    convert(checkpoint, out)
    assert open_package(out, "asr").decoder.exists()
    assert list(tmp_path.glob(".out.*.partial")) == []


@pytest.mark.slow
def test_processes_that_convert_at_once_get_one_whole_package(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    results = context.SimpleQueue()
    processes = [context.Process(target=_package, args=(tmp_path, barrier, results)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    directories = {results.get() for _ in processes}
    assert len(directories) == 1
    assert [path.name for path in tmp_path.iterdir()] == [Path(directories.pop()).name]


def _package(cache: Path, barrier: object, results: object) -> None:
    barrier.wait(30)  # type: ignore[attr-defined]
    directory = miniature.package("aligner", cache)
    open_package(directory, "aligner")
    results.put(str(directory))  # type: ignore[attr-defined]
