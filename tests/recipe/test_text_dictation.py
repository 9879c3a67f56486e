import re
from pathlib import Path
from random import Random

import pytest

from model.miniature.recipe.sentence import ENGLISH, Sentence
from model.miniature.recipe.text import corpus
from model.miniature.recipe.text.dictation import Dictation, GrammarError, tidy
from model.miniature.recipe.text.names import Names
from model.miniature.recipe.text.sources import Unpacked

LISTS = """class Provider:
    first_names_female = {"Anna": 1, "Ruth": 2}
    last_names = ("Miller", "Price", "de Vries")
"""


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Names:
    root = tmp_path_factory.mktemp("faker")
    from model.miniature.recipe.text.names import _ABROAD, _HOME

    for locale in (*_HOME, *_ABROAD):
        folder = root / "faker/providers/person" / locale
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(LISTS, "utf-8")
    return Names.make(Unpacked(root, "pypi:faker", "0", ""), 7, scale=0.02)


def grammar(folder: Path, templates: str, words: str = "") -> Path:
    (folder / "words.txt").write_text(words, "utf-8")
    (folder / "test.txt").write_text(templates, "utf-8")
    return folder


def test_every_template_gives_speakable_sentences(names: Names) -> None:
    dictation, rng = Dictation(names), Random(1)
    for kind, templates in dictation.kinds.items():
        for template in templates:
            for _ in range(5):
                text = tidy(template(rng))
                assert corpus.speakable(f"{kind}\t{text}"), text


def test_there_are_several_hundred_templates(names: Names) -> None:
    assert sum(len(templates) for templates in Dictation(names).kinds.values()) > 400


def test_choices_nest_and_lists_name_each_other(names: Names, tmp_path: Path) -> None:
    made = Dictation(names, grammar(tmp_path, "[a [big|small] <pet>|nothing]", "pet = <dog>\ndog = poodle | beagle"))
    found = {made.sentence(Random(seed), "test").split(". ")[0] for seed in range(200)}
    assert {"A big poodle", "A small beagle", "Nothing"} <= {one.split(" A ")[0].split(" Nothing")[0] for one in found}


@pytest.mark.parametrize("template", ["at 5 PM", "a [b|c", "a <nobody>", "a } b"])
def test_a_mistake_in_the_grammar_is_told(names: Names, tmp_path: Path, template: str) -> None:
    with pytest.raises(GrammarError, match=re.escape(template)):
        Dictation(names, grammar(tmp_path, template))


def test_spaces_articles_capitals_and_possessives_are_set() -> None:
    assert tidy("a  old {A/B|ay} 's hat , please .") == "An old {A/B|ay} 's hat, please."
    assert tidy("{Sean/Shawn|shawn}'s dog. it is a hour") == "{Sean's/Shawn's|shawn's} dog. It is an hour"
    assert tidy("a {MRI|em are eye} and a {UK|you kay} firm") == "An {MRI|em are eye} and a {UK|you kay} firm"


def test_names_of_several_spellings_are_groups(names: Names) -> None:
    rng = Random(2)
    groups = [
        word
        for _ in range(200)
        for word in Sentence.from_line(f"x\t{names.full(rng)}", ENGLISH).words
        if word.spellings
    ]
    assert len(groups) > 100
    assert all(len(set(word.spellings)) == len(word.spellings) > 1 for word in groups)


def test_a_sentence_in_another_spelling_is_the_same_sentence() -> None:
    first, second = "Call {Sean/Shawn|shawn} at {5|five}.", "call {Shawn/Sean|shawn} at {5|the fifth}."
    assert corpus.key(first) == corpus.key(second)
    assert corpus.key(first) != corpus.key("Call {Sean/Shawn|shawn} at {6|six}.")


def test_held_out_sentences_and_names_stay_out_of_training() -> None:
    parting = corpus._Parting(frozenset({"filkar"}))
    assert parting.add("x", "We met {Filkar/Phylkar|filkar} today.")
    assert not parting.add("x", "We met {Phylkar/Filkar|filkar} today.")
    for number in range(2000):
        parting.add("x", f"We met {'so ' * (number % 40)}{'very ' * (number // 40)}late.")
    train, held = parting._sides
    assert any("Filkar" in line for line in held)
    assert not any("Filkar" in line for line in train)
    assert 10 < len(held) < 90
    assert not {corpus.key(line) for line in train} & {corpus.key(line) for line in held}


def test_two_runs_make_the_same_sentences(names: Names) -> None:
    one, two = Dictation(names), Dictation(names)
    assert [one.sentence(Random(seed), "talk") for seed in range(30)] == [
        two.sentence(Random(seed), "talk") for seed in range(30)
    ]
