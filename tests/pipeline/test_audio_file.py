"""Sound files of every kind give the same sound; what is no sound gives a message that names it."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from model.errors import AudioError
from pipeline import ffmpeg
from pipeline.audio_file import AudioFile

RATE = 16_000
Sound = npt.NDArray[np.int16]


def tone(rate: int = RATE, seconds: float = 1.0) -> npt.NDArray[np.float64]:
    return np.sin(np.arange(round(rate * seconds)) / rate * 2 * np.pi * 440) * 0.5


def read(path: Path, start: float = 0.0, duration: float | None = None, samples: int = RATE) -> Sound:
    return np.concatenate([np.empty(0, np.int16), *AudioFile(path, start, duration).blocks(samples)])


def written(path: Path, sound: npt.NDArray[np.float64], rate: int = RATE, subtype: str | None = None) -> Path:
    soundfile.write(path, sound, rate, subtype=subtype)
    return path


def whole(path: Path, start: float = 0.0, duration: float | None = None) -> tuple[int, str]:
    """Samples and warning."""
    sound = AudioFile(path, start, duration)
    return sum(len(block) for block in sound.blocks(1000)), sound.warning


def unlike(heard: Sound, rate_seconds: float = 1.0) -> float:
    """Greatest difference from the tone, away from the ends, in parts of full scale."""
    expected = tone(seconds=rate_seconds)
    assert abs(len(heard) - len(expected)) <= 2
    count = min(len(heard), len(expected))
    return float(np.abs(heard[:count] / 32768 - expected[:count])[400 : count - 400].max())


def no_ffmpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "available", lambda: False)


def refusal(path: Path) -> AudioError:
    with pytest.raises(AudioError) as error:
        read(path)
    assert str(path) in error.value.message
    return error.value


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("a.wav", "PCM_U8", 0.01),
        ("a.wav", "PCM_16", 0.0001),
        ("a.wav", "PCM_24", 0.0001),
        ("a.wav", "PCM_32", 0.0001),
        ("a.wav", "FLOAT", 0.0001),
        ("a.wav", "DOUBLE", 0.0001),
        ("a.wav", "ULAW", 0.02),
        ("a.flac", None, 0.0001),
        ("a.aiff", None, 0.0001),
        ("a.ogg", None, 0.05),
    ],
)
def test_every_format_gives_the_same_sound(name: str, subtype: str | None, tolerance: float, tmp_path: Path) -> None:
    assert unlike(read(written(tmp_path / name, tone(), subtype=subtype))) < tolerance


def test_mp3_is_read(tmp_path: Path) -> None:
    heard = read(written(tmp_path / "a.mp3", tone(44100), 44100))
    assert len(heard) == pytest.approx(RATE, rel=0.1)
    assert np.abs(heard).max() / 32768 == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_every_rate_and_two_channels_give_the_same_sound(rate: int, tmp_path: Path) -> None:
    stereo = np.repeat(tone(rate)[:, None], 2, axis=1)
    assert unlike(read(written(tmp_path / "a.wav", stereo, rate))) < 0.001


def test_16_bit_sound_at_16_khz_comes_out_as_it_is_stored(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(-32768, 32768, 40_000).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", noise, RATE)
    assert np.array_equal(read(tmp_path / "a.wav", samples=777), noise)


def test_a_part_of_a_file_is_read(tmp_path: Path) -> None:
    ramp = np.arange(RATE * 2, dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", ramp, RATE)
    assert np.array_equal(read(tmp_path / "a.wav", 0.5, 0.25), ramp[8000:12000])
    assert np.array_equal(read(tmp_path / "a.wav", 1.5), ramp[24000:])
    assert AudioFile(tmp_path / "a.wav").duration == 2.0
    assert AudioFile(tmp_path / "a.wav", 1.5).duration == 0.5
    assert AudioFile(tmp_path / "a.wav", 1.5, 100).duration == 0.5


def test_a_file_can_be_read_twice(tmp_path: Path) -> None:
    sound = AudioFile(written(tmp_path / "a.wav", tone()))
    assert [len(b) for b in sound.blocks(5000)] == [len(b) for b in sound.blocks(5000)]


@pytest.mark.slow
def test_a_long_file_is_read_in_bounded_memory(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 48000, 2) as out:
        for _ in range(600):
            out.write(np.zeros((48000, 2), np.int16))
    sound = AudioFile(tmp_path / "a.wav")
    tracemalloc.start()
    assert sum(len(block) for block in sound.blocks()) == 600 * RATE
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_float_sound_beyond_full_scale_is_clipped(tmp_path: Path) -> None:
    heard = read(written(tmp_path / "a.wav", tone() * 4, subtype="FLOAT"))
    assert (heard.max(), heard.min()) == (32767, -32768)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "a.wav").message


def test_a_directory_is_named_as_one(tmp_path: Path) -> None:
    assert "is a directory" in refusal(tmp_path).message


def test_an_empty_file_is_named_as_one(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert "is empty" in refusal(tmp_path / "a.wav").message


def test_a_file_without_samples_is_named_as_one(tmp_path: Path) -> None:
    assert "holds no sound" in refusal(written(tmp_path / "a.wav", tone()[:0])).message


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of another kind")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.wav", tone())
    path.chmod(0)
    if os.geteuid() == 0:  # root may read anything; then the answer of the system is played
        monkeypatch.setattr(os, "access", lambda *_: False)
    assert "permission denied" in refusal(path).message


@pytest.mark.parametrize("with_ffmpeg", [True, False])
def test_a_text_file_named_wav_is_no_sound(with_ffmpeg: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_ffmpeg:
        no_ffmpeg(monkeypatch)
    (tmp_path / "a.wav").write_text("Dear diary, today I recorded nothing.\n" * 100)
    error = refusal(tmp_path / "a.wav")
    assert "as sound" in error.message
    assert with_ffmpeg or "apt-get install ffmpeg" in error.hint


@pytest.mark.parametrize("form", ["WAV", "RF64"])
def test_a_wav_that_promises_more_than_it_holds_gives_what_is_there_and_a_warning(form: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), RATE, format=form)
    assert whole(path) == (RATE, "")
    path.write_bytes(path.read_bytes()[:-10_001])
    assert whole(path) == (RATE - 5001, f"{path} is cut short or damaged: 0.687 s of sound came instead of 1.000 s")
    assert whole(path, 0.1, 0.3) == (4800, "")
    assert "instead of 0.900 s" in whole(path, 0.1)[1]
    for unknown in (0x7FFFF000, 0x80000000, 0xFFFFFFFF):  # written before the length was known
        header = written(path, tone()).read_bytes()
        path.write_bytes(header[:40] + unknown.to_bytes(4, "little") + header[44:])
        assert whole(path) == (RATE, "")


def test_a_flac_that_is_cut_gives_what_is_there_and_a_warning(tmp_path: Path) -> None:
    path = written(tmp_path / "a.flac", np.random.default_rng(1).uniform(-0.5, 0.5, RATE * 4))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    count, warning = whole(path)
    assert RATE < count < 2.2 * RATE
    assert str(path) in warning
    with pytest.raises(AudioError, match=r"holds no sound from 3\.5 s on"):
        whole(path, 3.5)


def test_a_tenth_of_a_second_is_sound_and_less_than_a_sample_is_not(tmp_path: Path) -> None:
    assert len(read(written(tmp_path / "a.wav", tone(44100, 0.1), 44100))) == 1600
    with pytest.raises(AudioError, match="less than one sample"):
        AudioFile(written(tmp_path / "a.wav", tone()), duration=1e-9)
    with pytest.raises(AudioError, match="holds no sound"):
        read(written(tmp_path / "a.wav", tone(8000), 8000), duration=5e-5)


def test_a_header_alone_is_no_sound(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", tone())
    for length in (4, 12, 20, 44):
        path.write_bytes(written(tmp_path / "b.wav", tone()).read_bytes()[:length])
        refusal(path)


def test_nan_samples_are_refused_with_their_place(tmp_path: Path) -> None:
    sound = tone(seconds=3.0)
    sound[2 * RATE + 1600] = np.nan
    message = refusal(written(tmp_path / "a.wav", sound, subtype="FLOAT")).message
    assert message == f"cannot read {tmp_path / 'a.wav'}: the sound has NaN samples at 2.100 s"


def test_a_start_behind_the_end_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"is 1\.000 s long; there is nothing from 5 s on"):
        AudioFile(written(tmp_path / "a.wav", tone()), start=5)


@pytest.mark.parametrize(("start", "duration"), [(-1.0, None), (0.0, 0.0), (0.0, -1.0)])
def test_a_part_that_cannot_be_is_an_error(start: float, duration: float | None, tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="a part of a file"):
        AudioFile(tmp_path / "a.wav", start, duration)


def test_without_the_sound_library_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.wav", tone())
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(AudioError, match="cannot be loaded") as error:
        AudioFile(path)
    assert "soundfile" in error.value.hint


@pytest.fixture
def encode(tmp_path: Path) -> Callable[[str, npt.NDArray[np.float64]], Path]:
    """Writes a file with ffmpeg."""

    def write(name: str, sound: npt.NDArray[np.float64]) -> Path:
        source = written(tmp_path / "source.wav", sound, 44100)
        command = ["ffmpeg", "-v", "error", "-i", str(source), str(tmp_path / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return tmp_path / name

    return write


needs_ffmpeg = pytest.mark.system


@needs_ffmpeg
@pytest.mark.parametrize("name", ["a.m4a", "a.mp4", "a.webm", "a.mkv"])
def test_ffmpeg_reads_what_soundfile_does_not(
    name: str, encode: Callable[[str, npt.NDArray[np.float64]], Path]
) -> None:
    path = encode(name, tone(44100, 2.0))
    assert AudioFile(path).duration == pytest.approx(2.0, abs=0.1)
    heard = read(path)
    assert len(heard) == pytest.approx(2 * RATE, rel=0.05)
    assert np.quantile(np.abs(heard), 0.95) / 32768 == pytest.approx(0.5, rel=0.15)
    assert len(read(path, 0.5, 1.0)) == pytest.approx(RATE, rel=0.05)


@needs_ffmpeg
def test_a_reader_that_loses_interest_ends_ffmpeg(encode: Callable[[str, npt.NDArray[np.float64]], Path]) -> None:
    blocks = AudioFile(encode("a.m4a", tone(44100, 60.0))).blocks(1000)
    next(iter(blocks))
    blocks.close()  # type: ignore[attr-defined]


@needs_ffmpeg
def test_a_cut_file_for_ffmpeg_gives_a_warning(encode: Callable[[str, npt.NDArray[np.float64]], Path]) -> None:
    path = encode("a.mka", tone(44100, 20.0))
    assert whole(path)[1] == ""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    count, warning = whole(path)
    assert 5 * RATE < count < 15 * RATE
    assert "instead of 20." in warning
    assert "ffmpeg: " in warning
    with pytest.raises(AudioError, match=r"holds no sound from 18 s on|cannot read"):
        whole(path, 18.0)


@needs_ffmpeg
def test_broken_sound_for_ffmpeg_is_an_error_in_its_words(
    encode: Callable[[str, npt.NDArray[np.float64]], Path],
) -> None:
    path = encode("a.m4a", tone(44100))
    path.write_bytes(path.read_bytes()[:200])
    assert "ffmpeg:" in refusal(path).message


def test_without_ffmpeg_its_formats_are_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_ffmpeg(monkeypatch)
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + b"\0" * 500)
    assert "apt-get install ffmpeg" in refusal(tmp_path / "a.m4a").hint
