"""Sound files as a stream of 16 kHz mono: the one file that knows soundfile.

This file owns the checks before a file is opened, the reading block by block in bounded memory, and what is told when
it fails. It does not know what the sound is for. Formats that soundfile does not know go through ffmpeg.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.errors import AudioError
from pipeline import ffmpeg
from pipeline.messages import SAMPLE_RATE
from pipeline.resample import Int16, Resampler
from pipeline.sound_stream import read_stream

__all__ = ["AudioFile", "read_stream"]


class AudioFile:
    """A sound file, or a part of it.

    Channels are averaged. Float samples beyond full scale are clipped: dividing by the peak, as an offline reader may,
    would need the whole file first. A file that ends before its header says so gives what is there; `warning` then
    tells. A pipe is read as `read_stream` does.

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
        """After reading: why there was less sound than the file promised; empty when there was not."""
        if start < 0 or (duration is not None and duration <= 0):
            raise AudioError(f"{self.path}: a part of a file starts at 0 s or later and is longer than 0 s")
        self._start = start
        self._length = duration
        self._pipe = _check(self.path)
        self._reason = ""
        self._decoder = "pipe" if self._pipe else "soundfile"
        whole = None if self._pipe else self._whole_length()
        if whole is not None and start >= whole:
            raise AudioError(f"{self.path} is {whole:.3f} s long; there is nothing from {start:g} s on")
        self.duration = duration if whole is None else min(whole - start, whole if duration is None else duration)
        """Seconds of the chosen part; None when nobody knows."""

    def blocks(self, samples: int = SAMPLE_RATE) -> Iterator[Int16]:
        """The sound as int16[n] blocks of about `samples` (never empty), from the start each time it is called.

        Raises:
            AudioError: NaN samples (the message names the place), or a file that cannot be decoded.
        """
        self.warning = ""
        try:
            if self._pipe:
                yield from self._from_pipe()
            elif self._decoder == "ffmpeg":
                yield from ffmpeg.blocks(self.path, self._start, self._length, samples)
            else:
                yield from self._from_soundfile(samples)
        except AudioError as error:
            raise self._refusal(error) from None

    def _refusal(self, error: AudioError) -> AudioError:
        if self._reason:
            return AudioError(f"cannot read {self.path} as sound: {self._reason}; ffmpeg: {error.message}", error.hint)
        return AudioError(f"cannot read {self.path}: {error.message}", error.hint)

    def _whole_length(self) -> float | None:
        """Seconds of the whole file, once it is known what reads it."""
        soundfile = _soundfile()
        try:
            with soundfile.SoundFile(self.path) as sound:
                if sound.frames == 0:
                    raise AudioError(f"{self.path} holds no sound: 0 samples")
                return float(sound.frames / sound.samplerate)
        except soundfile.LibsndfileError as error:
            self._reason = str(error.error_string).rstrip(".").strip()
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
        return ffmpeg.duration(self.path)

    def _from_soundfile(self, samples: int) -> Iterator[Int16]:
        soundfile = _soundfile()
        with soundfile.SoundFile(self.path) as sound:
            rate = sound.samplerate
            first = sound.seek(round(self._start * rate)) if self._start else 0
            left = sound.frames - first
            if self._length is not None:
                left = min(left, round(self._length * rate))
            resampler = Resampler(rate, sound.channels)
            step = max(1, samples * rate // SAMPLE_RATE)
            while left > 0:
                try:
                    block = sound.read(min(step, left), dtype="float32", always_2d=True)
                except soundfile.LibsndfileError as error:
                    self._ends_early(resampler.pushed / rate, str(error.error_string))
                    break
                if not len(block):
                    self._ends_early(resampler.pushed / rate, "the file is cut short")
                    break
                left -= len(block)
                yield from _some(resampler.push(block))
            yield from _some(resampler.flush())

    def _ends_early(self, seconds: float, reason: str) -> None:
        if not seconds:
            raise AudioError(reason)
        self.warning = f"{self.path} ends after {self._start + seconds:.3f} s, before its header says so: {reason}"

    def _from_pipe(self) -> Iterator[Int16]:
        skip = round(self._start * SAMPLE_RATE)
        left = None if self._length is None else round(self._length * SAMPLE_RATE)
        came = False
        with self.path.open("rb") as stream:
            for block in read_stream(stream):
                rest = block[skip:]
                skip -= len(block) - len(rest)
                part = rest if left is None else rest[:left]
                left = None if left is None else left - len(part)
                came |= bool(part.size)
                yield from _some(part)
                if left == 0:
                    return
        if not came:
            raise AudioError("no sound came through it")


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
