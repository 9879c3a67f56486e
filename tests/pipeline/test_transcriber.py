"""Files to transcripts in one process, measured against the reference implementation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import soundfile

from benchmarks.noise import noise
from clients.error_rate import error_rate
from model import miniature
from pipeline.arrays import Array
from pipeline.doubt import UNSURE
from pipeline.errors import AudioError, StenoError
from pipeline.messages import SAMPLE_RATE
from pipeline.settings import Settings, VadSettings
from pipeline.sockets import DECODER
from pipeline.transcriber import Transcriber, cut
from pipeline.transcript import join
from tests import spoken

GOLDEN = spoken.GOLDEN["recordings"]


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transcriber]:
    with Transcriber(Settings(), tmp_path_factory.mktemp("cache")) as transcriber:
        yield transcriber


def rate(said: list[str], heard: list[str]) -> float:
    """Word error rate over all of them together."""
    found = error_rate(" ".join(said), " ".join(heard))
    assert found is not None
    return found


def test_every_shipped_recording_reads_as_the_reference_reads_it(transcriber: Transcriber) -> None:
    said, ours, theirs, apart = [], [], [], []
    for path in miniature.samples():
        golden = GOLDEN[path.stem]
        transcript = transcriber.transcribe(path)
        assert transcript.text == golden["answer"]["text"]
        said.append(golden["reference"])
        ours.append(transcript.text)
        theirs.append(golden["answer"]["text"])
        times = golden["aligned_answer"]["times"]
        assert len(times) == 2 * len(transcript.words)
        for word, start, end in zip(transcript.words, times[::2], times[1::2], strict=True):
            apart += [abs(word.start - start), abs(word.end - end)]
    assert abs(rate(said, ours) - rate(said, theirs)) <= 0.01
    assert np.mean(apart) <= 0.040


def test_a_part_of_a_file_has_times_counted_from_the_start_of_the_file(transcriber: Transcriber) -> None:
    (path,) = [p for p in miniature.samples() if p.name.startswith("12")]
    whole = transcriber.transcribe(path)
    part = transcriber.transcribe(path, start=10.0, duration=7.0)
    assert part.duration == pytest.approx(7.0, abs=0.001)
    assert part.segments[0].start >= 10.0
    assert part.words[-1].end <= 17.0
    assert part.words[-1].end == pytest.approx(min(17.0, whole.words[-1].end), abs=1.0)


def test_silence_and_a_tenth_of_a_second_give_no_text(transcriber: Transcriber, tmp_path: Path) -> None:
    for seconds in (0.1, 2.0):
        soundfile.write(tmp_path / "s.wav", np.zeros(int(seconds * SAMPLE_RATE), np.int16), SAMPLE_RATE)
        transcript = transcriber.transcribe(tmp_path / "s.wav")
        assert (transcript.text, transcript.segments, transcript.words) == ("", [], [])
        assert transcript.duration == pytest.approx(seconds)


def test_a_tenth_of_a_second_of_speech_does_not_stumble(transcriber: Transcriber, tmp_path: Path) -> None:
    (path,) = [p for p in miniature.samples() if p.name.startswith("01")]
    pcm, rate = soundfile.read(path, dtype="int16")
    for samples in (1600, 3200, 8000):
        soundfile.write(tmp_path / "s.wav", pcm[12000 : 12000 + samples], rate)
        assert transcriber.transcribe(tmp_path / "s.wav").duration == pytest.approx(samples / rate)


def test_what_is_written_for_a_noise_is_held_back_and_told(
    transcriber: Transcriber, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(transcriber, "_tell", told.append)
    passed = transcriber._pass

    def unsure(message: Any, array: Array, names: Iterable[str]) -> Any:
        """As a model writes for noise what nobody said; whether this one does so is another matter."""
        heard = passed(message, array, names)
        return (
            msgspec.structs.replace(heard, text="so", tokens=(5,), ends=(2,), confidence=UNSURE - 1)
            if DECODER in names
            else heard
        )

    monkeypatch.setattr(transcriber, "_pass", unsure)
    soundfile.write(tmp_path / "s.wav", np.concatenate(list(noise("breath", 5.0))), SAMPLE_RATE)
    transcript = transcriber.transcribe(tmp_path / "s.wav")
    assert (transcript.text, transcript.segments) == ("", [])
    assert told
    assert {words.partition(":")[0] for words in told} == {"text that no sound carries was held back"}


def test_a_forced_language_and_a_context_are_heeded(transcriber: Transcriber) -> None:
    path = spoken.path("08")
    names = spoken.CONTEXT.split(", ")
    heard = {
        language: transcriber.transcribe(path, language=language, context=spoken.CONTEXT)
        for language in ("english", "chinese")
    }
    assert [transcript.language for transcript in heard.values()] == ["English", "Chinese"]
    assert [name for name in names if name not in heard["english"].text] == []
    assert heard["chinese"].text != heard["english"].text
    assert [name for name in names if name not in transcriber.transcribe(path).text]
    with pytest.raises(StenoError, match="Klingon"):
        transcriber.transcribe(path, language="Klingon")


def test_a_file_with_nan_says_where(transcriber: Transcriber, tmp_path: Path) -> None:
    pcm = np.zeros(SAMPLE_RATE, np.float32)
    pcm[8000] = np.nan
    soundfile.write(tmp_path / "n.wav", pcm, SAMPLE_RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"n\.wav.*NaN.*0\.5"):
        transcriber.transcribe(tmp_path / "n.wav")


def test_a_recording_longer_than_an_utterance_is_cut_and_every_sentence_is_there_once(
    transcriber: Transcriber, tmp_path: Path
) -> None:
    paths = [p for p in miniature.samples() if p.name[:2] in ("01", "02", "07")]
    pieces, said = [], []
    for _ in range(4):
        for path in paths:
            pieces += [soundfile.read(path, dtype="int16")[0], np.zeros(SAMPLE_RATE, np.int16)]
            said.append(path.with_suffix(".txt").read_text().strip())
    soundfile.write(tmp_path / "long.wav", np.concatenate(pieces), SAMPLE_RATE)
    transcript = transcriber.transcribe(tmp_path / "long.wav")
    assert len(transcript.segments) >= 3
    alone = rate([path.with_suffix(".txt").read_text() for path in paths], [spoken.answer(p.name[:2]) for p in paths])
    assert rate(said, [transcript.text]) <= alone + 0.03
    times = [t for w in transcript.words for t in (w.start, w.end)]
    assert times == sorted(times)


@pytest.mark.parametrize("block", [123, 320, 16000])
def test_blocks_of_any_size_are_cut_alike(block: int) -> None:
    (path,) = [p for p in miniature.samples() if p.name.startswith("09")]
    pcm = soundfile.read(path, dtype="int16")[0]
    for whole in (True, False):
        pieces = list(cut((pcm[i : i + block] for i in range(0, len(pcm), block)), VadSettings(), whole))
        once = list(cut([pcm], VadSettings(), whole))
        assert [(p.start, len(p.pcm)) for p in pieces] == [(p.start, len(p.pcm)) for p in once]
        assert all(np.array_equal(p.pcm, pcm[p.start : p.start + len(p.pcm)]) for p in pieces)
    assert len(once) == 2


def test_texts_are_joined_with_spaces_only_where_the_script_has_them() -> None:
    assert join(["Hello.", "", "You there"]) == "Hello. You there"
    assert join(["你好。", "世界", "ok"]) == "你好。世界 ok"
