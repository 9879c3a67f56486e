from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from model.aligner import Aligner
from model.config import ModelConfig
from model.convert import convert
from model.decoder import Decoder
from model.encoder import Encoder
from model.package import open_package
from model.words import units
from tests.golden.random_cases import CASES, SOUNDS, STRIDE, TEXT, sound

GOLDEN = Path(__file__).parents[1] / "golden"
ENCODER_LIMIT = 1e-3
LOGITS_LIMIT = 2e-2
ASR = [name for name, case in CASES.items() if case.dimensions.kind == "asr"]
ALIGNERS = [name for name, case in CASES.items() if case.dimensions.kind == "aligner"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Running:
    """One random checkpoint, converted and loaded."""

    config: ModelConfig
    encoder: Encoder
    decoder: Decoder | None
    aligner: Aligner | None


class Golden:
    """What the official implementation said about the random checkpoints; see tests/golden/make_random_golden.py."""

    def __init__(self) -> None:
        self._said: dict[str, Any] = json.loads((GOLDEN / "random.json").read_text(encoding="utf-8"))["cases"]
        self._arrays = np.load(GOLDEN / "random.npz")

    def array(self, name: str, clip: str, kind: str) -> Floats:
        return np.asarray(self._arrays[f"{name}/{clip}/{kind}"])

    def said(self, name: str, clip: str, what: str) -> Any:
        return self._said[name][clip][what]


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Running]]:
    """The models of the cases, each made when it is first asked for."""
    known: dict[str, Running] = {}

    def get(name: str) -> Running:
        if name not in known:
            known[name] = load(name, tmp_path_factory.mktemp(name))
        return known[name]

    yield get
    for one in known.values():
        for part in (one.decoder, one.aligner):
            if part is not None:
                part.close()


@pytest.fixture(scope="module")
def encoded(running: Callable[[str], Running]) -> Callable[[str, str], Floats]:
    """The embeddings of a sound by a case's encoder, computed once."""
    known: dict[tuple[str, str], Floats] = {}

    def get(name: str, clip: str) -> Floats:
        if (name, clip) not in known:
            known[name, clip] = running(name).encoder.encode(sound(clip))
        return known[name, clip]

    return get


def load(name: str, place: Path) -> Running:
    kind = CASES[name].dimensions.kind
    CASES[name].write(place / "checkpoint")
    convert(place / "checkpoint", place / "package", ["fp32"], ["f16"])
    package = open_package(place / "package", kind)
    return Running(
        config=package.config,
        encoder=Encoder(package),
        decoder=Decoder(package) if kind == "asr" else None,
        aligner=Aligner(package) if kind == "aligner" else None,
    )


@pytest.mark.parametrize("clip", SOUNDS)
@pytest.mark.parametrize("name", CASES)
def test_embeddings_are_the_reference_s(
    golden: Golden, encoded: Callable[[str, str], Floats], name: str, clip: str
) -> None:
    found, expected = encoded(name, clip)[::STRIDE], golden.array(name, clip, "encoder")
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= ENCODER_LIMIT


@pytest.mark.parametrize("name", CASES)
def test_sound_of_several_windows_is_not_attended_to_in_full(
    golden: Golden, running: Callable[[str], Running], encoded: Callable[[str, str], Floats], name: str
) -> None:
    assert running(name).config.audio.n_window_infer == CASES[name].dimensions.n_window_infer
    found, full = encoded(name, "35s")[::STRIDE], golden.array(name, "35s", "full")
    assert found.shape == full.shape
    assert np.abs(found - full).max() > 50 * ENCODER_LIMIT


@pytest.mark.parametrize("clip", SOUNDS)
@pytest.mark.parametrize("name", ASR)
def test_first_logits_are_the_reference_s(
    golden: Golden, running: Callable[[str], Running], encoded: Callable[[str, str], Floats], name: str, clip: str
) -> None:
    decoder = running(name).decoder
    assert decoder is not None
    found, expected = decoder.first_logits(encoded(name, clip)), golden.array(name, clip, "logits")
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= LOGITS_LIMIT
    assert int(np.argmax(found)) == golden.said(name, clip, "argmax")


@pytest.mark.parametrize("clip", SOUNDS)
@pytest.mark.parametrize("name", ALIGNERS)
def test_classes_are_the_reference_s(
    golden: Golden, running: Callable[[str], Running], encoded: Callable[[str, str], Floats], name: str, clip: str
) -> None:
    aligner = running(name).aligner
    assert aligner is not None
    found = aligner.classes(encoded(name, clip), units(TEXT, "English"))
    assert found.tolist() == golden.said(name, clip, "classes")
