"""Sound from a pipe: WAV of every kind, raw samples, headers written before the length was known."""

from __future__ import annotations

import io
import os
import struct
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from model.errors import AudioError
from pipeline.audio_file import AudioFile
from pipeline.sound_stream import read_stream

RATE = 16_000
NOISE = np.random.default_rng(1).integers(-20000, 20000, RATE).astype(np.int16)


class Drip(io.RawIOBase):
    """A pipe that gives at most so many bytes at once."""

    def __init__(self, data: bytes, at_once: int) -> None:
        self._data = io.BytesIO(data)
        self._at_once = at_once

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, self._at_once))


def read(data: bytes, at_once: int = 1 << 20) -> npt.NDArray[np.int16]:
    return np.concatenate([np.empty(0, np.int16), *read_stream(Drip(data, at_once))])


def wav(sound: npt.NDArray[np.int16], rate: int = RATE, subtype: str = "PCM_16", form: str = "WAV") -> bytes:
    out = io.BytesIO()
    # soundfile stores integers in a float file as they are, without scaling.
    scaled = sound / 32768 if subtype in ("FLOAT", "DOUBLE") else sound
    soundfile.write(out, scaled, rate, subtype=subtype, format=form)
    return out.getvalue()


@pytest.mark.parametrize("at_once", [1, 7, 4096, 1 << 20])
def test_raw_samples_pass_unchanged(at_once: int) -> None:
    part = NOISE[:2000]
    assert np.array_equal(read(part.tobytes(), at_once), part)


@pytest.mark.parametrize("at_once", [1, 7, 4096, 1 << 20])
def test_a_wav_stream_gives_its_samples(at_once: int) -> None:
    part = NOISE[:2000]
    assert np.array_equal(read(wav(part), at_once), part)


def test_half_a_sample_at_the_end_is_dropped() -> None:
    assert np.array_equal(read(NOISE.tobytes() + b"\x01"), NOISE)
    assert np.array_equal(read(wav(NOISE)[:-1]), NOISE[:-1])


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0xFFFFFFFF])
def test_a_length_that_was_not_yet_known_means_until_the_end(size: int) -> None:
    data = bytearray(wav(NOISE))
    data[4:8] = data[40:44] = struct.pack("<I", size)
    assert np.array_equal(read(bytes(data)), NOISE)


def test_what_follows_the_samples_is_no_sound() -> None:
    assert np.array_equal(read(wav(NOISE) + b"LIST\x04\0\0\0abcd"), NOISE)


def test_chunks_before_the_samples_are_passed_over() -> None:
    data = wav(NOISE)
    assert np.array_equal(read(data[:12] + b"JUNK\x03\0\0\0abc\0" + data[12:]), NOISE)


@pytest.mark.parametrize(
    ("subtype", "form", "tolerance"),
    [
        ("PCM_U8", "WAV", 256),
        ("PCM_24", "WAV", 0),
        ("PCM_32", "WAV", 0),
        ("FLOAT", "WAV", 1),
        ("DOUBLE", "WAV", 1),
        ("PCM_16", "WAVEX", 0),
        ("PCM_16", "RF64", 0),
    ],
)
def test_every_kind_of_samples_is_read(subtype: str, form: str, tolerance: int) -> None:
    heard = read(wav(NOISE, subtype=subtype, form=form), 999)
    assert np.abs(heard.astype(int) - NOISE).max() <= tolerance


def test_stereo_at_another_rate_is_brought_to_16_khz_mono() -> None:
    tone = (np.sin(np.arange(44100) / 44100 * 2 * np.pi * 440) * 10000).astype(np.int16)
    heard = read(wav(np.stack([tone, tone], axis=1), 44100), 1001)
    expected = np.sin(np.arange(RATE) / RATE * 2 * np.pi * 440) * 10000
    assert len(heard) == RATE
    assert np.abs(heard - expected)[400:-400].max() < 4


def test_nothing_at_all_is_no_sound_and_no_error() -> None:
    assert len(read(b"")) == 0


@pytest.mark.parametrize("length", [12, 15, 20, 30, 40])
def test_a_stream_that_ends_in_its_header_is_an_error(length: int) -> None:
    with pytest.raises(AudioError, match="ends inside its header"):
        read(wav(NOISE)[:length])


def test_samples_before_a_format_are_an_error() -> None:
    with pytest.raises(AudioError, match="no format"):
        read(b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd")


@pytest.mark.parametrize("form", ["FLAC", "OGG", "AIFF"])
def test_another_format_is_refused_rather_than_heard_as_noise(form: str) -> None:
    out = io.BytesIO()
    soundfile.write(out, NOISE, RATE, format=form)
    with pytest.raises(AudioError, match="the stream is"):
        read(out.getvalue())


def test_a_compressed_wav_is_refused_with_a_remedy() -> None:
    with pytest.raises(AudioError, match="0x0007") as error:
        read(wav(NOISE, subtype="ULAW"))
    assert "ffmpeg" in error.value.hint


def test_nan_in_a_stream_is_refused_with_its_place() -> None:
    sound = np.zeros(RATE, np.float32)
    sound[8000] = np.nan
    out = io.BytesIO()
    soundfile.write(out, sound, RATE, subtype="FLOAT", format="WAV")
    with pytest.raises(AudioError, match=r"NaN samples at 0\.500 s"):
        read(out.getvalue(), 1000)


def test_a_live_stream_gives_sound_before_it_ends(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as live, os.fdopen(writer, "wb", buffering=0) as source:
        source.write(NOISE[:400].tobytes())
        blocks = read_stream(live)
        first = next(blocks)
        while len(first) < 400:
            first = np.concatenate([first, next(blocks)])
        assert np.array_equal(first, NOISE[:400])


@pytest.mark.parametrize("at_once", [7, 1 << 20])
@pytest.mark.parametrize("rate", [8000, RATE])
def test_a_stream_that_ends_before_its_header_says_so_gives_a_warning(rate: int, at_once: int) -> None:
    said: list[str] = []
    list(read_stream(Drip(wav(NOISE[:rate], rate), at_once), said.append))
    list(read_stream(Drip(NOISE.tobytes() + b"x", at_once), said.append))
    assert said == []
    list(read_stream(Drip(wav(NOISE[:rate], rate)[:-rate], at_once), said.append))
    assert said == ["the sound ends after 0.500 s; its header says 1.000 s: it is cut short"]


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x80000000, 0xFFFFFFFF])
def test_a_length_that_was_not_yet_known_is_no_promise(size: int) -> None:
    data = bytearray(wav(NOISE))
    data[40:44] = struct.pack("<I", size)
    said: list[str] = []
    list(read_stream(Drip(bytes(data), 1 << 20), said.append))
    assert said == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_read_as_it_comes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(wav(NOISE)[:-4000],))
    writer.start()
    sound = AudioFile(tmp_path / "pipe", 0.25, 0.5)
    assert sound.duration == 0.5
    assert sum(len(block) for block in sound.blocks()) == RATE // 2
    writer.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_that_ends_too_early_gives_a_warning(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(wav(NOISE)[:-4000],))
    writer.start()
    sound = AudioFile(tmp_path / "pipe")
    assert sum(len(block) for block in sound.blocks()) == RATE - 2000
    writer.join()
    assert "its header says 1.000 s" in sound.warning
