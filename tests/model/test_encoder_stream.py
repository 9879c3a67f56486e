from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import miniature, tensor_table
from model.beat import Beat, check, steady
from model.checkpoint import Checkpoint
from model.config import AudioConfig
from model.encoder import Encoder
from model.encoder_stream import FULL_SCALE, EncoderStream
from model.errors import Cancelled
from model.onnx_graph import write_backend, write_frontend
from model.package import Package
from tests.model.conftest import Floats, Golden

Samples = npt.NDArray[np.int16]

TOLERANCE = 1e-5
SECOND = 16_000
PIECE = 4_000
"""Samples of one level in a made sound."""
LEVELS = st.lists(st.sampled_from([0.0, 4e-5, 1e-3, 0.05, 1.0]), min_size=1, max_size=12)
STEPS = st.lists(
    st.tuples(st.integers(0, 15_000), st.sampled_from([0, 0, 0, 1, 3_000, 20_000]), st.sampled_from([99, 99, 0, 1, 3])),
    min_size=1,
    max_size=8,
)
"""What each step brings: so many new samples, so many taken back before them, and how many beats until it cancels."""


class Averages(Encoder):
    """An encoder whose graphs are averages: each token tells of every frame of its block, each row of its window.

    Blocks of 0.6 s and windows of 1.2 s.
    """

    def __init__(self) -> None:
        self.config = AudioConfig(
            mel_bins=8, width=8, layers=1, heads=1, ffn=8, conv_channels=1, output=8, n_window=30, n_window_infer=120
        )

    def convolve(self, mel: Floats, beat: Beat = steady, *, lone: bool = False) -> Floats:
        check(beat)
        places = np.arange(1 + lone, self.config.tokens(mel.shape[1]) + 1 + lone, dtype=np.float32)
        return np.outer(places, mel.mean(axis=1))

    def attend(self, hidden: Floats, beat: Beat = steady) -> Floats:
        check(beat)
        return np.asarray(hidden + hidden.mean(axis=0))


class Listener:
    """Who steps a stream and holds the rows that it returned."""

    def __init__(self, encoder: Encoder, *, cache: bool = True) -> None:
        self.stream = EncoderStream(encoder, cache=cache)
        self.rows = np.empty((0, encoder.config.output), dtype=np.float32)
        self.first = 0

    def step(self, pcm: Samples, from_sample: int | None = None, beat: Beat = steady) -> tuple[int, int]:
        """How many blocks and windows it took."""
        before = self.stream.blocks_encoded, self.stream.windows_encoded
        self.stream.hear(pcm, self.stream.samples if from_sample is None else from_sample)
        self.first, new = self.stream.encode(beat)
        self.rows = np.concatenate([self.rows[: self.first], new])
        return self.stream.blocks_encoded - before[0], self.stream.windows_encoded - before[1]


def whole(encoder: Encoder, pcm: Samples) -> Floats:
    """The obvious way: all of it at once."""
    return encoder.encode(pcm.astype(np.float32) / FULL_SCALE)


def difference(found: Floats, expected: Floats) -> float:
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max(initial=0))


def noise(*levels: float) -> Samples:
    """A quarter of a second of white noise at each of these levels of full scale."""
    random = np.random.default_rng(7)
    pieces = [random.uniform(-32_767 * level, 32_767 * level, PIECE) for level in levels]
    return np.round(np.concatenate(pieces)).astype(np.int16)


def recording(golden: Golden, name: str) -> Samples:
    return np.asarray(golden.sound(name) * FULL_SCALE).astype(np.int16)


def cancels_after(beats: int) -> Beat:
    left = iter(range(beats))
    return lambda: next(left, None) is None


@pytest.fixture(scope="module")
def averages() -> Averages:
    return Averages()


@pytest.fixture(scope="module")
def quantised(asr: Package, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Encoder]:
    """The miniature's encoder in the precisions that quantise what goes through a graph."""
    out, checkpoint = tmp_path_factory.mktemp("quantised"), Checkpoint(miniature.checkpoint("asr"))

    def weights(name: str) -> Floats:
        return np.asarray(checkpoint.read(tensor_table.TOWER + name), dtype=np.float32)

    def written(precision: str) -> Encoder:
        front, back = (Path(out / f"{part}.{precision}.onnx") for part in ("front", "back"))
        write_frontend(front, asr.config.audio, weights, {}, precision)
        write_backend(back, asr.config.audio, weights, {}, precision)
        return Encoder(replace(asr, frontend=front, backend=back))

    return {precision: written(precision) for precision in ("int8", "int4")}


@settings(max_examples=40, deadline=None)
@given(LEVELS, STEPS)
def test_the_rows_are_those_of_the_whole_however_sound_came_and_went(
    levels: list[float], steps: list[tuple[int, int, int]]
) -> None:
    encoder, sound = Averages(), itertools.cycle(noise(*levels))
    listener, heard = Listener(encoder), np.empty(0, dtype=np.int16)
    for count, back, beats in steps:
        new = np.fromiter(itertools.islice(sound, count), dtype=np.int16)
        kept = max(0, len(heard) - back)
        heard = np.concatenate([heard[:kept], new])
        try:
            listener.step(new, kept, cancels_after(beats))
        except Cancelled:
            continue
        assert difference(listener.rows, whole(encoder, heard)) <= TOLERANCE
    listener.step(heard[:0])
    assert difference(listener.rows, whole(encoder, heard)) <= TOLERANCE


def test_every_length_at_which_something_begins_gives_the_rows_of_the_whole(golden: Golden, encoder: Encoder) -> None:
    sound, listener = recording(golden, "12_long"), Listener(encoder)
    for seconds in (0.001, 0.0125, 0.02, 0.3, 0.5, 0.99, 1.0, 1.01, 7.99, 8.0, 8.01):
        end = round(seconds * SECOND)
        listener.step(sound[listener.stream.samples : end])
        assert difference(listener.rows, whole(encoder, sound[:end])) <= TOLERANCE, seconds


@pytest.mark.parametrize("loud", [0, 5, 8], ids=["first", "in the middle", "last"])
def test_the_loudest_frame_may_come_at_any_time(golden: Golden, encoder: Encoder, loud: int) -> None:
    """Nine seconds with digital silence and faint noise in them: much of it lies below the floor of the loud second."""
    # The hiss lies above the floor of what is said there, so that this alone changes no block.
    sound = recording(golden, "12_long")[: 9 * SECOND] // 50 + noise(*[1e-3] * 36)
    sound[2 * SECOND : 3 * SECOND] = 0
    sound[3 * SECOND : 4 * SECOND] = noise(4e-5, 4e-5, 4e-5, 4e-5)
    sound[loud * SECOND : (loud + 1) * SECOND] = recording(golden, "01_short_seen")[SECOND : 2 * SECOND]
    cached, uncached = Listener(encoder), Listener(encoder, cache=False)
    for end in (4, 8, 9):
        new = sound[cached.stream.samples : end * SECOND]
        cached.step(new)
        uncached.step(new)
        assert uncached.first == 0
        assert difference(cached.rows, uncached.rows) <= TOLERANCE, end
    assert cached.stream.blocks_encoded < uncached.stream.blocks_encoded


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_a_quantised_block_does_not_depend_on_those_that_are_computed_with_it(
    golden: Golden, quantised: dict[str, Encoder], precision: str
) -> None:
    sound, listener = recording(golden, "12_long")[: 3 * SECOND], Listener(quantised[precision])
    for end in (SECOND, 2 * SECOND + 4_000, len(sound)):
        listener.step(sound[listener.stream.samples : end])
    assert difference(listener.rows, whole(quantised[precision], sound)) <= TOLERANCE


def test_a_step_costs_the_same_late_as_early(averages: Averages) -> None:
    sound, listener = noise(1.0, *[0.1] * 47), Listener(averages)
    costs = [listener.step(sound[start : start + 9_600]) for start in range(0, len(sound), 9_600)]
    # A step is a block, and two are a window. The last frame of each step lacked some sound: its block comes again.
    assert costs[2:] == [(2, 2), (2, 1)] * (len(costs[2:]) // 2)


def test_a_finished_window_is_not_encoded_again(averages: Averages) -> None:
    listener = Listener(averages)
    listener.step(noise(1.0, *[0.1] * 5))
    assert listener.stream.windows_encoded == 2
    # Block 2, of the open window, and with the second step block 3.
    assert listener.step(noise(0.1)) == (1, 1)
    assert listener.step(noise(0.1)) == (2, 1)
    assert listener.first == averages.config.tokens(120)


def test_blocks_in_which_the_floor_has_risen_above_a_value_are_encoded_again(averages: Averages) -> None:
    listener = Listener(averages)
    quiet = noise(0.01, 0.01, 0.01, 0.0, 0.0, *[0.01] * 13)
    listener.step(quiet)
    assert (listener.stream.blocks_encoded, listener.stream.windows_encoded) == (8, 4)
    # Half a second of digital silence from 0.75 s on lies in the blocks 1 and 2, of two windows; the last block grows.
    assert listener.step(noise(1.0)) == (2 + 1, 2 + 1)
    assert listener.first == 0


def test_a_floor_that_has_risen_below_all_values_changes_nothing(averages: Averages) -> None:
    listener = Listener(averages)
    listener.step(noise(*[0.01] * 18))
    assert listener.step(noise(1.0)) == (1, 1)


def test_a_floor_that_falls_with_the_loud_end_brings_the_old_rows_back(averages: Averages) -> None:
    listener, quiet = Listener(averages), noise(0.01, 0.0, *[0.01] * 10)
    listener.step(np.concatenate([quiet, noise(1.0)]))
    assert listener.step(noise(0.01), len(quiet)) >= (2, 2)
    assert listener.first == 0
    assert difference(listener.rows, whole(averages, np.concatenate([quiet, noise(0.01)]))) <= TOLERANCE


@pytest.mark.parametrize("beats", range(9))
def test_a_cancelled_step_loses_nothing_and_is_not_done_twice(averages: Averages, beats: int) -> None:
    sound = noise(0.01, 0.0, *[0.01] * 6, 1.0)
    steady_one, listener = Listener(averages), Listener(averages)
    for one in (steady_one, listener):
        one.step(sound[: 8 * PIECE])
    steady_one.step(sound[8 * PIECE :])
    if beats < 4:
        with pytest.raises(Cancelled):
            listener.step(sound[8 * PIECE :], beat=cancels_after(beats))
        listener.step(sound[:0])
    else:
        listener.step(sound[8 * PIECE :], beat=cancels_after(beats))
    assert listener.stream.samples == len(sound)
    assert np.array_equal(listener.rows, steady_one.rows)
    assert listener.stream.blocks_encoded == steady_one.stream.blocks_encoded
    assert listener.stream.windows_encoded == steady_one.stream.windows_encoded


def test_nothing_new_costs_nothing_and_returns_nothing(averages: Averages) -> None:
    listener = Listener(averages)
    listener.step(noise(1.0, 0.1, 0.1))
    assert listener.step(noise(1.0)[:0]) == (0, 0)
    assert listener.first == len(listener.rows) == averages.config.tokens(75)


def test_sound_that_is_cut_off_leaves_what_a_fresh_stream_would_have(golden: Golden, encoder: Encoder) -> None:
    sound, listener = recording(golden, "12_long")[: 9 * SECOND], Listener(encoder)
    listener.step(sound)
    for cut in (8 * SECOND + 1, 8 * SECOND, 6 * SECOND + 77, SECOND, SECOND - 1, 4_000, 0):
        listener.step(sound[:0], cut)
        fresh = Listener(encoder)
        fresh.step(sound[:cut])
        assert listener.stream.samples == cut
        assert difference(listener.rows, fresh.rows) <= TOLERANCE, cut


def test_a_cut_at_the_end_of_a_window_leaves_what_lies_before_it_alone(averages: Averages) -> None:
    listener, sound = Listener(averages), noise(1.0, *[0.1] * 9)
    listener.step(sound)
    # A window ends at frame 120, whose last one needs 40 samples more than the frames span.
    assert listener.step(sound[:0], 120 * 160 + 40) == (0, 0)
    assert listener.first == len(listener.rows) == averages.config.tokens(120)


def test_without_a_cache_every_step_encodes_everything_and_returns_it(averages: Averages) -> None:
    listener, sound = Listener(averages, cache=False), noise(1.0, *[0.1] * 9)
    costs = [listener.step(sound[start : start + 9_600]) for start in range(0, len(sound), 9_600)]
    assert costs == [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)]
    assert listener.first == 0
    assert difference(listener.rows, whole(averages, sound)) <= TOLERANCE


def test_no_sound_gives_no_rows(averages: Averages) -> None:
    first, rows = EncoderStream(averages).encode()
    assert (first, rows.shape) == (0, (0, 8))


@pytest.mark.parametrize("from_sample", [-1, 4_001])
def test_a_gap_in_the_sound_is_refused(averages: Averages, from_sample: int) -> None:
    stream = EncoderStream(averages)
    stream.hear(noise(0.1), 0)
    with pytest.raises(ValueError, match=f"sound from sample {from_sample} on, but 4000 samples were heard"):
        stream.hear(noise(0.1), from_sample)
    assert stream.samples == PIECE
