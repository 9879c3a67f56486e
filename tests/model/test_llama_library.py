from __future__ import annotations

from pathlib import Path

import pytest

from model import llama_library
from model.errors import ModelError
from model.gguf_header import read_header
from model.llama import Llama
from model.llama_library import QUANTISED, gpu_devices, quantise
from model.package import Package


def nothing(_: int, __: int) -> None:
    """Hear nothing."""


@pytest.mark.parametrize("precision", QUANTISED)
def test_a_quantised_copy_has_the_same_tensors_and_is_smaller(asr: Package, tmp_path: Path, precision: str) -> None:
    heard: list[tuple[int, int]] = []
    target = tmp_path / "small.gguf"
    quantise(asr.decoder, target, precision, 1, lambda number, count: heard.append((number, count)))
    tensors = read_header(target).tensors
    assert tensors.keys() == read_header(asr.decoder).tensors.keys()
    assert heard == [(number, len(tensors)) for number in range(1, len(tensors) + 1)]
    assert target.stat().st_size < asr.decoder.stat().st_size * 0.6


def test_what_cannot_be_quantised_is_named_with_the_reason(asr: Package, tmp_path: Path) -> None:
    quantise(asr.decoder, tmp_path / "once.gguf", "q8_0", 1, nothing)
    with pytest.raises(ModelError, match=r"once\.gguf cannot be quantised to q4_0: .*requantizing"):
        quantise(tmp_path / "once.gguf", tmp_path / "twice.gguf", "q4_0", 1, nothing)


def test_an_interrupt_during_quantising_comes_through(asr: Package, tmp_path: Path) -> None:
    def interrupted(_: int, __: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quantise(asr.decoder, tmp_path / "small.gguf", "q8_0", 1, interrupted)


def test_layers_on_a_gpu_that_is_not_there_are_an_error(asr: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_library, "gpu_devices", lambda: ())
    with pytest.raises(ModelError, match="5 layers were asked for on a GPU") as caught:
        Llama(asr.decoder, gpu_layers=5)
    assert "DGGML_CUDA=on" in caught.value.hint


@pytest.mark.skipif(bool(gpu_devices()), reason="there is a GPU")
@pytest.mark.parametrize("layers", [-1, 0])
def test_without_a_gpu_all_layers_are_computed_here(asr: Package, layers: int) -> None:
    llama = Llama(asr.decoder, gpu_layers=layers)
    assert llama.gpu_layers == 0
    llama.close()


@pytest.mark.parametrize(("wanted", "found"), [(-1, 5), (0, 0), (2, 2), (99, 5)])
def test_no_more_layers_are_counted_on_a_gpu_than_there_are(
    asr: Package, monkeypatch: pytest.MonkeyPatch, wanted: int, found: int
) -> None:
    # The library computes them here all the same; only the count is of interest.
    monkeypatch.setattr(llama_library, "gpu_devices", lambda: ("GPU0 (pretended)",))
    llama = Llama(asr.decoder, gpu_layers=wanted)
    assert llama.gpu_layers == found
    llama.close()
