"""The miniature, converted once for all tests of the model, and the golden data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from model import miniature
from model.aligner import Aligner
from model.decoder import Decoder
from model.encoder import Encoder
from model.llama_batch import SEQUENCES
from model.package import Package, open_package
from tests.model.growing import Grown, Step, steps_of

GOLDEN = Path(__file__).parents[1] / "golden"

Floats = npt.NDArray[np.float32]


class Golden:
    """What the official implementation said about the miniature; see tests/golden/make_golden.py."""

    def __init__(self) -> None:
        self.about: dict[str, Any] = json.loads((GOLDEN / "reference.json").read_text(encoding="utf-8"))
        self._arrays = np.load(GOLDEN / "reference.npz")
        self._sounds: dict[str, Floats] = {path.stem: read(path) for path in miniature.samples()}
        for name, (begin, end) in self.about["clips"].items():
            self._sounds[name] = self._sounds["01_short_seen"][begin:end]

    def array(self, kind: str, name: str) -> Floats:
        return np.asarray(self._arrays[f"{kind}/{name}"])

    def names(self, kind: str) -> list[str]:
        return [key.split("/")[1] for key in self._arrays.files if key.startswith(f"{kind}/")]

    def sound(self, name: str) -> Floats:
        return self._sounds[name]


def read(path: Path) -> Floats:
    pcm, rate = soundfile.read(path, dtype="float32")
    assert rate == 16_000
    return np.asarray(pcm, dtype=np.float32)


@pytest.fixture(scope="session")
def golden() -> Golden:
    return Golden()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def asr(cache: Path) -> Package:
    return open_package(miniature.package("asr", cache), "asr")


@pytest.fixture(scope="session")
def aligner_package(cache: Path) -> Package:
    return open_package(miniature.package("aligner", cache), "aligner")


@pytest.fixture(scope="session")
def encoder(asr: Package) -> Encoder:
    return Encoder(asr)


@pytest.fixture(scope="session")
def decoder(asr: Package) -> Iterator[Decoder]:
    one = Decoder(asr)
    yield one
    one.close()


@pytest.fixture(scope="session")
def aligner(aligner_package: Package) -> Iterator[Aligner]:
    one = Aligner(aligner_package)
    yield one
    one.close()


@pytest.fixture(scope="session")
def features(golden: Golden, encoder: Encoder) -> Callable[[str], Floats]:
    """The embeddings of a recording, computed once."""
    known: dict[str, Floats] = {}

    def get(name: str) -> Floats:
        if name not in known:
            known[name] = encoder.encode(golden.sound(name))
        return known[name]

    return get


@pytest.fixture(scope="session")
def grown(golden: Golden, encoder: Encoder, decoder: Decoder) -> Grown:
    """A recording in steps of a second and a half, computed once."""
    known: dict[str, list[Step]] = {}

    def get(name: str) -> list[Step]:
        if name not in known:
            known[name] = steps_of(golden.sound(name), 1.5, encoder, decoder)
        return known[name]

    return get


@pytest.fixture
def stream(decoder: Decoder) -> Iterator[Decoder]:
    """The decoder that all share; what the test's utterances leave behind is forgotten."""
    yield decoder
    for utterance in range(2 * SEQUENCES):
        decoder.forget(utterance)
