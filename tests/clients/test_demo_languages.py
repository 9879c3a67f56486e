"""The demo with recordings of several languages."""

from __future__ import annotations

import wave
from pathlib import Path

import msgspec
import pytest
import srt

from clients import demo, samples
from clients.arguments import parse
from clients.demo_show import word_lines
from pipeline import events, transcript
from tests.clients.fake_daemon import TIMINGS

SHORT = str(samples.shipped("04_short_held").path)


def sample(folder: Path, name: str, text: str, language: str) -> None:
    """Puts a recording into a folder: the sound of another, as if this were said in it."""
    (folder / f"{name}.wav").write_bytes(Path(SHORT).read_bytes())
    (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    about = {"language": language, "words": [{"word": text[:1], "start": 0.2, "end": 0.5}] if text else []}
    (folder / f"{name}.json").write_bytes(msgspec.json.encode(about))


@pytest.mark.slow
def test_the_demo_plays_a_recording_of_each_language_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample(tmp_path, "one", "Please open the window.", "English")
    sample(tmp_path, "two", "请打开窗户。", "Chinese")
    monkeypatch.setattr(samples, "shipped", lambda _: samples.recording(tmp_path / "one.wav"))
    monkeypatch.chdir(tmp_path)
    assert demo.run(parse(["demo"])) == 0
    printed = capsys.readouterr().out
    parts = (
        *("playing one.wav (English)", "playing two.wav (Chinese)", "one.wav: words", "Word error rate"),
        *("two.wav: words", "请打开窗户。", "Character error rate", "Subtitles"),
    )
    assert [printed.index(part) for part in parts] == sorted(printed.index(part) for part in parts)
    cues = list(srt.parse((tmp_path / "steno-demo.srt").read_text()))
    with wave.open(SHORT) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    assert cues[0].start.total_seconds() < seconds < cues[-1].start.total_seconds()


def test_one_recording_of_each_language_is_found_by_what_its_description_says(tmp_path: Path) -> None:
    sample(tmp_path, "1", "Two of this language.", "English")
    sample(tmp_path, "2", "One.", "English")
    sample(tmp_path, "3", "", "Chinese")
    sample(tmp_path, "4", "说了。", "Chinese")
    sample(tmp_path, "5", "又说了。", "Chinese")
    sample(tmp_path, "6", "Nobody says in which.", "")

    def found(name: str) -> list[str]:
        return [one.path.stem for one in samples.one_of_each_language(samples.recording(tmp_path / f"{name}.wav"))]

    assert found("2") == ["2", "4"]
    assert found("5") == ["5", "1"]
    assert found("6") == ["6"]


def test_words_of_wide_characters_stay_within_the_columns_too() -> None:
    timed = [events.TimedWord("好", i, i + 0.5) for i in range(30)]
    spoken = transcript.Utterance(text="好" * 30, language="Chinese", start=0, end=30, timings=TIMINGS, words=timed)
    lines = word_lines([spoken])
    assert len(lines) > 1
    assert all(80 < sum(2 if c == "好" else 1 for c in line) <= 100 for line in lines[:-1])
    assert "".join(lines).count("好") == 30
    assert lines[0].startswith("  好 0.00-0.50  好 1.00-1.50")
