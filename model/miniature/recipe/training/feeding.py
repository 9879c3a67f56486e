"""Processes that make batches while the last ones are being learnt from.

This file owns their queues. Which process makes a batch does not matter to what is in it: numbers are dealt out in
turn, and come back in order. Each is told which chunks there are, and reads their indices for itself.
"""

from __future__ import annotations

import multiprocessing
import queue
import traceback
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from pathlib import Path

from model.miniature.recipe.training.batches import Batch, Builder
from model.miniature.recipe.training.contexts import Lists
from model.miniature.recipe.training.pool import Chunk, Clip, clips_of
from model.miniature.recipe.training.vocabulary import Vocabulary

_AHEAD = 4
"""Batches that each process has under way."""
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What the processes are started with."""

    kind: str
    corpus: Path
    vocabulary: Path
    counts: dict[str, int]
    seed: int
    seconds: int


class FeedError(Exception):
    """A process that makes batches has failed or does not answer."""


class Feed:
    """Batches in order.

    Args:
        plan: of the run.
        workers: processes.
        first: number of the first batch.
    """

    def __init__(self, plan: Plan, workers: int, first: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._next, self._asked = first, first
        self._tasks: list[Queue[object]] = [context.Queue() for _ in range(workers)]
        self._results: list[Queue[object]] = [context.Queue() for _ in range(workers)]
        self._processes: list[BaseProcess] = [
            context.Process(target=_work, args=(plan, tasks, results), daemon=True)
            for tasks, results in zip(self._tasks, self._results, strict=True)
        ]
        for process in self._processes:
            process.start()

    def add(self, chunks: list[Chunk]) -> None:
        """Tell all processes of new chunks; batches asked for from now on may use them."""
        for tasks in self._tasks if chunks else ():
            tasks.put(chunks)

    def batch(self) -> Batch:
        """The next one.

        Raises:
            FeedError: its process failed; with its traceback.
        """
        while self._asked < self._next + _AHEAD * len(self._tasks):
            self._tasks[self._asked % len(self._tasks)].put(self._asked)
            self._asked += 1
        try:
            result = self._results[self._next % len(self._results)].get(timeout=_PATIENCE_S)
        except queue.Empty:
            raise FeedError(f"no batch {self._next} within {_PATIENCE_S:.0f} s") from None
        if not isinstance(result, Batch):
            raise FeedError(str(result))
        self._next += 1
        return result

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.terminate()
            process.join()


def _work(plan: Plan, tasks: Queue[object], results: Queue[object]) -> None:
    try:
        vocabulary = Vocabulary(plan.vocabulary)
        builder = Builder(plan.kind, vocabulary, Lists.of(plan.corpus, plan.counts), plan.seed, plan.seconds)
        clips: list[Clip] = []
        while True:
            task = tasks.get()
            if isinstance(task, int):
                results.put(builder.batch(task, clips))
            elif isinstance(task, list):
                for chunk in task:
                    clips.extend(clips_of(chunk, clips[-1].session + 1 if clips else 0))
    except Exception:
        results.put(traceback.format_exc())
