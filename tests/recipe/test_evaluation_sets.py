"""The evaluation sets: what is in them, and that they stay as they were frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from model.errors import AudioError, ModelError
from model.miniature.recipe.evaluation import noises, store
from model.miniature.recipe.evaluation.contexts import Terms, bare, listing, spelt
from model.miniature.recipe.evaluation.makers import Maker, Sources
from model.miniature.recipe.evaluation.measures import mentions
from model.miniature.recipe.evaluation.sets import SETS, make
from model.miniature.recipe.evaluation.store import Utterance
from model.miniature.recipe.sentence import Sentence
from tests.recipe.evaluation_fakes import sources

__all__ = ["sources"]


def spoken(sources: Sources, name: str) -> list[Utterance]:
    return SETS[name](Maker(sources, name.removesuffix("-10db")))


@pytest.mark.parametrize("name", ["known", "unknown-espeak", "unknown-other", "context", "mandarin", "long-pauses"])
def test_an_utterance_has_its_words_and_their_times(sources: Sources, name: str) -> None:
    found = spoken(sources, name)
    assert len(found) == sources.count
    for one in found:
        assert one.times is not None
        assert 2.0 <= one.seconds <= 20.0
        assert ("" if one.language == "Chinese" else " ").join(one.words) == one.text
        flat = [time for span in one.times for time in span]
        assert flat == sorted(flat)
        assert flat[-1] <= one.seconds
        start, end = (int(time * 16_000) for time in one.times[-1])
        assert np.abs(one.samples[start:end].astype(int)).max() > 10_000


def test_a_set_is_the_same_whoever_makes_it_again_and_another_with_another_seed(
    sources: Sources, tmp_path: Path
) -> None:
    first = make(sources, tmp_path / "a", "context")
    assert make(sources, tmp_path / "b", "context") == first
    assert make(replace(sources, seed=2), tmp_path / "c", "context")["sha256"] != first["sha256"]


def test_the_noisy_set_says_what_the_clean_one_says_at_10_db(sources: Sources) -> None:
    for clean, noisy in zip(spoken(sources, "known"), spoken(sources, "known-10db"), strict=True):
        assert (clean.text, clean.voice) == (noisy.text, noisy.voice)
        sound = clean.samples.astype(float)
        scale = sound @ noisy.samples / (sound @ sound)
        noise = noisy.samples - scale * sound
        loud = np.abs(sound) > 0
        assert 10 * np.log10(np.mean((scale * sound[loud]) ** 2) / np.mean(noise**2)) == pytest.approx(10, abs=1)


def test_pauses_of_the_long_ones_last_2_to_6_seconds(sources: Sources) -> None:
    for one in spoken(sources, "long-pauses"):
        assert one.times is not None
        gaps = [after[0] - before[1] for before, after in zip(one.times, one.times[1:], strict=False)]
        assert 2.0 <= max(gaps) <= 6.0
        assert sum(gap > 0.01 for gap in gaps) == 1


def test_where_nobody_speaks_all_levels_are_met_and_the_time_is_kept(sources: Sources) -> None:
    found = {name: spoken(sources, name) for name in ("silence", "noise", "music")}
    seconds = sum(one.seconds for utterances in found.values() for one in utterances)
    assert sources.seconds <= seconds < sources.seconds + 6
    assert not any(one.text or one.language for utterances in found.values() for one in utterances)
    assert all(2.0 <= one.seconds <= 20.0 for utterances in found.values() for one in utterances)
    assert max(np.abs(one.samples.astype(int)).max() for one in found["silence"]) < 200


def test_a_list_has_neither_said_words_nor_other_spellings(sources: Sources) -> None:
    for one in spoken(sources, "context"):
        assert mentions(one.text, one.word)
        assert 8 <= len(one.distractors) <= 20
        assert not any(mentions(one.text, term) for term in one.distractors)
        assert not {"Sean", "Shawn", "Shaun"} & set(one.distractors) or one.word not in ("Sean", "Shawn", "Shaun")


def test_every_spelling_is_drawn_and_changes_the_text() -> None:
    sentence = Sentence.from_line("k\tIt is {Sean/Shawn/Shaun|shawn}'s.", "English")
    drawn = {spelt(sentence, Random(seed))[:2] for seed in range(40)}
    assert {word for _, word in drawn} == {"Sean", "Shawn", "Shaun"}
    assert all(made.text == f"It is {word}'s." for made, word in drawn)
    with pytest.raises(ValueError, match="several spellings"):
        spelt(Sentence.from_line("k\tIt is.", "English"), Random(0))


def test_a_word_of_a_list_has_no_punctuation() -> None:
    assert [bare(one) for one in ('"C3PO,"', "Shaun's.", "James'", "—")] == ["C3PO", "Shaun", "James", ""]


def test_a_list_has_all_its_words_in_any_order(sources: Sources) -> None:
    terms = Terms.of(sources.corpus).distractors("", (), Random(1))
    assert sorted(listing(terms, Random(2)).split(", ")) == sorted(terms)


def test_without_sentences_that_fit_the_set_is_given_up(sources: Sources) -> None:
    (sources.corpus / "english.held.txt").write_text("k\tPlease open the window.\n")
    with pytest.raises(ModelError, match="no utterance of 2 to 20 s"):
        spoken(sources, "known")


def test_what_is_read_is_what_was_written(sources: Sources, tmp_path: Path) -> None:
    made = spoken(sources, "context")
    digest = store.write(tmp_path / "sets", "context", made)
    again, found = store.read(tmp_path / "sets", "context")
    assert again == digest
    assert store.write(tmp_path / "sets", "context", found) == digest
    for one, other in zip(made, found, strict=True):
        assert np.array_equal(one.samples, other.samples)
        assert replace(one, samples=other.samples) == other


def _sample(path: Path) -> None:
    content = bytearray(path.with_suffix(".pcm").read_bytes())
    content[1000] ^= 1
    path.with_suffix(".pcm").write_bytes(content)


def _text(path: Path) -> None:
    path.write_text(path.read_text().replace("letter", "better").replace("station", "stations"))


@pytest.mark.parametrize("change", [_sample, _text])
def test_a_changed_set_is_refused(sources: Sources, tmp_path: Path, change: Callable[[Path], None]) -> None:
    store.write(tmp_path, "context", spoken(sources, "context"))
    change(tmp_path / "context.json")
    with pytest.raises(ModelError, match="not as it was frozen"):
        store.read(tmp_path, "context")


def test_recordings_of_another_form_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no recording"):
        store.recordings(tmp_path)
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioError, match=r"a\.wav cannot be read"):
        store.recordings(tmp_path)


@pytest.mark.parametrize("maker", [noises.colour, noises.hum, noises.clicks, noises.music])
def test_noise_has_level_1_and_depends_on_its_seed_alone(
    maker: Callable[[np.random.Generator, int], noises.Floats],
) -> None:
    first, again, other = (maker(np.random.default_rng(seed), 40_000) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.sqrt(np.mean(first**2)) == pytest.approx(1.0)
