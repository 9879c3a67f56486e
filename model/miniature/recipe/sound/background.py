"""Background sound: what a microphone hears when nobody speaks, made from nothing.

This file owns the list of kinds, the cut into clips and the files. A clip is a pure function of (seed, number). Every
16th clip is held out: its instance never meets the training, and some kinds are met in held-out clips alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.sound import events, music, scenes
from model.miniature.recipe.sound.waves import RATE, Floats, Random

SHORTEST, LONGEST = 8.0, 24.0
"""Seconds of a clip."""
HELD_EVERY = 16
NAME = "background"

KINDS: dict[str, tuple[Callable[[Random, int], Floats], float]] = {
    "tune": (music.tune, 5.0),
    "harmony": (music.harmony, 5.0),
    "song": (music.song, 7.0),
    "dance": (music.dance, 7.0),
    "drums": (music.drums, 2.0),
    "rain": (scenes.rain, 2.0),
    "wind": (scenes.wind, 2.0),
    "traffic": (scenes.traffic, 3.0),
    "engine": (scenes.engine, 3.0),
    "fan": (scenes.fan, 3.0),
    "hum": (scenes.hum, 1.5),
    "crowd": (scenes.crowd, 5.0),
    "static": (scenes.static, 1.5),
    "crackle": (scenes.crackle, 1.0),
    "rustle": (scenes.rustle, 2.0),
    "birds": (scenes.birds, 1.5),
    "tone": (scenes.tone, 1.0),
    "typing": (events.typing, 4.0),
    "clicks": (events.clicks, 1.5),
    "doors": (events.doors, 2.0),
    "steps": (events.steps, 1.5),
    "bumps": (events.bumps, 2.0),
    "clock": (events.clock, 1.0),
    "telephone": (events.telephone, 1.5),
    "beeps": (events.beeps, 1.5),
    "alarm": (events.alarm, 1.0),
    "laughter": (events.laughter, 2.0),
    "coughs": (events.coughs, 3.0),
}
"""Kind -> what makes it, and how often it is met."""
HELD_KINDS: dict[str, tuple[Callable[[Random, int], Floats], float]] = {
    "sea": (scenes.sea, 1.0),
    "siren": (events.siren, 1.0),
    "dishes": (events.dishes, 1.0),
    "applause": (events.applause, 1.0),
}
"""Those that only held-out clips have; a third of them."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Where a clip lies in the file, and what it is."""

    kind: str
    split: str
    """"train" or "held"."""
    start: int
    samples: int


def plan(seed: int, seconds: float) -> list[Clip]:
    """Clips 0, 1, 2, ... until they last `seconds` in all: the last may end later."""
    clips: list[Clip] = []
    at = 0
    while at < seconds * RATE:
        kind, split, samples, _ = _drawn(seed, len(clips))
        clips.append(Clip(kind, split, at, samples))
        at += samples
    return clips


def clip(seed: int, number: int) -> npt.NDArray[np.int16]:
    """The sound of clip `number`; int16[samples] at 16 kHz, root mean square about 0.1, faded in and out in 10 ms."""
    kind, _, samples, rng = _drawn(seed, number)
    sound = (KINDS | HELD_KINDS)[kind][0](rng, samples)
    sound = sound - sound.mean(dtype=np.float64).astype(np.float32)
    power = float(np.sqrt(np.dot(sound, sound) / samples))
    loudest = float(np.abs(sound).max())
    sound *= np.float32(min(0.1 / max(power, 1e-9), 0.95 / max(loudest, 1e-9)) * 32_767.0)
    ramp = np.linspace(0.0, 1.0, 160, dtype=np.float32)
    sound[:160] *= ramp
    sound[-160:] *= ramp[::-1]
    return np.rint(sound).astype(np.int16)


def _drawn(seed: int, number: int) -> tuple[str, str, int, Random]:
    """Kind, split and samples of a clip, and the generator for the rest of it."""
    rng = np.random.default_rng([seed, number])
    held = number % HELD_EVERY == HELD_EVERY - 1
    kinds = HELD_KINDS if held and rng.random() < 1 / 3 else KINDS
    chances = np.array([weight for _, weight in kinds.values()])
    kind = list(kinds)[rng.choice(len(kinds), p=chances / chances.sum())]
    return kind, "held" if held else "train", int(rng.uniform(SHORTEST, LONGEST) * RATE), rng


def sounds(seed: int, count: int, workers: int) -> Iterator[npt.NDArray[np.int16]]:
    """Clips 0 to `count` - 1 in order, made by several processes."""
    if workers < 2:
        yield from (clip(seed, number) for number in range(count))
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(clip, seed), range(count), chunksize=8)


def write(directory: Path, seconds: float, seed: int, workers: int) -> list[Clip]:
    """Write background.pcm (int16, 16 kHz, mono, clip after clip) and, when that is whole, background.json.

    Raises:
        OSError: the directory cannot be made or written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    clips = plan(seed, seconds)
    sound, index = directory / f"{NAME}.pcm", directory / f"{NAME}.json"
    partly = sound.with_suffix(".pcm.part")
    with partly.open("wb") as file:
        for samples in sounds(seed, len(clips), workers):
            file.write(samples.astype("<i2", copy=False).tobytes())
    partly.replace(sound)
    partly = index.with_suffix(".json.part")
    partly.write_text(json.dumps({"seed": seed, "clips": [asdict(one) for one in clips]}) + "\n", encoding="utf-8")
    partly.replace(index)
    return clips


def read(directory: Path, split: str) -> npt.NDArray[np.int16]:
    """All clips of a split, one after the other; int16[n].

    Raises:
        OSError: a file cannot be read.
        ValueError: the index is damaged, or the sound is shorter than it says.
    """
    try:
        entries = json.loads((directory / f"{NAME}.json").read_text(encoding="utf-8"))["clips"]
        clips = [Clip(**entry) for entry in entries]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{directory / NAME}.json is no index of background sound") from error
    sound = np.fromfile(directory / f"{NAME}.pcm", dtype="<i2")
    if clips and len(sound) < clips[-1].start + clips[-1].samples:
        raise ValueError(f"{directory / NAME}.pcm is shorter than its index says")
    parts = [sound[one.start : one.start + one.samples] for one in clips if one.split == split]
    return np.concatenate([np.empty(0, dtype=np.int16), *parts])
