"""Festival: what it prints is read rightly, and a collected one speaks with word times, mood and voice variant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from model.miniature.recipe.sentence import ENGLISH, MANDARIN, Sentence
from model.miniature.recipe.speech import festival
from model.miniature.recipe.speech.voice import SpeechError, Voice
from tests.recipe.noted import licences

KED = Voice("festival", "ked_diphone")
SLT = Voice("festival", "cmu_us_slt_arctic_hts")


def test_word_takes_times_of_its_parts_and_not_of_its_punctuation() -> None:
    heard = "WORD hello 0.2 0.5 0.0 0.0\nWORD john's 0.5 0.7 0.7 0.8\nWORD u 1.0 1.1\nWORD s 1.1 1.3\n"
    assert festival._word_times(heard, ["hello", "john's", "u s"]) == ((0.2, 0.5), (0.5, 0.8), (1.0, 1.3))


@pytest.mark.parametrize("spoken", [["hello"], ["hello", "you", "there"]])
def test_other_count_of_tokens_than_words_gives_no_times(spoken: list[str]) -> None:
    assert festival._word_times("WORD hello 0.2 0.5\nWORD you 0.5 0.7\n", spoken) is None


def test_bundle_without_festival_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="no festival"):
        festival.Festival(tmp_path)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> festival.Festival:
    bundle = tmp_path_factory.mktemp("bundle")
    festival.collect(bundle)
    return festival.Festival(bundle)


@pytest.mark.recipe
@pytest.mark.parametrize("voice", [KED, SLT])
def test_collected_voice_speaks_where_it_says(engine: festival.Festival, voice: Voice) -> None:
    sentence = Sentence.from_line("test\tOpen the {USA|u s a} file, and stop.", ENGLISH)
    speech = engine.say(sentence, voice)
    assert speech is not None
    assert speech.times is not None
    assert len(speech.times) == len(sentence.words)
    loudness = [np.abs(speech.samples[int(16000 * start) : int(16000 * end)]).mean() for start, end in speech.times]
    assert min(loudness) > 10 * np.abs(speech.samples[: int(8000 * speech.times[0][0])]).mean() > 0


@pytest.mark.recipe
@pytest.mark.parametrize("voice", [KED, SLT])
def test_rate_shortens(engine: festival.Festival, voice: Voice) -> None:
    sentence = Sentence.from_line("test\tOpen the file.", ENGLISH)
    slow, fast = (engine.say(sentence, Voice("festival", voice.name, rate=rate)) for rate in (0.8, 1.25))
    assert slow is not None
    assert fast is not None
    assert len(fast.samples) < 0.75 * len(slow.samples)


@pytest.mark.recipe
def test_variant_changes_the_hmm_voice_and_crash_is_survived(engine: festival.Festival) -> None:
    sentence = Sentence.from_line("test\tOpen the file.", ENGLISH)
    own = engine.say(sentence, SLT)
    other = engine.say(sentence, Voice("festival", SLT.name, variant="0.40"))
    assert own is not None
    assert other is not None
    assert not np.array_equal(own.samples, other.samples)
    assert engine._process is not None
    engine._process.kill()
    engine._process.wait()
    assert engine.say(sentence, KED) is None
    assert engine.say(sentence, KED) is not None


@pytest.mark.recipe
def test_bundle_names_its_packages(engine: festival.Festival) -> None:
    free = ("festival", "festlex-cmu", "festlex-poslex", "festvox-kdlpc16k")
    assert licences(engine._bundle, "festival") == {
        **{f"debian:{one}": "MIT-Festival" for one in free},
        "debian:festvox-us-slt-hts": "MIT-Festival AND BSD-3-Clause",
    }


@pytest.mark.recipe
def test_unknown_voice_is_refused_and_mandarin_is_not_said(engine: festival.Festival) -> None:
    with pytest.raises(SpeechError, match="no voice nobody"):
        engine.say(Sentence.from_line("test\tOpen.", ENGLISH), Voice("festival", "nobody"))
    assert engine.say(Sentence.from_line("test\t你好。", MANDARIN), KED) is None
