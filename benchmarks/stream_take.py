"""One recording played into the daemon, as it was seen from outside: what was sent when, and what came when.

It owns the form of these records and their way into JSON and back. It knows neither how they are made nor what is
measured on them.

Every moment is in seconds of the take's own capture clock: sample n was captured at n / 16000, so 0 is when the
recording began. Positions in the recording and moments are thus on one scale, and their difference is a latency.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from clients.samples import Recording, SpokenWord
from pipeline import events
from pipeline.audio_file import AudioFile
from pipeline.errors import StenoError
from pipeline.messages import SAMPLE_RATE

Pcm = npt.NDArray[np.int16]
E = TypeVar("E", bound=events.Event)


@dataclass(frozen=True)
class Sound:
    """A recording ready to be played."""

    name: str
    pcm: Pcm
    """int16[n], the silence behind the recording included."""
    seconds: float
    """Length of the recording alone."""
    text: str
    words: tuple[SpokenWord, ...]

    @property
    def digest(self) -> str:
        """Tells one sound from another: SHA-256 of the samples."""
        return hashlib.sha256(self.pcm.tobytes()).hexdigest()


def load(recording: Recording, silence_s: float) -> Sound:
    """The recording with so much silence behind it: there the daemon must find the end of speech by itself.

    Raises:
        StenoError: it cannot be read, or its words have no times.
    """
    if not recording.path.with_suffix(".json").is_file() or (recording.text and not recording.words):
        raise StenoError(
            f"{recording.path} has no word times beside it", "NAME.json must hold them; none in a recording of silence."
        )
    blocks = list(AudioFile(recording.path).blocks())
    spoken = np.concatenate(blocks) if blocks else np.zeros(0, np.int16)
    silence = np.zeros(round(silence_s * SAMPLE_RATE), np.int16)
    return Sound(
        recording.path.stem,
        np.concatenate([spoken, silence]),
        len(spoken) / SAMPLE_RATE,
        recording.text,
        recording.words,
    )


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """A frame on its way to the daemon."""

    end: float
    """Where its sound ends; that is also when it was due."""
    at: float


class Heard(msgspec.Struct, frozen=True):
    """An event as it reached the client."""

    at: float
    event: events.Any


class Step(msgspec.Struct, frozen=True):
    """The moments of the step that gave a final; `asked` and `answered` are None if there was no step."""

    asked: float | None
    answered: float | None
    closed: float


class Take(msgspec.Struct, frozen=True, kw_only=True):
    """See the top of the file."""

    name: str
    turn: int
    """Counts the plays of one recording in a run, from 0."""
    sound: str
    """`Sound.digest`."""
    seconds: float
    """Length of the recording, without the silence behind it."""
    text: str
    words: list[SpokenWord]
    """The reference."""
    origin_ns: int
    """Moment 0 on the clock whose moments the frames carried."""
    sent: list[Sent]
    heard: list[Heard]
    """What was published while it was played: everything of its source, and the daemon's states and notices."""
    steps: dict[int, Step]
    """Utterance -> the step of its final."""
    deaf: float
    """The longest that the player did not listen to events."""
    wall: float
    """Seconds of the machine's own clock that the playing took."""
    offline: dict[int, str] | None = None
    """Utterance -> what an offline decode of the very same samples writes; None if that was not done."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Some takes under the same settings."""

    made: str
    """Local date and time."""
    machine: str
    pace: str
    """real | virtual"""
    commit: bool
    silence: float
    """Seconds of it behind each recording."""
    settings: dict[str, str]
    """What differs from the defaults."""
    details: dict[str, str]
    """Worker -> what it runs."""
    takes: list[Take]
    summary: dict[str, float | None]


def write(run: Run, path: Path) -> None:
    """Save a run."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")


def read(path: Path) -> Run:
    """A saved run.

    Raises:
        StenoError: no such file, or not a run of this version.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Run)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StenoError(f"{path} is not a run of benchmarks.stream: {error}") from None


def of_kind(take: Take, kind: type[E]) -> Sequence[tuple[float, E]]:
    """The events of one kind, each with the moment it came."""
    return [(heard.at, heard.event) for heard in take.heard if isinstance(heard.event, kind)]
