"""Evaluation sets on disk: int16 samples in one file, everything else as JSON beside it, frozen by a hash.

This file owns the format and the hash, and the reading of a folder of recordings with their transcripts. What the sets
are for is not its to know.
"""

from __future__ import annotations

import hashlib
import json
import wave
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import AudioError, ModelError
from model.miniature.recipe.sentence import ENGLISH, MANDARIN

Clip = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a model is given to hear, and what is true of it."""

    samples: Clip
    """[n], mono, 16 kHz."""
    language: str
    """Of what is said; empty where nothing is."""
    text: str = ""
    words: tuple[str, ...] = ()
    """The text, cut as the times are."""
    times: tuple[tuple[float, float], ...] | None = None
    """Start and end of each word in seconds; None where nobody knows them."""
    kind: str = ""
    """The source of the sentences, or the kind of sound."""
    voice: str = ""
    word: str = ""
    """The word of the text whose spelling only a list can tell."""
    distractors: tuple[str, ...] = ()
    """What else is on its list."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / 16_000


def write(directory: Path, name: str, utterances: Sequence[Utterance]) -> str:
    """Write a set as NAME.pcm and NAME.json, the latter last.

    Returns:
        Its hash: SHA-256 over the samples and all that is said of them.
    """
    directory.mkdir(parents=True, exist_ok=True)
    pcm = b"".join(one.samples.astype("<i2").tobytes() for one in utterances)
    about = [_about(one) for one in utterances]
    digest = _hash(pcm, about)
    (directory / f"{name}.pcm").write_bytes(pcm)
    whole = json.dumps({"set": name, "sha256": digest, "utterances": about}, ensure_ascii=False, indent=1)
    part = directory / f"{name}.json.part"
    part.write_text(whole + "\n", encoding="utf-8")
    part.rename(directory / f"{name}.json")
    return digest


def read(directory: Path, name: str) -> tuple[str, list[Utterance]]:
    """A set's hash and its utterances.

    Raises:
        ModelError: it is not there, or it is not as it was frozen.
    """
    try:
        whole = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
        pcm = (directory / f"{name}.pcm").read_bytes()
    except (OSError, ValueError) as error:
        raise ModelError(f"the set {name} in {directory} cannot be read: {error}", "Make the sets again.") from error
    if _hash(pcm, whole["utterances"]) != whole["sha256"]:
        raise ModelError(f"the set {name} in {directory} is not as it was frozen", "Make the sets again.")
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.int16)
    found, at = [], 0
    for about in whole["utterances"]:
        found.append(_utterance(samples[at : at + about["samples"]], about))
        at += about["samples"]
    return whole["sha256"], found


def recordings(folder: Path) -> list[Utterance]:
    """Recordings of people: NAME.wav, 16 kHz mono of 16 bits, with NAME.txt beside it.

    Raises:
        AudioError: one of them is missing or of another form; names it.
    """
    found = []
    for path in sorted(folder.glob("*.wav")):
        try:
            with wave.open(str(path)) as file:
                form = file.getframerate(), file.getnchannels(), file.getsampwidth()
                samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
            text = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
        except (OSError, EOFError, ValueError, wave.Error) as error:
            raise AudioError(f"{path} cannot be read: {error}", "Give NAME.wav with NAME.txt beside it.") from error
        if form != (16_000, 1, 2):
            raise AudioError(f"{path} is not 16 kHz, mono, 16 bits", "Convert it.")
        language = MANDARIN if any("\u4e00" <= one <= "\u9fff" for one in text) else ENGLISH
        found.append(Utterance(samples, language, text, voice=path.stem))
    if not found:
        raise AudioError(f"no recording in {folder}", "Give a folder of NAME.wav with NAME.txt.")
    return found


def _hash(pcm: bytes, about: list[dict[str, Any]]) -> str:
    canonical = json.dumps(about, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(pcm + canonical.encode("utf-8")).hexdigest()


def _about(one: Utterance) -> dict[str, Any]:
    """As JSON gives it back: lists for tuples, the number of samples in place of them."""
    values = {field.name: getattr(one, field.name) for field in fields(one)} | {"samples": len(one.samples)}
    about: dict[str, Any] = json.loads(json.dumps(values))
    return about


def _utterance(samples: Clip, about: dict[str, Any]) -> Utterance:
    times = None if about["times"] is None else tuple((start, end) for start, end in about["times"])
    given = about | {"words": tuple(about["words"]), "distractors": tuple(about["distractors"]), "times": times}
    return Utterance(**(given | {"samples": samples}))
