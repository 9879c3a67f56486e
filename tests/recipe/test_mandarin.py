"""The Mandarin sentences of the recipe."""

import re
from pathlib import Path
from random import Random

import pytest

from model.miniature.recipe.sentence import MANDARIN, Sentence
from model.miniature.recipe.text import mandarin
from model.miniature.recipe.text.mandarin_names import NAMES, SURNAMES
from model.miniature.recipe.text.mandarin_numbers import MAKERS

MOST_IDEOGRAPHS = 900
"""Each is a row of the vocabulary."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("corpus")
    mandarin.write(out, seed=1)
    return out


@pytest.fixture(scope="module")
def lines(corpus: Path) -> dict[str, list[str]]:
    return {name: (corpus / f"mandarin.{name}.txt").read_text("utf-8").splitlines() for name in ("train", "held")}


def test_there_are_enough_sentences_all_different(lines: dict[str, list[str]]) -> None:
    whole = [line.partition("\t")[2] for line in lines["train"] + lines["held"]]
    assert len(whole) == len({mandarin.key(text) for text in whole}) >= 80_000


def test_one_in_fifty_is_held_out_by_its_text_alone(lines: dict[str, list[str]]) -> None:
    assert 0.015 < len(lines["held"]) / len(lines["train"]) < 0.025
    assert all(mandarin.is_held(line.partition("\t")[2]) for line in lines["held"])
    assert not any(
        mandarin.is_held(text) for text in (line.partition("\t")[2] for line in lines["train"]) if "{" in text
    )


def test_a_name_is_in_a_tenth_of_them_and_sounds_alike_in_all_spellings(lines: dict[str, list[str]]) -> None:
    found = [Sentence.from_line(line, MANDARIN) for line in lines["train"][:10_000]]
    named = [word for sentence in found for word in sentence.words if word.spellings]
    assert len(named) > len(found) / 10
    sound = {character: sound for table in (NAMES, SURNAMES) for sound, all_ in table.items() for character in all_}
    for word in named[:2000]:
        said = {tuple(sound[c] for c in one if c in sound) for one in (*word.spellings, word.spoken)}
        assert len(said) == 1
        assert len(word.spellings) == len(set(word.spellings)) > 1


def test_sentences_are_short_and_well_formed(lines: dict[str, list[str]]) -> None:
    for line in lines["train"][:10_000] + lines["held"]:
        sentence = Sentence.from_line(line, MANDARIN)
        assert 2 <= len(sentence.text) <= mandarin.LONGEST
        assert re.search(r"[。？！]$", sentence.text), line
        assert not re.search(r"[，。？！]{2}|[<>\[\]|{}]", sentence.text), line
        assert all("一" <= character <= "鿿" for word in sentence.words for character in word.spoken), line


def ideographs(lines: list[str]) -> set[str]:
    words = [word for line in lines for word in Sentence.from_line(line, MANDARIN).words]
    return {one for word in words for one in "".join(word.spellings or (word.written,)) if "一" <= one <= "鿿"}


def test_the_ideographs_are_few(lines: dict[str, list[str]]) -> None:
    known = ideographs(lines["train"])
    assert len(known) <= MOST_IDEOGRAPHS
    assert ideographs(lines["held"]) <= known
    assert set("".join(mandarin.terms(1))) - {"/"} <= known


def test_the_same_seed_gives_the_same_corpus(corpus: Path, tmp_path: Path) -> None:
    sources = mandarin.write(tmp_path, seed=1)
    for name in ("mandarin.train.txt", "mandarin.held.txt"):
        assert (tmp_path / name).read_bytes() == (corpus / name).read_bytes()
    train = (tmp_path / "mandarin.train.txt").read_text("utf-8").splitlines()
    assert sum(source.train for source in sources.values()) == len(train)
    assert {line.partition("\t")[0] for line in train} == sources.keys()


def test_every_slot_is_filled_and_every_filling_is_used() -> None:
    fillings = [filling for all_ in mandarin.GRAMMAR.values() for filling in all_]
    asked = {slot for filling in fillings for slot in re.findall("<(.*?)>", filling)}
    drawn = {slot for slot in mandarin.GRAMMAR if not slot.startswith("zh-")}
    assert asked == drawn | MAKERS.keys() | {"name", "named"}


def test_an_unknown_slot_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        mandarin.sentence("在<nowhere>。", Random(1))
