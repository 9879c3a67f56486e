"""The processes that speak: each makes one chunk, from engines that have not spoken before.

This file owns the processes: numbers handed out in order, a crash or a hang that costs one chunk, and the count of all.
A fresh fork for each chunk is what makes a chunk a pure function, and keeps a crash of a C library to itself.
"""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.connection
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess
from pathlib import Path

from model.miniature.recipe.speech import chunks
from model.miniature.recipe.speech.voice import RATE, SpeechError

NICE = 5
LIMIT_SECONDS = 600.0
"""A chunk that takes longer hangs."""
_LOST_IN_A_ROW = 5
"""So many chunks lost one after the other are no accident."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done."""

    corpus: chunks.Corpus
    settings: chunks.Settings
    engines: Path
    out: Path
    first: int
    count: int
    workers: int
    until: float | None
    """Seconds after which no chunk is begun."""


@dataclass(slots=True)
class Tally:
    """What was done."""

    chunks: int = 0
    lost: int = 0
    samples: int = 0
    clips: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    samples_of: Counter[str] = field(default_factory=Counter)
    """Engine and language, and samples."""

    def add(self, table: Path) -> None:
        """Count a finished chunk."""
        content = json.loads(table.read_text(encoding="utf-8"))
        self.chunks += 1
        self.clips += len(content["clips"])
        self.refused.update(content["refused"])
        for clip in content["clips"]:
            self.samples += clip["samples"]
            self.samples_of[f"{clip['voice'].partition(':')[0]} {clip['language']}"] += clip["samples"]

    def __str__(self) -> str:
        lines = [f"{self.chunks} chunks ({self.lost} lost), {self.clips} clips, {self.samples / RATE / 3600:.2f} hours"]
        lines += [f"  spoken by {one}: {samples / RATE / 60:.1f} minutes" for one, samples in self.samples_of.items()]
        lines += [f"  refused by {one}: {count} sentences" for one, count in self.refused.most_common(20)]
        return "\n".join(lines)


def run(work: Work) -> Tally:
    """Make the chunks; one that is there already is counted and not made again.

    Raises:
        SpeechError: several chunks in a row were lost; what each said stands in the log.
    """
    tally = Tally()
    running: dict[int, tuple[ForkProcess, float]] = {}
    number, lost, start = work.first, 0, time.monotonic()
    last = work.first + work.count
    while True:
        while number < last and len(running) < work.workers and not _is_late(work, start):
            table = work.out / f"{chunks.name(work.settings, number)}.json"
            if table.exists():
                tally.add(table)
            else:
                running[number] = (_begun(work, number), time.monotonic())
            number += 1
        if not running:
            return tally
        multiprocessing.connection.wait([process.sentinel for process, _ in running.values()], timeout=5)
        for one, (process, begun) in list(running.items()):
            if process.is_alive() and time.monotonic() - begun > LIMIT_SECONDS:
                process.kill()
                process.join()
            if process.is_alive():
                continue
            del running[one]
            lost = 0 if _is_made(work, one, process, tally) else lost + 1
        if lost >= _LOST_IN_A_ROW:
            for process, _ in running.values():
                process.kill()
            raise SpeechError(f"speech: {lost} chunks in a row were lost; the reasons are in the lines above")


def _is_late(work: Work, start: float) -> bool:
    return work.until is not None and time.monotonic() - start >= work.until


def _begun(work: Work, number: int) -> ForkProcess:
    process = multiprocessing.get_context("fork").Process(target=_speak, args=(work, number), name=f"speech {number}")
    process.start()
    return process


def _is_made(work: Work, number: int, process: ForkProcess, tally: Tally) -> bool:
    process.join()
    table = work.out / f"{chunks.name(work.settings, number)}.json"
    if process.exitcode == 0 and table.exists():
        tally.add(table)
        return True
    tally.lost += 1
    code = process.exitcode or 0
    how = f"its process was ended by signal {-code}" if code < 0 else f"its process returned {code}"
    print(f"speech: chunk {number} is lost: {how}", file=sys.stderr, flush=True)
    return False


def _speak(work: Work, number: int) -> None:
    os.nice(NICE)
    engines = chunks.Engines(work.engines)
    try:
        chunk = chunks.make(work.corpus, engines, work.settings, number)
        chunks.write(chunk, work.out, chunks.name(work.settings, number))
    except (SpeechError, OSError) as error:
        print(f"speech: chunk {number}: {error}", file=sys.stderr, flush=True)
        sys.exit(1)
    finally:
        engines.close()
