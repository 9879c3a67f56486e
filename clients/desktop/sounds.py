"""The sounds that tell what a client does: their notes, and the WAV files that a player is given.

It owns how they sound. It does not know how sound is played.

A microphone that listens hears them as well. So they are quiet, at most 0.15 s long, and lie where speech has little:
from 5.5 to 6.5 kHz. WebRTC's detector judges six bands below 4 kHz (vad_filterbank.c), hence takes them for silence at
any level that a loudspeaker brings to a microphone; a headset in its telephone mode that knows 8 kHz alone cannot play
them. The ends of a note are soft (a Hann window), else it would click, which is heard in all bands.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from pipeline.errors import StenoError

Sound = Literal["start", "stop", "cancel", "error"]
SOUNDS: tuple[Sound, ...] = get_args(Sound)
RATE = 48_000
"""Samples a second: what sound servers work with, so none of them resamples."""


class Note(NamedTuple):
    """A tone, and the silence behind it."""

    hertz: int
    ms: int
    rest_ms: int = 0


NOTES: dict[Sound, tuple[Note, ...]] = {
    "start": (Note(5500, 45), Note(6500, 45)),
    "stop": (Note(6500, 45), Note(5500, 45)),
    "cancel": (Note(5500, 35, 25), Note(5500, 35)),
    "error": (Note(6500, 35, 15), Note(6000, 35, 15), Note(5500, 35)),
}
"""Rises, falls, is said twice, goes down step by step."""


def peak(volume: float) -> float:
    """The largest sample of a sound, of full scale. Loudness goes by ratios: a quarter is -24 dB, as with a knob."""
    return volume**2


def samples(sound: Sound, volume: float) -> list[int]:
    """The sound at `RATE`, 16 bits. The volume is 0 to 1."""
    height = peak(volume) * 32767
    result: list[int] = []
    for note in NOTES[sound]:
        count = RATE * note.ms // 1000
        tone = (
            height * (0.5 - 0.5 * math.cos(math.tau * i / count)) * math.sin(math.tau * note.hertz * i / RATE)
            for i in range(count)
        )
        result += [round(value) for value in tone] + [0] * (RATE * note.rest_ms // 1000)
    return result


def sound_file(sound: Sound, volume: float, directory: Path) -> Path:
    """The WAV file of a sound, mono; written when it is not there yet, whole or not at all.

    Raises:
        StenoError: it cannot be written.
    """
    recipe = zlib.crc32(repr((NOTES[sound], RATE, round(volume, 3))).encode())
    path = directory / f"{sound}-{recipe:08x}.wav"
    if path.is_file():
        return path
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write(path, samples(sound, volume))
    except OSError as error:
        raise StenoError(f"cannot write the sound {path}: {error.strerror}", "feedback.sounds = false: none") from None
    return path


def _write(path: Path, values: list[int]) -> None:
    import array
    import wave

    data = array.array("h", values)
    if sys.byteorder == "big":
        data.byteswap()
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file, wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(RATE)
            wav.writeframes(data.tobytes())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
