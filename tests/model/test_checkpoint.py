from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import tensor_table
from model.checkpoint import INDEX, WEIGHTS, Checkpoint, source_hash
from model.errors import ModelError
from tests.model import checkpoint_files
from tests.model.checkpoint_files import Header, change_header, change_json
from tests.model.permissions import ordinary_user

BIAS = "thinker.audio_tower.layers.0.fc1.bias"
TABLE = "thinker.model.embed_tokens.weight"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint_files.write(tmp_path_factory.mktemp("checkpoint") / "original")


@pytest.fixture
def checkpoint(written: Path, tmp_path: Path) -> Path:
    """A checkpoint that may come to harm."""
    return Path(shutil.copytree(written, tmp_path / "checkpoint"))


def refused(directory: Path) -> str:
    """What is said of a checkpoint that cannot be used."""
    with pytest.raises(ModelError) as caught:
        Checkpoint(directory)
    assert caught.value.hint
    assert str(directory) in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("aligner", [False, True])
def test_both_layouts_and_shards_hold_the_same_model(tmp_path: Path, aligner: bool) -> None:
    plain = Checkpoint(checkpoint_files.write(tmp_path / "plain", aligner=aligner))
    others = [
        Checkpoint(checkpoint_files.write(tmp_path / "native", layout="native", aligner=aligner)),
        Checkpoint(checkpoint_files.write(tmp_path / "shards", shards=3, aligner=aligner)),
        Checkpoint(checkpoint_files.write(tmp_path / "both", layout="native", shards=2, aligner=aligner)),
    ]
    wanted = tensor_table.required(plain.config)
    for other in others:
        # transformers keeps no list of languages, and its aligner says that its head is tied to nothing it has.
        text = replace(other.config.text, tied=plain.config.text.tied)
        assert replace(other.config, languages=plain.config.languages, text=text) == plain.config
        assert wanted.keys() <= set(other.names())
        for name in wanted:
            assert np.array_equal(other.read(name), plain.read(name)), name


def test_a_missing_tensor_is_named(checkpoint: Path) -> None:
    change_header(checkpoint / WEIGHTS, lambda header: header.pop(BIAS))
    assert BIAS in refused(checkpoint)


def test_an_extra_tensor_is_named(checkpoint: Path) -> None:
    def add(header: Header) -> None:
        header["thinker.audio_tower.layers.7.fc1.bias"] = header[BIAS]

    change_header(checkpoint / WEIGHTS, add)
    message = refused(checkpoint)
    assert "layers.7.fc1.bias" in message
    assert WEIGHTS in message


def test_an_adapter_that_is_not_merged_is_refused_with_the_remedy(checkpoint: Path) -> None:
    def add(header: Header) -> None:
        header["thinker.model.layers.0.self_attn.q_proj.lora_A.weight"] = header[BIAS]

    change_header(checkpoint / WEIGHTS, add)
    with pytest.raises(ModelError) as caught:
        Checkpoint(checkpoint)
    assert "Merge" in caught.value.hint


def test_what_follows_from_the_config_may_be_stored_too(checkpoint: Path) -> None:
    def add(header: Header) -> None:
        header["thinker.model.rotary_emb.inv_freq"] = header[BIAS]

    change_header(checkpoint / WEIGHTS, add)
    assert Checkpoint(checkpoint).has(BIAS)


def test_a_wrong_shape_is_named_with_the_right_one(checkpoint: Path) -> None:
    def fold(header: Header) -> None:
        (size,) = header[BIAS]["shape"]
        header[BIAS]["shape"] = [2, size // 2]

    change_header(checkpoint / WEIGHTS, fold)
    message = refused(checkpoint)
    assert BIAS in message
    assert "config.json says (" in message


def test_a_type_that_is_none_of_ours_is_named(checkpoint: Path) -> None:
    change_header(checkpoint / WEIGHTS, lambda header: header[BIAS].update(dtype="I16"))
    assert f"{BIAS} is of type I16" in refused(checkpoint)


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("audio_config", "encoder_layers", 2),
        ("audio_config", "d_model", 32),
        ("audio_config", "num_mel_bins", 80),
        ("text_config", "num_hidden_layers", 3),
        ("text_config", "vocab_size", 4000),
        ("text_config", "num_key_value_heads", 4),
    ],
)
def test_a_config_that_contradicts_the_tensors_is_refused(checkpoint: Path, part: str, key: str, value: int) -> None:
    change_json(checkpoint / "config.json", lambda config: config["thinker_config"][part].update({key: value}))
    assert "config.json" in refused(checkpoint)


def test_special_tokens_that_the_tokenizer_lacks_are_refused(checkpoint: Path) -> None:
    change_json(checkpoint / "config.json", lambda config: config["thinker_config"].update(audio_end_token_id=5))
    assert "special token 5" in refused(checkpoint)


def test_a_head_that_is_tied_but_differs_is_refused(checkpoint: Path) -> None:
    def point_elsewhere(header: Header) -> None:
        begin, end = header[TABLE]["data_offsets"]
        header["thinker.lm_head.weight"] = {**header[TABLE], "data_offsets": [begin - 2, end - 2]}

    change_header(checkpoint / WEIGHTS, point_elsewhere)
    assert "output head is the embedding" in refused(checkpoint)


def poisoned(checkpoint: Path, value: bytes) -> Checkpoint:
    """The checkpoint with another first number, of two bytes, in one of its tensors."""
    path = checkpoint / WEIGHTS
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    place = 8 + length + json.loads(data[8 : 8 + length])[BIAS]["data_offsets"][0]
    path.write_bytes(data[:place] + value + data[place + 2 :])
    return Checkpoint(checkpoint)


def test_numbers_that_are_none_are_refused(checkpoint: Path) -> None:
    opened = poisoned(checkpoint, b"\xc0\x7f")
    with pytest.raises(ModelError, match=rf"{BIAS} has values that are no numbers"):
        opened.read(BIAS)


def test_a_weight_beyond_float16_is_refused_where_float16_is_asked_for(checkpoint: Path) -> None:
    opened = poisoned(checkpoint, np.array([1e6], "<f4").tobytes()[2:])
    assert opened.read(BIAS)[0] == pytest.approx(1e6, rel=0.01)
    with pytest.raises(ModelError, match=rf"{BIAS} has values too large for float16"):
        opened.read(BIAS, np.float16)


def test_a_pickle_is_refused_with_the_reason(checkpoint: Path) -> None:
    (checkpoint / WEIGHTS).rename(checkpoint / "pytorch_model.bin")
    message = refused(checkpoint)
    assert "pytorch_model.bin" in message
    assert "runs whatever code" in message


@pytest.mark.parametrize("name", [WEIGHTS, "config.json", "vocab.json", "merges.txt", "tokenizer_config.json"])
def test_a_link_that_leads_in_a_circle_is_refused(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    (checkpoint / name).symlink_to(checkpoint / name)
    refused(checkpoint)


def test_a_directory_that_leads_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    refused(tmp_path / "one")


@pytest.mark.parametrize("name", [WEIGHTS, "config.json", "merges.txt"])
def test_an_unreadable_file_is_named(checkpoint: Path, name: str) -> None:
    (checkpoint / name).chmod(0)
    with ordinary_user(checkpoint):
        assert name in refused(checkpoint)


@pytest.mark.parametrize("name", [WEIGHTS, "config.json", "merges.txt"])
def test_a_directory_in_the_place_of_a_file_is_named(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    (checkpoint / name).mkdir()
    assert name in refused(checkpoint)


@pytest.mark.parametrize("name", [WEIGHTS, INDEX, "config.json", "vocab.json", "merges.txt", "chat_template.json"])
def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink(missing_ok=True)
    os.mkfifo(checkpoint / name)
    assert f"{name} is no file" in refused(checkpoint)


def test_a_list_of_shards_that_leads_in_a_circle_is_named(checkpoint: Path) -> None:
    (checkpoint / WEIGHTS).unlink()
    (checkpoint / INDEX).symlink_to(checkpoint / INDEX)
    assert f"{INDEX} is a link that leads in a circle" in refused(checkpoint)


@pytest.mark.parametrize("index", [0, -5, float("inf")])
def test_two_tokens_of_one_id_or_an_id_that_is_none_are_refused(checkpoint: Path, index: float) -> None:
    change_json(checkpoint / "vocab.json", lambda values: values.update({"another": index}))
    assert "vocab.json has not the expected form" in refused(checkpoint)


def test_merges_of_another_vocabulary_are_refused(checkpoint: Path) -> None:
    (checkpoint / "merges.txt").write_text("#version: 0.2\nnothing known\n")
    assert "not in its vocabulary" in refused(checkpoint)


@pytest.mark.parametrize("template", [None, ["one", "two"]])
def test_a_template_that_is_no_text_counts_as_none(checkpoint: Path, template: object) -> None:
    (checkpoint / "chat_template.json").unlink()
    change_json(checkpoint / "tokenizer_config.json", lambda values: values.update(chat_template=template))
    assert Checkpoint(checkpoint).vocabulary.template == ""


def test_a_tensor_that_nobody_has_cannot_be_read(checkpoint: Path) -> None:
    with pytest.raises(ModelError, match=r"has no tensor thinker\.nothing"):
        Checkpoint(checkpoint).read("thinker.nothing")


@pytest.mark.parametrize("name", ["vocab.json", "merges.txt"])
def test_a_tokenizer_without_its_parts_is_refused(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    assert name in refused(checkpoint)


def sharded(tmp_path: Path) -> Path:
    return checkpoint_files.write(tmp_path / "shards", shards=3)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    directory = sharded(tmp_path)
    (directory / "model-00002-of-00003.safetensors").unlink()
    assert "model-00002-of-00003.safetensors" in refused(directory)


def test_a_tensor_in_two_shards_is_refused(tmp_path: Path) -> None:
    directory = sharded(tmp_path)
    shutil.copyfile(directory / "model-00001-of-00003.safetensors", directory / "model-00002-of-00003.safetensors")
    assert "is also in" in refused(directory)


@pytest.mark.parametrize("places", [None, {}, {"a": "../../outside.safetensors"}, {"a": "/outside.safetensors"}])
def test_an_index_that_makes_no_sense_is_refused(tmp_path: Path, places: Any) -> None:
    directory = sharded(tmp_path)
    change_json(directory / INDEX, lambda index: index.update(weight_map=places))
    assert INDEX in refused(directory)


def test_the_hash_covers_every_shard_and_text(tmp_path: Path) -> None:
    directory = sharded(tmp_path)
    before = source_hash(directory)
    data = bytearray((directory / "model-00003-of-00003.safetensors").read_bytes())
    data[-1] ^= 1
    (directory / "model-00003-of-00003.safetensors").write_bytes(data)
    after = source_hash(directory)
    (directory / "chat_template.json").write_text("{}")
    assert len({before, after, source_hash(directory)}) == 3
