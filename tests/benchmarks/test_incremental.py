from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from benchmarks import incremental
from benchmarks.approaches import INCREMENTAL, NAIVE, Int16, Step, approaches
from benchmarks.incremental import finals, grown, play
from benchmarks.incremental_figures import figures, flips, judged, summary, table
from benchmarks.utterances import Utterance, counted, loudest_last, recordings, sound, speech, unbroken
from model import miniature
from model.mel import unfloored_log_mel
from model.package import open_package
from pipeline.messages import SAMPLE_RATE

STEP = Step(
    audio=1.0,
    wall=1.0,
    cpu=1.5,
    encode=0.25,
    prefill=0.5,
    generate=0.25,
    windows=1,
    reused=30,
    batched=10,
    draft=4,
    accepted=3,
    generated=2,
    text="a",
    tokens=(1,),
)


def steps(*walls: float, tokens: tuple[int, ...] = (1,)) -> list[Step]:
    return [
        dataclasses.replace(STEP, audio=number + 1.0, wall=wall, cpu=2 * wall, tokens=tokens)
        for number, wall in enumerate(walls)
    ]


class Heard:
    """An approach that only writes down the lengths that it was given, and whose turn it was."""

    def __init__(self, name: str, turns: list[str], tokens: tuple[int, ...] = (1,)) -> None:
        self.name = name
        self._turns, self._tokens = turns, tokens
        self.lengths: list[int] = []

    def begin(self) -> None:
        self.lengths.append(0)

    def step(self, pcm: Int16) -> Step:
        self._turns.append(self.name)
        self.lengths.append(len(pcm))
        return dataclasses.replace(STEP, audio=len(pcm) / SAMPLE_RATE, tokens=self._tokens)

    def close(self) -> None:
        self.lengths.append(-1)


def test_an_utterance_grows_by_the_cadence_and_ends_whole() -> None:
    pcm = np.arange(40_000, dtype=np.int16)
    assert [len(part) for part in grown(pcm, 1.0)] == [16_000, 32_000, 40_000]
    assert [len(part) for part in grown(pcm[:32_000], 1.0)] == [16_000, 32_000]


def test_every_approach_takes_each_step_before_the_next_and_another_one_begins_each_time() -> None:
    turns: list[str] = []
    ways = [Heard("a", turns), Heard("b", turns)]
    taken = play(Utterance("x", np.zeros(48_000, np.int16)), ways, 1.0)
    assert turns == ["a", "b", "b", "a", "a", "b"]
    assert ways[0].lengths == ways[1].lengths == [0, 16_000, 32_000, 48_000]
    assert [step.audio for step in taken["a"]] == [1, 2, 3]


def test_the_short_utterance_is_played_before_and_after_the_long_one_by_all_approaches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(incremental, "LONG_S", 3.0)
    monkeypatch.setattr(incremental, "SHORT_S", 1.0)
    monkeypatch.setattr(incremental, "LOUD_S", 2.0)
    ways = [Heard(name, []) for name in (NAIVE, INCREMENTAL, "draft off")]
    played = incremental.measure(ways, 1.0, 1)
    assert {name: {way: len(rounds) for way, rounds in found.items()} for name, found in played.items()} == {
        incremental.LONG: {NAIVE: 1, INCREMENTAL: 1, "draft off": 1},
        incremental.SHORT: {NAIVE: 2, INCREMENTAL: 2, "draft off": 2},
        incremental.LOUD: {NAIVE: 1, INCREMENTAL: 1},
    }
    # First everything at once, so that no measured step pays for memory.
    assert [length for length in ways[2].lengths if length] == [48_000, 16_000, 16_000, 32_000, 48_000, 16_000]


def test_a_final_is_compared_with_one_decode_of_the_whole_utterance() -> None:
    ours, naive = Heard(INCREMENTAL, []), Heard(NAIVE, [], tokens=(1, 2))
    (found,) = finals([Utterance("x", np.zeros(32_000, np.int16))], ours, naive, 1.0)
    assert not found["same"]
    assert naive.lengths == [32_000]
    (found,) = finals([Utterance("x", np.zeros(32_000, np.int16))], ours, Heard(NAIVE, []), 1.0)
    assert found["same"]


def test_of_several_rounds_the_median_of_each_step_counts() -> None:
    found = figures([steps(1.0, 2.0), steps(9.0, 2.0), steps(1.0, 4.0)])
    assert found["cost"] == (1.0 + 2.0) / 2
    assert found["worst"] == 2.0
    assert found["worst_cpu"] == 4.0
    assert found["reused"] == 60


def test_a_step_with_other_tokens_is_a_flip_and_the_last_one_is_said_to_be_final() -> None:
    other = [*steps(1.0), *steps(1.0, tokens=(2,))]
    assert flips([steps(1.0, 1.0)], [steps(1.0, 1.0)]) == []
    assert [flip["final"] for flip in flips([other], [steps(1.0, 1.0)])] == [True]


def test_the_ratios_are_those_of_the_promises() -> None:
    long = {NAIVE: [steps(4.0, 8.0)], INCREMENTAL: [steps(1.0, 2.0)], "KV off": [steps(2.0, 4.0)]}
    found = summary(long, {INCREMENTAL: [steps(0.5, 1.0)]}, [{"same": True}, {"same": False}], 1, 3)
    assert found["cost_ratio"] == found["cost_ratio_cpu"] == 0.25
    assert found["worst_ratio"] == 2.0
    assert found["reused_share"] == 0.75
    assert found["accepted_share"] == 0.75
    assert found["finals_share"] == 0.5
    assert found["without KV off"] == 2.0
    assert any("0.250 of the cost" in line for line in judged(found))


def test_without_finals_there_is_no_share_of_them() -> None:
    long = {NAIVE: [steps(4.0)], INCREMENTAL: [steps(1.0)]}
    found = summary(long, long, [], 0, 1)
    assert found["finals_share"] is None
    assert not any("offline decode" in line for line in judged(found))


def test_the_table_has_a_column_for_each_approach() -> None:
    lines = table("x", {NAIVE: [steps(4.0, 8.0)], INCREMENTAL: [steps(1.0, 2.0, tokens=(7,))]})
    assert lines[0] == "x: 2.0 s in 2 steps"
    assert lines[1].split() == [NAIVE, INCREMENTAL]
    assert [line.split()[-1] for line in lines if "beside from scratch" in line] == ["0.250"]
    assert lines[-1].split()[-2:] == ["0", "2"]


def test_joined_speech_has_no_pause_and_the_length_that_was_asked_for() -> None:
    """In the recording somebody is silent for six seconds; in its speech nobody is for a quarter of one."""
    pause = SAMPLE_RATE // 4

    def longest_quiet(pcm: Int16) -> int:
        loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 300)
        return int(np.diff(loud).max())

    assert longest_quiet(sound("09_long_pause")) > 5 * SAMPLE_RATE
    assert longest_quiet(speech("09_long_pause")) < pause
    assert len(unbroken(30.0)) == 30 * SAMPLE_RATE
    assert (unbroken(6.0) == unbroken(30.0)[: 6 * SAMPLE_RATE]).all()


def test_the_mel_floor_of_joined_speech_is_set_within_six_seconds_and_by_a_late_loud_end_at_last() -> None:
    def loudest(pcm: Int16) -> float:
        return float(unfloored_log_mel(pcm.astype(np.float32) / np.float32(32768), 128).max())

    pcm = unbroken(30.0)
    assert loudest(pcm[: 6 * SAMPLE_RATE]) == loudest(pcm)
    late = loudest_last(6.0)
    assert loudest(late[:-SAMPLE_RATE]) < loudest(late) - 3


def test_the_loudest_second_comes_last() -> None:
    pcm = np.abs(loudest_last(4.0).astype(np.int32))
    assert pcm[-SAMPLE_RATE:].max() == 32767
    assert pcm[:-SAMPLE_RATE].max() < 330


def test_finals_are_counted_over_the_recordings_and_joined_ones_of_up_to_30_s_that_all_differ() -> None:
    found = list(counted(20))
    assert len(found) == len(recordings()) + 1 + 20
    assert max(utterance.seconds for utterance in found) == 30
    assert len({utterance.pcm.tobytes() for utterance in found}) == len(found)


@pytest.mark.slow
def test_every_approach_writes_the_same_and_computes_what_its_name_says(tmp_path: Path) -> None:
    package = open_package(miniature.package("asr", tmp_path), "asr")
    ways = approaches(package, (1, 1), "cpu", 0)
    taken = play(Utterance("x", unbroken(12.0)), ways, 2.0)
    for way in ways:
        way.close()
    naive, ours, cache, kv, draft = taken.values()
    assert [[step.tokens for step in steps] for steps in taken.values()] == [[step.tokens for step in naive]] * 5
    assert not any(step.reused or step.draft for step in naive)
    assert [step.windows for step in ours] == [1, 1, 1, 1, 2, 1]
    assert (
        sum(step.windows for step in cache) == sum(step.windows for step in naive) > sum(step.windows for step in ours)
    )
    assert ours[-1].reused > 104
    assert not any(step.reused for step in kv)
    assert not any(step.draft for step in draft)
    assert sum(step.generated for step in draft) > sum(step.generated for step in ours)
