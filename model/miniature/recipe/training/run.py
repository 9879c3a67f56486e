"""A run of training, from the first batch to the last checkpoint.

This file owns the loop, its log and its clock: a run lasts so many seconds or so many steps, over as many machines as
it takes. The log is lines of JSON, one for every so many steps, from which the model card draws its curves.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.miniature.recipe.sound import background
from model.miniature.recipe.speech.voice import RATE
from model.miniature.recipe.training import state
from model.miniature.recipe.training.feeding import Feed, Plan
from model.miniature.recipe.training.gather import Buffer
from model.miniature.recipe.training.learning import Learner, Losses, rate
from model.miniature.recipe.training.network import Network
from model.miniature.recipe.training.pool import Files, samples_of
from model.miniature.recipe.whole import RECORD

_LOOK_S = 2.0
"""How often the run looks for new chunks."""


@dataclass(frozen=True, slots=True)
class Length:
    """When a run is over: the first of both that is given."""

    seconds: float | None
    steps: int | None

    def progress(self, place: state.Place) -> float:
        """0 to 1."""
        by_time = place.seconds / self.seconds if self.seconds else 0.0
        by_steps = place.step / self.steps if self.steps else 0.0
        return min(1.0, max(by_time, by_steps))


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a run reads and writes."""

    pool: Path
    background: Path
    out: Path


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a run tells and keeps what it has."""

    save_seconds: float
    log_steps: int


Said = Callable[[str], None]


class Run:
    """One run on one machine.

    Args:
        network: fresh, or to go on with.
        plan: how batches are made.
        paths: of the pool, of the background sound, of the results.
        room: hours of speech that the device holds.
        rhythm: when it speaks and saves.
        say: where the progress goes.
    """

    def __init__(self, network: Network, plan: Plan, paths: Paths, room: float, rhythm: Rhythm, say: Said) -> None:
        device = next(network.parameters()).device
        sound = torch.from_numpy(background.read(paths.background, "train")).to(device)
        self._learner = Learner(network, plan.seed, sound)
        self._plan, self._paths, self._say, self._rhythm = plan, paths, say, rhythm
        samples = int(room * 3600 * RATE)
        self._files = Files(paths.pool, samples)
        self._buffer = Buffer(samples, device)
        self._place = state.Place(0, 0.0, 0)
        self._log = paths.out / f"{plan.kind}.log.jsonl"
        self._checkpoint = paths.out / f"{plan.kind}.state"

    def resume(self, checkpoint: Path) -> None:
        """Go on from a checkpoint of this kind of network."""
        self._place, tensors = state.load(checkpoint)
        self._paths.out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkpoint / state.LOG, self._log)
        self._learner.load(tensors)
        self._say(f"resumed at step {self._place.step}, {self._place.seconds:.0f} s")

    def train(self, length: Length, workers: int, least_hours: float) -> state.Place:
        """Learn until it is over; the last checkpoint is written then.

        Args:
            workers: processes that make batches.
            least_hours: of speech in the pool, before which nothing begins.
        """
        self._paths.out.mkdir(parents=True, exist_ok=True)
        feed = Feed(self._plan, workers, self._place.step)
        try:
            self._wait_for(least_hours, feed)
            self._loop(length, feed)
        finally:
            feed.close()
        self._save()
        return self._place

    def _wait_for(self, hours: float, feed: Feed) -> None:
        while True:
            self._look(feed)
            if self._files.hours >= hours and self._files.chunks:
                self._say(f"{self._files.hours:.1f} h of speech; training begins")
                return
            time.sleep(_LOOK_S / 4)

    def _look(self, feed: Feed) -> None:
        """Take in new chunks."""
        chunks = self._files.new()
        for chunk in chunks:
            self._buffer.put(chunk.start, samples_of(chunk))
        feed.add(chunks)

    def _loop(self, length: Length, feed: Feed) -> None:
        begun = time.monotonic() - self._place.seconds
        looked = saved = time.monotonic()
        sums: list[Tensor] = []
        while (progress := length.progress(self._place)) < 1.0:
            batch = feed.batch()
            losses = self._learner.step(self._place.step, progress, batch, self._buffer)
            sums.append(_numbers(losses))
            now = time.monotonic()
            self._place = state.Place(self._place.step + 1, now - begun, self._place.frames + batch.frames)
            if self._place.step % self._rhythm.log_steps == 0:
                self._tell(progress, torch.stack(sums).mean(0))
                sums.clear()
            if now - looked > _LOOK_S:
                self._look(feed)
                looked = now
            if now - saved > self._rhythm.save_seconds:
                self._save()
                saved = now

    def _tell(self, progress: float, means: Tensor) -> None:
        label, inner, right, norm = means.tolist()
        told: dict[str, Any] = {
            "step": self._place.step,
            "seconds": round(self._place.seconds, 1),
            "progress": round(progress, 4),
            "loss": round(label, 4),
            "inner": round(inner, 4),
            "right": round(right, 4),
            "norm": round(norm, 3),
            "rate": round(rate(progress), 4),
            "hours_heard": round(self._place.frames / 360_000, 1),
            "hours_of_speech": round(self._files.hours, 2),
        }
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(told) + "\n")
        self._say("  ".join(f"{name} {value}" for name, value in told.items()))

    def _save(self) -> None:
        state.save(self._checkpoint, self._place, self._learner.tensors(), self._log)
        record = self._paths.out / RECORD
        # The step `whole` keeps it; another machine goes on with it.
        if record.exists():
            part = self._checkpoint / f"{RECORD}.part"
            shutil.copyfile(record, part)
            part.replace(self._checkpoint / RECORD)


def _numbers(losses: Losses) -> Tensor:
    return torch.stack((losses.labels, losses.inner, losses.right, losses.norm))
