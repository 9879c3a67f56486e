"""Half an hour, and ten minutes without a pause, through one daemon: nothing lost, nothing twice, nothing grows."""

from __future__ import annotations

import bisect
import difflib
import itertools
import time
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from clients.error_rate import error_rate
from pipeline import commands, events
from pipeline.commands import Progress, ProgressReply
from pipeline.messages import SAMPLE_RATE

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Recording, RunningDaemon

MINUTES = 30
AHEAD_S = 60
GROWTH_BYTES = 20 << 20
NUMBERS = ("01", "02", "13", "03", "09", "05")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_half_an_hour_every_utterance_once_in_order_and_memory_stays(
    steno_daemon: RunningDaemon, recording: Recording
) -> None:
    pause = np.zeros(int(1.2 * SAMPLE_RATE), np.int16)
    once = {}
    for number in NUMBERS:
        source = steno_daemon.open(commit=False, partials=False)
        steno_daemon.say(source, np.concatenate([recording(number), pause]), end=True)
        steno_daemon.until_ended(source)
        once[number] = " ".join(f.text for f in steno_daemon.finals(source) if f.text)
        assert once[number]
    source = steno_daemon.open(name="half an hour", commit=False)
    expected: list[str] = []
    begins: list[float] = []
    sent, turn = 0, 0
    memory: dict[str, int] = {}
    while sent < MINUTES * 60 * SAMPLE_RATE:
        pcm = np.concatenate([recording(NUMBERS[turn % len(NUMBERS)]), pause])
        expected.append(once[NUMBERS[turn % len(NUMBERS)]])
        begins.append(sent / SAMPLE_RATE)
        steno_daemon.say(source, pcm)
        sent, turn = sent + len(pcm), turn + 1
        while sent - _progress(steno_daemon, source).finished > AHEAD_S * SAMPLE_RATE:
            _drain(steno_daemon)
        if not memory and sent > 5 * 60 * SAMPLE_RATE:
            memory = _memory(steno_daemon)
    after = _memory(steno_daemon)
    steno_daemon.say(source, pause, end=True)
    steno_daemon.until_ended(source)
    said = [""] * len(expected)
    for final in steno_daemon.finals(source):
        turn = bisect.bisect(begins, (final.start + final.end) / 2) - 1
        said[turn] = f"{said[turn]} {final.text}".strip()
    # The sound is the same each time; where the VAD's frames and the pre-roll fall in it is not. That may move a cut
    # or change a letter here and there, but never the sentences.
    rate = error_rate(" ".join(expected), " ".join(said))
    print(f"{rate:.2%} of the words are others than in the recordings by themselves")
    assert [pair for pair in zip(said, expected, strict=True) if _likeness(*pair) < 0.75] == []
    assert rate is not None
    assert rate < 0.05
    numbers = [f.utterance for f in steno_daemon.finals(source)]
    assert numbers == sorted(set(numbers))
    grown = {name: after[name] - memory[name] for name in memory}
    print({name: f"{bytes_ / 2**20:.1f} MiB" for name, bytes_ in grown.items()})
    assert max(grown.values()) < GROWTH_BYTES, grown


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_minutes_without_a_pause_cost_no_more_at_the_end_than_at_the_beginning(
    steno_daemon: RunningDaemon, recording: Recording
) -> None:
    pcm = recording("12")
    loud = np.abs(pcm.astype(np.int32)) > 300
    near = np.convolve(loud, np.ones(SAMPLE_RATE // 10), "same") > 0
    spoken = pcm[near]
    source = steno_daemon.open(name="no pause", commit=False)
    sent = 0
    memory: dict[str, int] = {}
    while sent < 10 * 60 * SAMPLE_RATE:
        steno_daemon.say(source, spoken)
        sent += len(spoken)
        while sent - _progress(steno_daemon, source).finished > AHEAD_S * SAMPLE_RATE:
            _drain(steno_daemon)
        if not memory and sent > 3 * 60 * SAMPLE_RATE:
            memory = _memory(steno_daemon)
    grown = {name: after - memory[name] for name, after in _memory(steno_daemon).items()}
    steno_daemon.say(source, np.zeros(SAMPLE_RATE, np.int16), end=True)
    steno_daemon.until_ended(source, 120.0)
    finals = steno_daemon.finals(source)
    assert all(final.end - final.start <= 30.0 for final in finals)
    # No sound between two utterances but silence that a pause would have been too.
    assert all(after.start - before.end < 0.5 for before, after in itertools.pairwise(finals))
    work = [(f.timings.prefill_tokens + f.timings.generate_tokens) / f.timings.steps for f in finals[:-1]]
    third = len(work) // 3
    assert third >= 5
    assert np.mean(work[-third:]) < 1.25 * np.mean(work[:third]), work
    assert max(grown.values()) < GROWTH_BYTES, grown
    words = [len(f.text.split()) / (f.end - f.start) for f in finals[:-1]]
    assert min(words) > 0.7 * float(np.median(words)), words


def _likeness(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()


def _progress(daemon: RunningDaemon, source: str) -> ProgressReply:
    return commands.ask(daemon.wire, Progress(source=source), ProgressReply)


def _drain(daemon: RunningDaemon) -> None:
    time.sleep(0.05)
    while (received := daemon.events.receive()) is not None:
        daemon.seen.append(events.from_json(received[1]))


def _memory(daemon: RunningDaemon) -> dict[str, int]:
    """Resident bytes of the hub and each worker."""
    found = {name: daemon.worker(name).memory_info().rss for name in ("encoder", "decoder", "aligner")}
    return found | {"hub": psutil.Process(daemon.process.pid).memory_info().rss}
