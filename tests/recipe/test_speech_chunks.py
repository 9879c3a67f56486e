from __future__ import annotations

import json
import os
import signal
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from model.miniature.recipe.sentence import ENGLISH, Sentence
from model.miniature.recipe.speech import cast, chunks, worker
from model.miniature.recipe.speech.__main__ import main
from model.miniature.recipe.speech.voice import RATE, Speech, SpeechError, Voice


class Beeps:
    """Says a second of a number for each word; refuses questions; its process dies over the word `crash`."""

    def __init__(self, engines: Path) -> None:
        self._said = 0

    def say(self, sentence: Sentence, voice: Voice) -> Speech | None:
        if "crash" in sentence.text:
            os.kill(os.getpid(), signal.SIGKILL)
        if sentence.text.endswith("?"):
            return None
        self._said += 1
        words = len(sentence.words)
        times = tuple((float(place), place + 1.0) for place in range(words))
        return Speech(np.full(words * RATE, self._said, np.int16), times)


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    module = types.ModuleType("beeps")
    vars(module)["Beeps"] = Beeps
    monkeypatch.setitem(sys.modules, "beeps", module)
    monkeypatch.setitem(
        cast.ENGINES, "beeps", cast.Engine("beeps", "Beeps", {ENGLISH: 1}, {ENGLISH: ("one", "two")}, {})
    )
    (tmp_path / "english.train.txt").write_text("say\tone two three.\nsay\tfour {5|five}.\nask\tis it?\n")
    (tmp_path / "mandarin.train.txt").write_text("zh\t好。\n", encoding="utf-8")
    return tmp_path


def arguments(corpus: Path, out: Path, *more: str) -> list[str]:
    given = ["--corpus", str(corpus), "--engines", str(corpus), "--out", str(out), "--seed", "1", "--count", "3"]
    return [*given, "--workers", "2", "--use", "beeps", "--mandarin", "0", "--seconds", "40", *more]


def read(table: Path) -> tuple[dict[str, list[dict[str, object]]], bytes]:
    return json.loads(table.read_text(encoding="utf-8")), table.with_suffix(".pcm").read_bytes()


def test_clips_lie_one_behind_the_other_in_sessions_of_one_voice(corpus: Path) -> None:
    assert main(arguments(corpus, corpus / "pool")) == 0
    content, samples = read(corpus / "pool" / "speech-1-000000.json")
    clips = content["clips"]
    place = 0
    voices: dict[object, object] = {}
    for clip in clips:
        assert clip["start"] == place
        place += int(str(clip["samples"]))
        assert voices.setdefault(clip["session"], clip["voice"]) == clip["voice"]
        words = Sentence.from_line(str(clip["line"]), ENGLISH).words
        assert clip["times"] == [[float(number), number + 1.0] for number in range(len(words))]
    assert len(samples) == 2 * place
    assert place >= 40 * RATE


def test_a_chunk_is_a_pure_function_of_corpus_seed_and_number(corpus: Path) -> None:
    assert main(arguments(corpus, corpus / "a")) == 0
    assert main(arguments(corpus, corpus / "b", "--first", "2")) == 0
    assert read(corpus / "a" / "speech-1-000002.json") == read(corpus / "b" / "speech-1-000002.json")


def test_codecs_change_the_sound_of_some_clips_and_nothing_else(corpus: Path) -> None:
    made = {}
    for share in (0.0, 0.5, 1.0):
        engines = chunks.Engines(corpus)
        settings = chunks.Settings(1, 0, {}, ("beeps",), 60, coded=share)
        made[share] = chunks.make(chunks.Corpus(corpus), engines, settings, 4)
    plain, some, all_ = made.values()
    assert plain.clips == some.clips == all_.clips
    changed = [
        sum(not np.array_equal(a, b) for a, b in zip(plain.samples, one.samples, strict=True)) for one in (some, all_)
    ]
    assert 0 < changed[0] < changed[1] == len(plain.clips)


def test_refused_sentences_are_counted_and_left_out(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(corpus, corpus / "pool", "--weight", "ask=20", "--weight", "say=20")) == 0
    assert "refused by beeps:" in capsys.readouterr().out
    content, _ = read(corpus / "pool" / "speech-1-000001.json")
    assert all("?" not in str(clip["line"]) for clip in content["clips"])


def test_a_crash_costs_one_chunk_and_is_said(corpus: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with (corpus / "english.train.txt").open("a") as file:
        file.write("rare\tcrash.\n")
    work = worker.Work(
        chunks.Corpus(corpus),
        chunks.Settings(1, 0, {"rare": 0.02}, ("beeps",), 60),
        corpus,
        corpus,
        first=0,
        count=12,
        workers=2,
        until=None,
    )
    tally = worker.run(work)
    assert 0 < tally.lost < 12
    assert tally.chunks == 12 - tally.lost == len(list(corpus.glob("*.json")))
    assert capfd.readouterr().err.count("is lost: its process was ended by signal 9") == tally.lost


def test_nothing_but_lost_chunks_ends_the_run_with_an_error(corpus: Path) -> None:
    (corpus / "english.train.txt").write_text("rare\tcrash.\n")
    work = worker.Work(chunks.Corpus(corpus), chunks.Settings(1, 0, {}, ("beeps",), 60), corpus, corpus, 0, 50, 2, None)
    with pytest.raises(SpeechError, match="chunks in a row were lost"):
        worker.run(work)


def test_no_chunk_begins_after_the_time(corpus: Path) -> None:
    assert main(arguments(corpus, corpus / "pool", "--until", "0")) == 0
    assert not list((corpus / "pool").glob("*.json"))


def test_an_unknown_kind_or_engine_is_refused_with_what_there_is(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments(corpus, corpus / "pool", "--weight", "sing=2"))
    assert "no kind sing; there are ask, say, zh" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(arguments(corpus, corpus / "pool", "--use", "parrot"))
    assert "no engine parrot; there are espeak" in capsys.readouterr().err
