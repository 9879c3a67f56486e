from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from model.errors import ModelError
from model.gguf_header import read_header
from model.package import Package
from tests.model import foreign_files


def test_keys_tokens_and_tensors_are_read(asr: Package) -> None:
    header = read_header(asr.decoder)
    text = asr.config.text
    assert header.architecture == "qwen3"
    assert (header.size("embedding_length"), header.size("block_count")) == (text.width, text.layers)
    assert header.number("qwen3.rope.freq_base", 1.0) == text.rope_theta
    assert header.number("qwen3.nothing", 5.0) == 5.0
    assert len(header.tokens) == text.vocabulary
    assert header.tokens[asr.config.audio_start_id] == b"<|audio_start|>"
    assert header.tensors["token_embd.weight"].shape == (text.width, text.vocabulary)
    assert max(tensor.offset for tensor in header.tensors.values()) < asr.decoder.stat().st_size
    header.check_decoder()


@pytest.mark.parametrize("data", [b"", b"GGUF", b"not a model", bytes(4096), b"GGUF\x03\0\0\0" + b"\xff" * 64])
def test_what_is_no_gguf_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"broken\.gguf is no whole GGUF file"):
        read_header(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no\.gguf is missing"):
        read_header(tmp_path / "no.gguf")


def test_a_header_cut_off_anywhere_is_refused(asr: Package, tmp_path: Path) -> None:
    whole, path = asr.decoder.read_bytes(), tmp_path / "cut.gguf"
    end = min(tensor.offset for tensor in read_header(asr.decoder).tensors.values())
    for length in random.Random(5).sample(range(end), 60):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"cut\.gguf"):
            read_header(path)


def test_a_harmed_header_is_read_or_refused_and_nothing_else(asr: Package, tmp_path: Path) -> None:
    whole, path, chance = asr.decoder.read_bytes(), tmp_path / "harmed.gguf", random.Random(6)
    end = min(tensor.offset for tensor in read_header(asr.decoder).tensors.values())
    refused = []
    for _ in range(150):
        data = bytearray(whole[: end + 1])
        data[chance.randrange(2_000)] ^= chance.randrange(1, 256)
        path.write_bytes(data)
        try:
            read_header(path).check_decoder()
        except ModelError as error:
            refused.append(error.message)
    assert len(refused) > 20
    assert [message for message in refused if "harmed.gguf" not in message] == []


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("block_count", 0, "qwen3.block_count is 0, expected a number above 0"),
        ("block_count", 4_000, "has 4000 layers"),
        ("attention.head_count_kv", 3, "has 2 heads over 3"),
    ],
)
def test_sizes_at_which_the_library_would_end_the_process_are_refused(
    asr: Package, tmp_path: Path, key: str, value: int, message: str
) -> None:
    whole = asr.decoder.read_bytes()
    at = whole.index(f"qwen3.{key}".encode()) + len(f"qwen3.{key}") + 4
    path = tmp_path / "odd.gguf"
    path.write_bytes(whole[:at] + struct.pack("<I", value) + whole[at + 4 :])
    with pytest.raises(ModelError, match=message):
        read_header(path).check_decoder()


def test_a_rope_with_more_than_a_head_has_is_refused(asr: Package, tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    foreign_files.write_decoder(asr.decoder, path, "qwen3vl")
    read_header(path).check_decoder()
    place = struct.pack("<4i", *foreign_files.SECTIONS)
    path.write_bytes(path.read_bytes().replace(place, struct.pack("<4i", 24, 20, 400, 0)))
    with pytest.raises(ModelError, match=r"a rope of the sections \(24, 20, 400, 0\)"):
        read_header(path).check_decoder()


def test_a_token_that_is_there_twice_is_refused(asr: Package, tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(asr.decoder.read_bytes().replace(b"<|audio_pad|>", b"<|audio_end|>"))
    with pytest.raises(ModelError, match="has a token twice"):
        read_header(path).check_decoder()
