"""Encoder and decoder stages on growing sound, against the same sound heard at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from clients.error_rate import words_of
from model import miniature
from model.beat import Beat, steady
from model.errors import Cancelled
from pipeline.arrays import Array, pack
from pipeline.audio_file import AudioFile
from pipeline.loading import build
from pipeline.messages import SAMPLE_RATE, Features, Hypothesis, Malformed, Speech
from pipeline.segmenter import HUSH_SAMPLES
from pipeline.settings import ModelSettings
from pipeline.sockets import DECODER, ENCODER
from pipeline.stages import Stage
from tests import spoken


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    cache = tmp_path_factory.mktemp("cache")
    return {name: build(name, ModelSettings(), cache) for name in (ENCODER, DECODER)}


@dataclass
class Utterance:
    """One utterance on its way through the stages."""

    stages: dict[str, Stage]
    number: int
    epoch: int = 0
    seq: int = 0
    first_tokens: list[int] = field(default_factory=list)

    def say(self, pcm: Array, from_sample: int, last: bool = False, beat: Beat = steady, hush: int = 0) -> Hypothesis:
        speech = Speech(self.number, self.epoch, self.seq, from_sample, last, hush=hush)
        self.seq += 1
        (features,) = self.stages[ENCODER].step(speech, frames(pcm), beat)
        assert isinstance(features.message, Features)
        assert features.array is not None
        self.first_tokens.append(features.message.from_token)
        (answer,) = self.stages[DECODER].step(features.message, frames(features.array), beat)
        assert isinstance(answer.message, Hypothesis)
        return answer.message

    def forget(self) -> None:
        for stage in self.stages.values():
            stage.forget(self.number)


@pytest.fixture
def utterance(stages: dict[str, Stage]) -> Iterator[Utterance]:
    one = Utterance(stages, 1)
    yield one
    one.forget()


def frames(array: Array) -> list[bytes]:
    return [bytes(frame) for frame in pack(array)]


def recording(number: str) -> Array:
    (path,) = [path for path in miniature.samples() if path.name.startswith(number)]
    return np.concatenate(list(AudioFile(path).blocks()))


def at_once(stages: dict[str, Stage], pcm: Array) -> Hypothesis:
    other = Utterance(stages, 99)
    heard = other.say(pcm, 0, last=True)
    other.forget()
    return heard


def test_growing_sound_ends_in_the_tokens_of_the_same_sound_at_once(
    stages: dict[str, Stage], utterance: Utterance
) -> None:
    pcm = recording("12")
    for begin in range(0, len(pcm), SAMPLE_RATE):
        heard = utterance.say(pcm[begin : begin + SAMPLE_RATE], begin, last=begin + SAMPLE_RATE >= len(pcm))
    whole = at_once(stages, pcm)
    assert (heard.tokens, heard.text, heard.samples) == (whole.tokens, whole.text, len(pcm))
    assert heard.confidence == pytest.approx(whole.confidence, abs=1e-3)
    assert heard.confidence < 0.0
    assert utterance.first_tokens[-1] > 0, "what is encoded is sent once"
    assert heard.reused_tokens > 0
    assert heard.accepted_tokens > 0
    assert heard.generate_tokens < len(heard.tokens)


def test_a_cut_before_what_was_heard_gives_the_text_of_the_sound_up_to_it(
    stages: dict[str, Stage], utterance: Utterance
) -> None:
    pcm, cut = recording("12"), 10 * SAMPLE_RATE
    utterance.say(pcm, 0)
    heard = utterance.say(np.empty(0, np.int16), cut, last=True)
    whole = at_once(stages, pcm[:cut])
    assert (heard.tokens, heard.samples) == (whole.tokens, cut)


def test_silence_that_is_asked_for_is_heard_behind_the_sound_in_that_step_alone(
    stages: dict[str, Stage], utterance: Utterance
) -> None:
    pcm = recording("12")
    half, rest = pcm[: len(pcm) // 2], pcm[len(pcm) // 2 :]
    with pytest.raises(Cancelled):
        utterance.say(half, 0, beat=GivesUp(2), hush=HUSH_SAMPLES)
    hushed = utterance.say(half[:0], len(half), hush=HUSH_SAMPLES)
    assert hushed.samples == len(half)
    assert hushed.tokens == at_once(stages, np.pad(half, (0, HUSH_SAMPLES))).tokens
    assert utterance.say(rest, len(half), last=True).tokens == at_once(stages, pcm).tokens


def test_with_a_little_silence_behind_them_words_that_end_at_a_cut_are_written(stages: dict[str, Stage]) -> None:
    number = spoken.unbroken()
    pcm, words = recording(number), spoken.recording(number).words
    lost = 0
    for count in range(5, len(words)):
        said = pcm[: round(words[count - 1].end * SAMPLE_RATE)]
        other = Utterance(stages, 99)
        written = words_of(other.say(said, 0, last=True, hush=HUSH_SAMPLES).text)
        other.forget()
        lost += len(words_of(" ".join(word.word for word in words[:count]))) > len(written)
    assert lost <= 0.2 * len(words)


class GivesUp:
    """A beat that asks to give up once it was called so often."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0


@pytest.mark.parametrize("calls", [0, 2, 6])
def test_a_step_given_up_has_still_taken_its_sound(stages: dict[str, Stage], utterance: Utterance, calls: int) -> None:
    pcm = recording("03")
    half = len(pcm) // 2
    with pytest.raises(Cancelled):
        utterance.say(pcm[:half], 0, beat=GivesUp(calls))
    heard = utterance.say(pcm[half:], half, last=True)
    assert heard.tokens == at_once(stages, pcm).tokens


def test_a_new_epoch_begins_with_nothing(stages: dict[str, Stage], utterance: Utterance) -> None:
    pcm = recording("01")
    utterance.say(recording("05"), 0)
    utterance.epoch, utterance.seq = 1, 0
    heard = utterance.say(pcm, 0, last=True)
    assert heard.tokens == at_once(stages, pcm).tokens


def test_sound_that_does_not_follow_what_is_there_is_refused(utterance: Utterance) -> None:
    with pytest.raises(Malformed, match="continues at sample 320"):
        utterance.say(np.zeros(320, np.int16), 320)


def test_embeddings_that_do_not_follow_what_is_there_are_refused(stages: dict[str, Stage]) -> None:
    features = Features(7, 0, 0, 5, False, "", "", (), 320, 0)
    with pytest.raises(Malformed, match="utterance 7"):
        stages[DECODER].step(features, frames(np.zeros((1, 256), np.float32)), steady)
    stages[DECODER].forget(7)
