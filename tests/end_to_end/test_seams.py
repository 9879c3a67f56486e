"""Speech without pauses, cut where it grows too long: what the cuts cost, wherever they fall."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import jiwer
import numpy as np
import pytest
from msgspec.structs import replace

from clients import samples
from clients.error_rate import words_of
from clients.samples import SpokenWord
from pipeline.arrays import Array
from pipeline.audio_file import AudioFile
from pipeline.messages import SAMPLE_RATE
from pipeline.settings import Settings, VadSettings
from pipeline.transcriber import Cut, Transcriber, cut

LIMIT_S = 6.0
"""The shortest that `vad.max_utterance_s` can be."""
NEAR_S = 1.0
RECORDINGS = ("12_long", "02_dictation_seen")


@dataclass(frozen=True)
class Said:
    """Speech without pauses, and its words with their times in it."""

    pcm: Array
    words: list[SpokenWord]

    def from_second(self, start: float) -> Said:
        words = [replace(w, start=w.start - start, end=w.end - start) for w in self.words if w.start >= start]
        return Said(self.pcm[round(start * SAMPLE_RATE) :], words)


@pytest.fixture(scope="module")
def said() -> Said:
    parts: list[Array] = []
    words: list[SpokenWord] = []
    at = 0.0
    for name in RECORDINGS:
        recording = samples.shipped(name)
        pcm = np.concatenate(list(AudioFile(recording.path).blocks()))
        for word, behind in zip(recording.words, [*recording.words[1:], None], strict=True):
            # Up to the next word, but no pause is longer than 80 ms.
            until = word.end if behind is None else min(behind.start, word.end + 0.08)
            part = pcm[round(word.start * SAMPLE_RATE) : round(until * SAMPLE_RATE)]
            words.append(SpokenWord(word.word, at, at + word.end - word.start))
            parts.append(part)
            at += len(part) / SAMPLE_RATE
    return Said(np.concatenate(parts), words)


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Transcriber]:
    with Transcriber(Settings(), tmp_path_factory.mktemp("cache"), align=False) as transcriber:
        yield transcriber


def edits_near(said: Said, heard: str, seams: list[float]) -> int:
    """Words lost or too many within NEAR_S of a seam."""
    expected = [(plain, word) for word in said.words for plain in words_of(word.word)]
    (chunks,) = jiwer.process_words(" ".join(plain for plain, _ in expected), " ".join(words_of(heard))).alignments
    found = 0
    for chunk in chunks:
        place = expected[min(chunk.ref_start_idx, len(expected) - 1)][1]
        last = expected[max(chunk.ref_start_idx, chunk.ref_end_idx - 1, 0) if chunk.ref_end_idx else 0][1]
        if any(place.start - NEAR_S < seam < last.end + NEAR_S for seam in seams):
            if chunk.type == "delete":
                found += chunk.ref_end_idx - chunk.ref_start_idx
            elif chunk.type == "insert":
                found += chunk.hyp_end_idx - chunk.hyp_start_idx
    return found


def pieces(pcm: Array, limit_s: float) -> list[Cut]:
    return list(cut([pcm], VadSettings(max_utterance_s=limit_s), whole=False))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_wherever_the_limit_falls_no_more_words_are_lost_or_doubled_at_the_seams_than_without_them(
    transcriber: Transcriber, said: Said
) -> None:
    with_seams = without = seams_seen = words = 0
    for tenth in range(0, 60, 2):
        part = said.from_second(tenth / 10)
        found = pieces(part.pcm, LIMIT_S)
        seams = [piece.start / SAMPLE_RATE for piece in found[1:]]
        ends = [piece.start + len(piece.pcm) for piece in found]
        # Every sample of the speech is in exactly one utterance.
        assert [piece.start for piece in found[1:]] == ends[:-1]
        heard = " ".join(transcriber.utterance(piece, 0.0, None, None).text for piece in found)
        at_once = " ".join(transcriber.utterance(piece, 0.0, None, None).text for piece in pieces(part.pcm, 60.0))
        with_seams += edits_near(part, heard, seams)
        without += edits_near(part, at_once, seams)
        seams_seen += len(seams)
        words += sum(any(abs(w.start - s) < NEAR_S for s in seams) for w in part.words)
    print(f"{seams_seen} seams, {words} words near them: {with_seams} lost or too many, {without} without the seams")
    assert seams_seen >= 60
    assert with_seams - without <= 0.02 * words
