"""The training of the miniature: what is learnt from is what was said, and a resumed run is the same run."""

from __future__ import annotations

import itertools
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from safetensors.torch import load_file  # noqa: E402

from model.mel import log_mel  # noqa: E402
from model.miniature.recipe.sentence import ENGLISH  # noqa: E402
from model.miniature.recipe.sound import background  # noqa: E402
from model.miniature.recipe.training import beginning, state  # noqa: E402
from model.miniature.recipe.training.audio_tower import tokens_of  # noqa: E402
from model.miniature.recipe.training.batches import Batch, Builder  # noqa: E402
from model.miniature.recipe.training.contexts import Lists  # noqa: E402
from model.miniature.recipe.training.feeding import Plan  # noqa: E402
from model.miniature.recipe.training.gather import Buffer  # noqa: E402
from model.miniature.recipe.training.learning import COOL_DOWN, WARM_UP, Learner, inner_weight, rate  # noqa: E402
from model.miniature.recipe.training.network import Network  # noqa: E402
from model.miniature.recipe.training.optimiser import orthogonal  # noqa: E402
from model.miniature.recipe.training.pool import Clip, Files, clips_of, samples_of  # noqa: E402
from model.miniature.recipe.training.run import Length, Paths, Rhythm, Run  # noqa: E402
from model.miniature.recipe.training.vocabulary import Vocabulary  # noqa: E402

pytestmark = pytest.mark.recipe

MINIATURE = Path(__file__).parents[2] / "model" / "miniature"
LINES = (
    "prose\tThe river was high.",
    "dictation\tAsk {Sean/Shawn/Shaun,|shawn} about the {$42|forty two dollars}.",
    "prose\tNobody wanted to go home before the evening.",
    "prose\tIs that so?",
)
SECONDS = 64


def write_chunk(directory: Path, name: str, seed: int) -> None:
    """A chunk of a hum for each sentence, with evenly spread word times."""
    random = np.random.default_rng(seed)
    clips, sounds, start = [], [], 0
    for at, line in enumerate(LINES * 3):
        samples = int(random.integers(20_000, 40_000))
        words = len(line.split("\t")[1].replace("forty two dollars", "forty").split())
        times = [[samples / 16_000 * word / words, samples / 16_000 * (word + 0.9) / words] for word in range(words)]
        clips.append(
            {"start": start, "samples": samples, "session": at // 2, "voice": "hum", "language": ENGLISH,
             "line": line, "times": times}
        )  # fmt: skip
        tone = np.sin(np.arange(samples) * 2 * np.pi * float(random.uniform(90, 300)) / 16_000)
        sounds.append((tone * 8_000).astype(np.int16))
        start += samples
    np.concatenate(sounds).tofile(directory / f"{name}.pcm")
    (directory / f"{name}.json").write_text(json.dumps({"clips": clips}), encoding="utf-8")


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    directory = tmp_path / "pool"
    directory.mkdir()
    for number in range(2):
        write_chunk(directory, f"c{number}", number)
    (tmp_path / "background").mkdir()
    background.write(tmp_path / "background", 40.0, 5, 1)
    (tmp_path / "terms.txt").write_text("Sean/Shawn/Shaun\nKethrun\nBrindlemoor\n张伟/章炜\n", encoding="utf-8")
    return directory


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary(MINIATURE / "asr")


def clips_in(pool: Path) -> list[Clip]:
    clips: list[Clip] = []
    for chunk in Files(pool, 10**9).new():
        clips.extend(clips_of(chunk, clips[-1].session + 1 if clips else 0))
    return clips


def builder(kind: str, pool: Path, vocabulary: Vocabulary) -> Builder:
    return Builder(kind, vocabulary, Lists.of(pool.parent, {}), 7, SECONDS)


def answers(batch: Batch, vocabulary: Vocabulary) -> list[tuple[str, str]]:
    rows = batch.places // batch.ids.shape[1]
    return [vocabulary.answer(batch.labels[rows == row].tolist()) for row in range(len(batch.ids))]


def test_a_batch_depends_on_nothing_but_its_number(pool: Path, vocabulary: Vocabulary) -> None:
    clips = clips_in(pool)
    one, same = (builder("asr", pool, vocabulary).batch(3, clips) for _ in range(2))
    other = builder("asr", pool, vocabulary).batch(4, clips)
    assert np.array_equal(one.ids, same.ids)
    assert np.array_equal(one.segments, same.segments)
    assert one.ids.shape != other.ids.shape or not np.array_equal(one.ids, other.ids)


def test_labels_say_what_is_heard_and_silence_has_no_language(pool: Path, vocabulary: Vocabulary) -> None:
    clips, make = clips_in(pool), builder("asr", pool, vocabulary)
    silent = 0
    for number in range(30):
        batch = make.batch(number, clips)
        for spoken, (language, text) in zip(batch.spoken, answers(batch, vocabulary), strict=True):
            silent += not spoken
            assert language == (ENGLISH if spoken else "None")
            assert bool(text) == bool(spoken)
    assert silent > 0


def test_a_listed_spelling_is_the_one_that_is_written(pool: Path, vocabulary: Vocabulary) -> None:
    clips, make = clips_in(pool), builder("asr", pool, vocabulary)
    found = set()
    for number in range(40):
        batch = make.batch(number, clips)
        for row, (_, text) in enumerate(answers(batch, vocabulary)):
            context = vocabulary.text(batch.ids[row, : batch.begin[row]].tolist())
            for name in ("Shawn", "Shaun"):
                if name in text:
                    assert name in context
                    found.add(name)
    assert found == {"Shawn", "Shaun"}


def test_the_heard_tokens_fit_the_sound(pool: Path, vocabulary: Vocabulary) -> None:
    batch = builder("asr", pool, vocabulary).batch(0, clips_in(pool))
    tokens = tokens_of(torch.from_numpy(batch.samples // 160)).numpy()
    sound = (batch.ids == vocabulary.sound).sum(1)
    assert np.array_equal(tokens, sound)
    assert (batch.heard_lengths <= tokens).all()
    assert batch.heard_lengths.sum() == len(batch.heard)
    ends = batch.segments[:, 0] + batch.segments[:, 1]
    assert (ends // (batch.seconds * 16_000) <= len(batch.ids)).all()


def test_the_aligner_s_labels_are_the_times_of_the_words(pool: Path, vocabulary: Vocabulary) -> None:
    batch = builder("aligner", pool, vocabulary).batch(1, clips_in(pool))
    width = batch.ids.shape[1]
    assert (batch.ids.ravel()[batch.places] == vocabulary.slot).all()
    for row in range(len(batch.ids)):
        labels = batch.labels[batch.places // width == row]
        assert (np.diff(labels) >= 0).all()
        assert labels[-1] * 0.08 <= batch.samples[row] / 16_000 + 0.08


def test_sound_is_gathered_from_its_place_at_its_speed() -> None:
    buffer = Buffer(1_000, torch.device("cpu"))
    buffer.put(100, np.arange(200, dtype=np.int16) * 16)
    empty = np.zeros(0, dtype=np.int64)
    segments = np.array([[5, 50, 100, 1.5], [16_000, 10, 110, 1.0]], dtype=np.float64)
    batch = Batch(1, segments, np.array([800, 800]), np.array([True, True]), empty, empty, empty, empty, empty, empty)
    sound = buffer.gather(batch).numpy() * 32768
    assert np.allclose(sound[0, 5:55], np.arange(50) * 1.5 * 16, atol=1e-3)
    assert np.allclose(sound[1, :10], np.arange(10, 20) * 16)
    assert sound[0, 55:].any() == sound[1, 10:].any() == np.False_


def test_the_network_is_the_reference_s() -> None:
    config = json.loads((MINIATURE / "asr" / "config.json").read_text(encoding="utf-8"))
    network = Network(config)
    network.load_state_dict({n: t.float() for n, t in load_file(MINIATURE / "asr" / "model.safetensors").items()})
    expected = np.load(Path(__file__).parents[1] / "golden" / "reference.npz")["encoder/12_long"]
    with wave.open(str(MINIATURE / "samples" / "12_long.wav")) as sound:
        pcm = np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16).astype(np.float32) / np.float32(32768)
    mel = log_mel(pcm)
    frames = mel.shape[1]
    with torch.no_grad():
        filled = torch.from_numpy(np.pad(mel, ((0, 0), (0, -frames % 100))))
        found, _ = network.encode(filled[None], torch.tensor([frames]), 8)
    assert np.abs(found[0, : len(expected)].numpy() - expected).max() < 1e-3


@pytest.mark.parametrize("shape", [(3, 128, 128), (2, 512, 128), (1, 128, 512)])
def test_turned_matrices_have_singular_values_near_one(shape: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape)).float())
    assert values.max() < 1.3
    assert values.median() > 0.6


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    assert rate(0.0) < 0.1
    assert rate(WARM_UP) == rate(COOL_DOWN) == 1.0
    assert rate((COOL_DOWN + 1.0) / 2) == pytest.approx(0.5, abs=0.2)
    assert rate(1.0) == 0.0
    assert all(inner_weight(kind, 0.0) > inner_weight(kind, 0.99) > 0.0 for kind in ("asr", "aligner"))


def small_run(kind: str, pool: Path, out: Path) -> Run:
    vocabulary = Vocabulary(MINIATURE / "asr")
    config = beginning.configuration(kind, vocabulary.rows, vocabulary.controls, vocabulary.user, (1, 1))
    plan = Plan(kind, pool.parent, MINIATURE / "asr", {}, 3, SECONDS)
    paths = Paths(pool, pool.parent / "background", out)
    return Run(beginning.fresh(config, 3), plan, paths, 0.1, Rhythm(-1.0, 2), lambda _: None)


def test_a_resumed_run_is_the_same_run(pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every step is saved; the checkpoint of the second is what a machine had that was lost then.
    save = state.save

    def keep_the_second(directory: Path, place: state.Place, tensors: dict[str, Any], log: Path) -> None:
        save(directory, place, tensors, log)
        if place.step == 2:
            save(tmp_path / "lost" / directory.name, place, tensors, log)

    monkeypatch.setattr(state, "save", keep_the_second)
    small_run("asr", pool, tmp_path / "whole").train(Length(None, 4), 1, 0.0)
    resumed = small_run("asr", pool, tmp_path / "resumed")
    resumed.resume(tmp_path / "lost" / "asr.state")
    resumed.train(Length(None, 4), 2, 0.0)
    place, whole = state.load(tmp_path / "whole" / "asr.state")
    again, tensors = state.load(tmp_path / "resumed" / "asr.state")
    assert (place.step, place.frames) == (4, again.frames)
    assert again.step == 4
    assert {name for name in whole if not torch.equal(whole[name], tensors[name])} == set()


@pytest.mark.parametrize("kind", ["asr", "aligner"])
def test_a_network_learns_what_little_there_is(pool: Path, vocabulary: Vocabulary, kind: str) -> None:
    config = beginning.configuration(kind, vocabulary.rows, vocabulary.controls, vocabulary.user, (1, 2))
    background = torch.zeros(40 * 16_000, dtype=torch.int16)
    learner = Learner(beginning.fresh(config, 1), 1, background)
    buffer = Buffer(10_000_000, torch.device("cpu"))
    for chunk in Files(pool, 10**9).new():
        buffer.put(chunk.start, samples_of(chunk))
    batches = (builder(kind, pool, vocabulary).batch(number, clips_in(pool)) for number in itertools.count())
    batch = next(one for one in batches if one.seconds <= 8)
    losses = [learner.step(number, 0.2, batch, buffer) for number in range(12)]
    assert losses[-1].labels < 0.9 * losses[0].labels
    assert losses[-1].inner < 0.9 * losses[0].inner
