"""Sound files as a stream of 16 kHz mono: the one file that knows soundfile.

This file owns the checks before a file is opened, the reading block by block in bounded memory, and what is told when
it fails. It does not know what the sound is for. Formats that soundfile does not know go through ffmpeg.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.errors import AudioError
from pipeline import ffmpeg
from pipeline.messages import SAMPLE_RATE
from pipeline.resample import Int16, Resampler
from pipeline.sound_stream import LONGEST_TOLD, read_stream

__all__ = ["AudioFile", "read_stream"]

TOLERANCE_S = {"soundfile": 0.002, "ffmpeg": 0.5, "pipe": 0.0}
"""So much less sound than promised is no loss: rounding, and with ffmpeg the padding of codecs and containers."""


class AudioFile:
    """A sound file, or a part of it.

    Channels are averaged. Float samples beyond full scale are clipped: dividing by the peak, as an offline reader may,
    would need the whole file first. A file that ends before its header says so, or is damaged, gives what can be read;
    `warning` then tells. A pipe is read as `read_stream` does.

    Args:
        path: the file.
        start: seconds to leave out at the beginning.
        duration: seconds to read from there; None reads to the end.

    Raises:
        AudioError: no such file, no sound in it, or a format that nothing here reads; `start` behind the end.
    """

    def __init__(self, path: Path | str, start: float = 0.0, duration: float | None = None) -> None:
        self.path = Path(path)
        self.warning = ""
        """After reading: why there may be less sound than the file promised; empty when there is not."""
        if start < 0 or (duration is not None and duration <= 0):
            raise AudioError(f"{self.path}: a part of a file starts at 0 s or later and is longer than 0 s")
        if duration is not None and round(duration * SAMPLE_RATE) < 1:
            raise AudioError(f"{self.path}: {duration:g} s is less than one sample")
        self._start = start
        self._length = duration
        self._pipe = _check(self.path)
        self._reason = ""
        self._lost = ""
        self._promised: float | None = None
        """Seconds of the whole file as its header says; None if nobody knows."""
        self._decoder = "pipe" if self._pipe else "soundfile"
        whole = None if self._pipe else self._whole_length()
        if whole is not None and start >= whole:
            raise AudioError(f"{self.path} is {whole:.3f} s long; there is nothing from {start:g} s on")
        self.duration = duration if whole is None else min(whole - start, whole if duration is None else duration)
        """Seconds of the chosen part; None when nobody knows."""

    def blocks(self, samples: int = SAMPLE_RATE) -> Iterator[Int16]:
        """The sound as int16[n] blocks of about `samples` (never empty), from the start each time it is called.

        Raises:
            AudioError: NaN samples (the message names the place), a file that cannot be decoded, or no sound in it.
        """
        self.warning = ""
        readers = {"pipe": self._from_pipe, "ffmpeg": self._from_ffmpeg, "soundfile": self._from_soundfile}
        self._lost = ""
        came = 0
        try:
            for block in readers[self._decoder](samples):
                came += len(block)
                yield from _some(block)
        except AudioError as error:
            raise self._refusal(error) from None
        except OSError as error:
            raise AudioError(f"cannot read {self.path}: {error.strerror}") from None
        if not came:
            where = f" from {self._start:g} s on" if self._start else ""
            raise AudioError(f"{self.path} holds no sound{where}" + (f": {self._lost}" if self._lost else ""))
        self._compare(came / SAMPLE_RATE)

    def _compare(self, seconds: float) -> None:
        """Put into the warning what is missing of the sound that was asked for, and why."""
        told = ""
        if self._promised is not None:
            wanted = min(self._promised - self._start, self._promised if self._length is None else self._length)
            if seconds < wanted - TOLERANCE_S[self._decoder]:
                told = f" instead of {wanted:.3f} s"
        if told or self._lost:
            reason = f": {self._lost}" if self._lost else ""
            self.warning = f"{self.path} is cut short or damaged: {seconds:.3f} s of sound came{told}{reason}"

    def _lose(self, reason: str) -> None:
        """Sound is missing, for this reason."""
        self._lost = reason

    def _refusal(self, error: AudioError) -> AudioError:
        if self._reason:
            return AudioError(f"cannot read {self.path} as sound: {self._reason}; ffmpeg: {error.message}", error.hint)
        return AudioError(f"cannot read {self.path}: {error.message}", error.hint)

    def _whole_length(self) -> float | None:
        """Seconds of the whole file, once it is known what reads it."""
        soundfile = _soundfile()
        try:
            with soundfile.SoundFile(_name(self.path)) as sound:
                if sound.frames == 0:
                    raise AudioError(f"{self.path} holds no sound: 0 samples")
                there = float(sound.frames / sound.samplerate)
                self._promised = there * _promised(self.path)
                return there
        except soundfile.LibsndfileError as error:
            self._reason = str(error.error_string).rstrip(".").strip()
        except TypeError:  # a name that ends in .raw: soundfile wants to be told the rest
            self._reason = "raw samples without a header"
        if not ffmpeg.available():
            raise AudioError(
                f"cannot read {self.path} as sound: {self._reason}",
                "Other sound (m4a, mp4, webm, ...) is read by ffmpeg. On Debian: apt-get install ffmpeg",
            )
        self._decoder = "ffmpeg"
        # Fails now rather than after everything else has started.
        try:
            if not any(block.size for block in ffmpeg.blocks(self.path, 0.0, 1.0, SAMPLE_RATE)):
                raise AudioError("it holds no sound")
        except AudioError as error:
            raise self._refusal(error) from None
        self._promised = ffmpeg.duration(self.path)
        return self._promised

    def _from_ffmpeg(self, samples: int) -> Iterator[Int16]:
        return ffmpeg.blocks(self.path, self._start, self._length, samples, self._lose)

    def _from_soundfile(self, samples: int) -> Iterator[Int16]:
        soundfile = _soundfile()
        resampler = None
        try:
            with soundfile.SoundFile(_name(self.path)) as sound:
                rate = sound.samplerate
                resampler = Resampler(rate, sound.channels)
                first = sound.seek(round(self._start * rate)) if self._start else 0
                left = sound.frames - first
                if self._length is not None:
                    left = min(left, round(self._length * rate))
                step = max(1, samples * rate // SAMPLE_RATE)
                while left > 0:
                    block = sound.read(min(step, left), dtype="float32", always_2d=True)
                    if not len(block):
                        self._lose("it ends before its header says so")
                        break
                    left -= len(block)
                    yield resampler.push(block)
        except soundfile.LibsndfileError as error:
            self._lose(str(error.error_string).rstrip(".").strip())
        if resampler is not None:
            yield resampler.flush()

    def _from_pipe(self, _samples: int) -> Iterator[Int16]:
        skip = round(self._start * SAMPLE_RATE)
        left = None if self._length is None else round(self._length * SAMPLE_RATE)
        with self.path.open("rb") as stream:
            for block in read_stream(stream, self._lose):
                rest = block[skip:]
                skip -= len(block) - len(rest)
                part = rest if left is None else rest[:left]
                left = None if left is None else left - len(part)
                yield part
                if left == 0:
                    return


def _some(block: Int16) -> Iterator[Int16]:
    if block.size:
        yield block


def _soundfile() -> Any:
    """The library. Loaded here, because it brings a system library with it that may be missing.

    Raises:
        AudioError: it cannot be loaded.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise AudioError(
            f"the library that reads sound files cannot be loaded: {error}",
            "Install it again: pip install --force-reinstall soundfile. On Debian its library is libsndfile1.",
        ) from None
    return soundfile


def _name(path: Path) -> bytes | Path:
    """The file's name for soundfile, which would refuse one that is not UTF-8."""
    return path if os.name == "nt" else os.fsencode(path)


def _promised(path: Path) -> float:
    """How many times more sound the header of a WAV promises than the file holds; soundfile does not tell.

    1.0 for a whole file, for other formats, and where the length was not known when the header was written.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
            return 1.0
        long_size = 0
        while len(chunk := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", chunk)
            here = file.tell()
            if name == b"ds64":  # the sizes of a WAV beyond 4 GiB (EBU Tech 3306): RIFF, then data
                long_size = struct.unpack("<8xQ", file.read(16).ljust(16, b"\0"))[0]
            elif name == b"data":
                there = path.stat().st_size - here
                size = long_size or (size if size < LONGEST_TOLD else 0)
                return size / there if 0 < there < size else 1.0
            file.seek(here + size + size % 2)
    return 1.0


def _check(path: Path) -> bool:
    """Say what is wrong with a file before any decoder does, in its own way.

    Returns:
        Whether the path is a pipe.

    Raises:
        AudioError: missing, a directory, unreadable, or empty.
    """
    try:
        state = path.stat()
    except FileNotFoundError:
        raise AudioError(f"no such file: {path}") from None
    except OSError as error:
        raise AudioError(f"cannot read {path}: {error.strerror}") from None
    if stat.S_ISDIR(state.st_mode):
        raise AudioError(f"{path} is a directory, not a sound file")
    if not os.access(path, os.R_OK):
        raise AudioError(f"cannot read {path}: permission denied")
    if not stat.S_ISREG(state.st_mode):
        return True
    if state.st_size == 0:
        raise AudioError(f"{path} is empty: 0 bytes")
    return False
