from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from benchmarks.processes import Held, name
from benchmarks.soak import MIB, growth, line, summary
from benchmarks.soak_script import Book, Scene, Script, stretches
from clients import samples
from pipeline import events
from pipeline.messages import SAMPLE_RATE

SHORT, LONGER = "01_short_seen", "04_short_held"
HELD = Held(pid=1, resident=100 * MIB, proportional=60 * MIB, anonymous=50 * MIB, descriptors=20, threads=4)
COST = events.Timings(
    audio=1.0, encode=0.1, prefill=0.1, prefill_tokens=1, generate=0.1, generate_tokens=1, steps=1, wait=0.1
)


HEAD: dict[str, Any] = {"daemon": "d", "seq": 1, "time": 0.0, "source": "s"}


def started(utterance: int) -> events.SpeechStarted:
    return events.SpeechStarted(**HEAD, utterance=utterance, start=0.0, origin_ns=0)


def final(utterance: int, start: float, end: float, text: str) -> events.Final:
    return events.Final(**HEAD, utterance=utterance, start=start, end=end, text=text, language="English", timings=COST)


def test_a_script_is_the_same_each_time_and_says_where_each_recording_lies() -> None:
    script, again = Script(0.01), Script(0.01)
    sound, other = (np.concatenate(list(one.blocks())) for one in (script, again))
    assert (sound == other).all()
    assert script.scenes == again.scenes
    assert len(sound) >= 36 * SAMPLE_RATE
    for scene, after in zip(script.scenes, script.scenes[1:], strict=False):
        assert after.start - scene.end >= 2
    first = script.scenes[0]
    spoken = sound[round(first.start * SAMPLE_RATE) : round(first.end * SAMPLE_RATE)].astype(np.float64)
    pause = sound[round(first.end * SAMPLE_RATE) : round(script.scenes[1].start * SAMPLE_RATE)].astype(np.float64)
    assert 0 < np.std(pause) < 0.1 * np.std(spoken)


def test_what_was_said_and_what_was_heard_are_compared_where_neither_goes_on() -> None:
    """Two recordings in one utterance; one recording in two utterances; a word where nothing was said."""
    said = samples.shipped(SHORT).text
    scenes = [Scene(SHORT, 0.0, 3.0), Scene(SHORT, 5.0, 8.0), Scene(SHORT, 20.0, 23.0)]
    heard = [final(1, 0.2, 8.5, "a b"), final(2, 19.8, 21.0, "c"), final(3, 21.0, 23.2, "d"), final(4, 30, 31, "e")]
    assert stretches(scenes, heard) == [(f"{said} {said}", "a b"), (said, "c d"), ("", "e")]


def test_when_all_went_well_there_are_no_faults() -> None:
    book = Book()
    for number, (called, start) in enumerate([(SHORT, 0.0), (LONGER, 10.0)]):
        book.take(started(number))
        book.take(final(number, start, start + 3, samples.shipped(called).text))
    faults = book.faults([Scene(SHORT, 0.0, 3.0), Scene(LONGER, 10.0, 13.0)])
    assert not any(faults.values())


def test_a_lost_a_doubled_and_a_late_final_are_each_seen() -> None:
    book, text = Book(), samples.shipped(SHORT).text
    for number in range(4):
        book.take(started(number))
    for one in (final(0, 0, 3, text), final(2, 20, 23, text), final(1, 10, 13, text), final(1, 10, 13, text)):
        book.take(one)
    faults = book.faults([Scene(SHORT, start, start + 3.0) for start in (0.0, 10.0, 20.0, 30.0)])
    assert faults["lost"] == 1  # the fourth
    assert faults["doubled"] == 1
    assert faults["disordered"] == 1
    assert faults["unheard"] == 1
    assert faults["heard_twice"] == 1


def test_growth_counts_from_when_the_process_is_warm() -> None:
    points = [
        (hour / 10, dataclasses.replace(HELD, resident=HELD.resident + round(min(hour, 20) * MIB)))
        for hour in range(80)
    ]
    found = growth(points, 2.0)
    assert found["resident"]["value"] == pytest.approx(0)
    assert growth(points, 0.0)["resident"]["value"] > 1
    assert found["restarts"] == 0
    assert found["descriptors"] == [20, 20]


def test_of_all_processes_the_one_that_does_worst_is_judged() -> None:
    still = [(hour / 10, HELD) for hour in range(80)]
    leaking = [
        (hours, dataclasses.replace(HELD, anonymous=round(hours * 3 * MIB), descriptors=20 + round(hours)))
        for hours, _ in still
    ]
    grown = {"hub": growth(still, 1.0), "decoder": growth(leaking, 1.0)}
    found = summary(grown, {"lost": 0}, 8.0)
    assert found["growth"] == pytest.approx(3, abs=0.01)
    assert found["growth_upper"] >= found["growth"]
    assert found["descriptors"] == 7
    assert line("decoder", grown["decoder"]).split()[0] == "decoder"


@pytest.mark.parametrize(
    ("command", "called"),
    [
        ("python -P -m daemon --runtime-dir x", "hub"),
        ("python -P -m pipeline.worker decoder x", "decoder"),
        ("python -P -m daemon.sources file --source s", "source"),
        ("python -c pass", ""),
        ("python -m", ""),
    ],
)
def test_a_process_is_called_after_what_it_runs(command: str, called: str) -> None:
    assert name(command.split()) == called
