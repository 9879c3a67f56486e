from __future__ import annotations

import importlib
import re
from random import Random

import pytest

from model.miniature.recipe.sentence import ENGLISH, MANDARIN
from model.miniature.recipe.speech import cast, variants

NEVER = {"f4", "m7", "klatt3", "Andy", "linda", "steph2", "grandpa"}


def test_no_voice_for_training_is_held_out_in_accent_variant_or_speaker() -> None:
    random = Random(1)
    held_random = {variants.random_name(number) for number in range(381, 401)}
    for _ in range(20_000):
        voice = cast.known(random, random.choice((ENGLISH, MANDARIN)))
        accent, _, variant = voice.name.partition("+")
        assert accent != "en-gb-scotland"
        assert variant not in NEVER | held_random
        assert "kal" not in voice.name.lower()
        assert voice.name not in cast.ENGINES[voice.engine].held.get(ENGLISH, ())


def test_every_held_out_voice_is_out_of_the_reach_of_training() -> None:
    random = Random(2)
    heard = {cast.known(random, ENGLISH).tag for _ in range(20_000)}
    for group in cast.GROUPS:
        held = {cast.held(random, ENGLISH, group).tag for _ in range(500)}
        assert held
        assert not held & heard


def test_shares_of_the_engines_are_near_those_of_the_table() -> None:
    random = Random(3)
    drawn = [cast.known(random, ENGLISH) for _ in range(5000)]
    total = sum(engine.shares.get(ENGLISH, 0) for engine in cast.ENGINES.values())
    for name, engine in cast.ENGINES.items():
        share = sum(voice.engine == name for voice in drawn) / len(drawn)
        assert share == pytest.approx(engine.shares.get(ENGLISH, 0) / total, abs=0.03)
    espeak = [voice for voice in drawn if voice.engine == "espeak"]
    assert sum(re.fullmatch(r"s\d{3}", voice.variant) is not None for voice in espeak) > 0.4 * len(espeak)


def test_a_voice_is_a_pure_function_of_chance() -> None:
    assert cast.known(Random(4), ENGLISH) == cast.known(Random(4), ENGLISH)


def test_a_language_that_no_engine_speaks_is_an_error() -> None:
    with pytest.raises(ValueError, match="no engine for Chinese among flite"):
        cast.known(Random(5), MANDARIN, ("flite",))


def test_every_engine_of_the_table_has_its_class_and_its_part_in_the_bundle() -> None:
    pytest.importorskip("scipy")
    for engine in cast.ENGINES.values():
        module = importlib.import_module(engine.module)
        assert callable(getattr(module, engine.synthesiser))
        assert callable(module.collect)


def test_random_variants_differ_and_keep_away_from_the_held_out_synthesiser() -> None:
    texts = [variants.random_text(number) for number in range(1, variants.COUNT + 1)]
    assert len({text.split("\n", 2)[2] for text in texts}) == variants.COUNT
    assert all("klatt 3" not in text for text in texts)
    assert texts[6] == variants.random_text(7)


def test_shipped_variants_for_training_hold_no_held_out_one() -> None:
    assert set(variants.HELD) == NEVER
    assert not NEVER & set(variants.SHIPPED)
