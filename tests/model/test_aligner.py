from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import miniature
from model.aligner import Aligner, longest_rise, repair
from model.encoder import Encoder
from model.errors import Cancelled, ModelError
from model.package import Package
from model.words import units
from tests import spoken
from tests.model.conftest import Golden

SPOKEN = [path.stem for path in miniature.samples() if spoken.text(path.stem)]
KINDS = ["aligned_reference", "aligned_answer"]


@pytest.fixture(scope="session")
def own_encoder(aligner_package: Package) -> Encoder:
    return Encoder(aligner_package)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SPOKEN)
def test_classes_are_the_reference_s(
    golden: Golden, aligner: Aligner, own_encoder: Encoder, name: str, kind: str
) -> None:
    expected = golden.about["recordings"][name][kind]
    words = units(expected["text"], spoken.language(name))
    assert [word.text for word in words] == expected["words"]
    assert aligner.classes(own_encoder.encode(golden.sound(name)), words).tolist() == expected["classes"]


@pytest.mark.parametrize("name", SPOKEN)
def test_word_times_are_the_reference_s(golden: Golden, aligner: Aligner, name: str) -> None:
    expected = golden.about["recordings"][name]["aligned_answer"]
    found = aligner.align(golden.sound(name), expected["text"], spoken.language(name))
    assert "".join(word.text for word in found).split() == "".join(expected["text"].split()).split()
    times = np.array([[word.start, word.end] for word in found]).ravel() / 16_000
    assert np.abs(times - expected["times"]).mean() <= 0.040


def test_words_keep_the_punctuation_of_the_transcript(golden: Golden, aligner: Aligner) -> None:
    found = aligner.align(golden.sound("01_short_seen"), "The meeting starts, on Thursday afternoon!", "English")
    assert [word.text for word in found] == ["The", "meeting", "starts,", "on", "Thursday", "afternoon!"]
    assert all(word.start <= word.end for word in found)
    assert all(one.end <= two.start for one, two in itertools.pairwise(found))


@pytest.mark.parametrize("text", ["", "...", " \n"])
def test_no_words_need_no_times(golden: Golden, aligner: Aligner, text: str) -> None:
    assert aligner.align(golden.sound("01_short_seen"), text, "English") == ()


def test_no_sound_has_no_times(aligner: Aligner) -> None:
    assert aligner.align(np.zeros(0, dtype=np.float32), "Hello", "English") == ()


def test_no_word_ends_after_the_sound(golden: Golden, aligner: Aligner) -> None:
    clip = golden.sound("01_short_seen")[:4_000]
    assert all(word.end <= 4_000 for word in aligner.align(clip, "The meeting starts on Thursday", "English"))


@pytest.mark.parametrize("after", [0, 1])
def test_a_cancelled_alignment_leaves_no_trace(golden: Golden, aligner: Aligner, after: int) -> None:
    expected = golden.about["recordings"]["12_long"]["aligned_answer"]
    before = aligner.align(golden.sound("12_long"), expected["text"], "English")
    beats = itertools.count()
    with pytest.raises(Cancelled):
        aligner.align(golden.sound("12_long"), expected["text"], "English", lambda: next(beats) >= after)
    assert aligner.align(golden.sound("12_long"), expected["text"], "English") == before


def test_an_asr_package_is_no_aligner(asr: Package) -> None:
    with pytest.raises(ModelError, match="no aligner"):
        Aligner(asr)


def obvious_rise(values: Sequence[float]) -> list[int]:
    """The quadratic table, with its ties: the first best predecessor, the first best end."""
    lengths, parents = [1] * len(values), [-1] * len(values)
    for i in range(len(values)):
        for j in range(i):
            if values[j] <= values[i] and lengths[j] + 1 > lengths[i]:
                lengths[i], parents[i] = lengths[j] + 1, j
    rise = []
    index = lengths.index(max(lengths)) if values else -1
    while index >= 0:
        rise.append(index)
        index = parents[index]
    return rise[::-1]


@given(st.lists(st.integers(0, 12)))
def test_the_longest_rise_is_that_of_the_quadratic_table(values: list[int]) -> None:
    assert longest_rise(values) == obvious_rise(values)


@given(st.lists(st.integers(0, 512).map(lambda n: n * 80)))
def test_repaired_times_never_fall(times: list[int]) -> None:
    found = repair(times)
    assert len(found) == len(times)
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("times", "repaired"),
    [
        ([], []),
        ([80, 160, 160, 240], [80, 160, 160, 240]),
        ([80, 800, 160, 240], [80, 80, 160, 240]),
        ([80, 800, 880, 160, 240, 320], [80, 80, 160, 160, 240, 320]),
        ([80, 900, 890, 880, 160, 240, 320], [80, 100, 120, 140, 160, 240, 320]),
        ([800, 80, 160, 240], [80, 80, 160, 240]),
        ([80, 160, 240, 0], [80, 160, 240, 240]),
    ],
)
def test_times_out_of_order_are_taken_from_their_neighbours(times: list[int], repaired: list[int]) -> None:
    assert repair(times) == repaired
