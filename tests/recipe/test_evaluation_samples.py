"""The shipped recordings: their names, their roles and their files."""

from __future__ import annotations

import json
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from model.errors import ModelError
from model.miniature.recipe.evaluation.makers import Sources
from model.miniature.recipe.evaluation.samples import SAMPLES, Sample, Studio, write
from model.miniature.recipe.evaluation.speakers import Speakers
from model.miniature.recipe.evaluation.store import Utterance
from model.miniature.recipe.sentence import MANDARIN
from model.miniature.recipe.speech import cast, variants
from tests.recipe.evaluation_fakes import sources

__all__ = ["sources"]

BY_NAME = {one.name: one for one in SAMPLES}


@pytest.fixture
def studio(sources: Sources) -> Studio:
    return Studio(sources.corpus, Speakers(sources.engines, tuple(cast.ENGINES)))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.name)
def test_a_recording_has_its_text_and_its_times(studio: Studio, tmp_path: Path, sample: Sample) -> None:
    write(tmp_path, sample, studio.make(sample) if sample.name[:2] != "04" else _still(sample))
    with wave.open(str(tmp_path / f"{sample.name}.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        seconds = file.getnframes() / 16_000
    about = json.loads((tmp_path / f"{sample.name}.json").read_text(encoding="utf-8"))
    assert (tmp_path / f"{sample.name}.txt").read_text(encoding="utf-8").strip() == about["text"]
    assert about["duration"] == pytest.approx(seconds, abs=1e-3)
    assert about["language"] == sample.language
    space = "" if about["language"] == MANDARIN else " "
    assert space.join(word["word"] for word in about["words"]) == about["text"]
    assert bool(about["text"]) == bool(about["language"])


def _still(sample: Sample) -> Utterance:
    """What the humming voice cannot say."""
    return Utterance(np.zeros(1600, np.int16), sample.language, "Please", ("Please",), ((0.0, 0.1),))


def test_roles_are_as_the_names_say(studio: Studio) -> None:
    made = {name: studio.make(BY_NAME[name]) for name in ("09_long_pause", "11_silence", "14_mandarin_numbers")}
    times = made["09_long_pause"].times
    assert times is not None
    assert max(after[0] - before[1] for before, after in pairwise(times)) == pytest.approx(5.5)
    assert made["11_silence"].seconds == 5.0
    assert not made["11_silence"].samples.any()
    assert any(one.isdigit() for one in made["14_mandarin_numbers"].text)


def test_voices_are_seen_or_held_out_as_the_names_say() -> None:
    known = {
        f"{engine}:{name}" for engine, one in cast.ENGINES.items() for names in one.known.values() for name in names
    }
    for sample in SAMPLES:
        if sample.name.endswith("_seen"):
            assert sample.voice.tag in known
        if sample.name.endswith("_held"):
            assert sample.voice.tag not in known
            assert sample.voice.engine != "espeak" or sample.voice.variant in variants.HELD


def test_a_sentence_of_the_training_is_refused(sources: Sources) -> None:
    (sources.corpus / "english.train.txt").write_text("k\tThe meeting starts on Thursday afternoon.\n")
    studio = Studio(sources.corpus, Speakers(sources.engines, ("flite",)))
    with pytest.raises(ModelError, match="01_short_seen has a sentence of the training"):
        studio.make(BY_NAME["01_short_seen"])
