from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.class_head import OUTPUT, load_head, padded_classes
from model.errors import ModelError
from model.gguf_header import read_header
from model.llama_library import quantise
from model.package import Package
from tests.model import foreign_files


@pytest.fixture(scope="module")
def filled(aligner_package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "aligner.gguf"
    assert aligner_package.head is not None
    foreign_files.write_decoder(aligner_package.decoder, path, head=np.load(aligner_package.head, allow_pickle=False))
    return path


def test_classes_end_where_the_filling_begins(filled: Path) -> None:
    assert padded_classes(read_header(filled)) == 512


@pytest.mark.parametrize("precision", ["q8_0", "q6_k", "q4_0"])
def test_the_filling_is_found_in_every_number_format(filled: Path, precision: str, tmp_path: Path) -> None:
    quantise(filled, tmp_path / "small.gguf", precision, 1, lambda _, __: None)
    header = read_header(tmp_path / "small.gguf")
    assert header.tensors["output.weight"].number_format > 1
    assert padded_classes(header) == 512


def test_a_matrix_that_is_not_filled_up_has_no_classes(aligner_package: Package, tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    head = chance.standard_normal((aligner_package.config.text.vocabulary, 256)).astype(np.float32)
    foreign_files.write_decoder(aligner_package.decoder, tmp_path / "full.gguf", head=head)
    with pytest.raises(ModelError, match=r"full\.gguf: output\.weight is not filled up"):
        padded_classes(read_header(tmp_path / "full.gguf"))


def test_a_decoder_without_output_matrix_has_no_classes(aligner_package: Package) -> None:
    with pytest.raises(ModelError, match=r"has no output\.weight"):
        padded_classes(read_header(aligner_package.decoder))


@pytest.mark.parametrize("data", [b"", b"text", b"\x93NUMPY\x01\x00v\x00{'descr': 'O', 'fortran_order': False}"])
def test_a_head_that_is_no_array_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "head.npy").write_bytes(data)
    with pytest.raises(ModelError, match=r"head\.npy"):
        load_head(tmp_path / "head.npy")


def test_a_head_of_another_form_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "head.npy", np.zeros(5, dtype=np.float32))
    with pytest.raises(ModelError, match=r"head\.npy is no matrix"):
        load_head(tmp_path / "head.npy")


def test_a_head_with_values_that_are_no_numbers_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "head.npy", np.full((5, 8), np.nan, dtype=np.float32))
    with pytest.raises(ModelError, match=r"head\.npy has values that are no numbers"):
        load_head(tmp_path / "head.npy")


@pytest.mark.parametrize("rows", [2**20, 2**62, 2**64 - 1])
def test_classes_beyond_the_end_of_the_file_are_refused(filled: Path, rows: int) -> None:
    header = read_header(filled)
    tensor = header.tensors[OUTPUT]
    longer = replace(header, tensors={OUTPUT: replace(tensor, shape=(tensor.shape[0], rows))})
    with pytest.raises(ModelError, match=r"aligner\.gguf: output\.weight reaches beyond the end"):
        padded_classes(longer)
