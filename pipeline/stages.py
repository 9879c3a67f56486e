"""The stages between sound and text: message in, messages out.

A stage owns what it remembers of each utterance and calls the model. It knows neither sockets nor processes, so the
same stages run inside worker processes (`pipeline.worker`) and one after the other in a single one
(`pipeline.transcriber`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from model.aligner import Aligner
from model.beat import Beat
from model.config import AudioConfig
from model.decoder import Decoder
from model.encoder import Encoder
from model.encoder_stream import EncoderStream
from model.llama_batch import BATCH
from model.mel import HOP
from pipeline import messages
from pipeline.arrays import Array, unpack
from pipeline.messages import Align, Features, Hypothesis, Malformed, Speech, Word, Words
from pipeline.sockets import DECODER, HUB

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Output:
    """A message for another process, with the array beside it."""

    to: str
    message: messages.Any
    array: Array | None = None


class Stage(Protocol):
    """One station of an utterance's way."""

    @property
    def detail(self) -> str:
        """What it runs, for people."""

    def step(self, message: messages.Any, frames: list[bytes], beat: Beat) -> list[Output]:
        """Do one step.

        Raises:
            Malformed: a message that this stage does not take, or that does not fit what went before.
            Cancelled: `beat` asked to give up.
            StenoError: the step cannot be done.
        """

    def forget(self, utterance: int) -> None:
        """Free what is held of an utterance that is over."""

    def warm_up(self) -> int:
        """Do the longest piece of work that gives no sign of life; how long it took, in nanoseconds.

        Raises:
            StenoError: the model cannot compute, though it could be loaded.
        """


@dataclass
class Heard:
    """The sound of an utterance in one epoch."""

    epoch: int
    stream: EncoderStream


class EncodeStage:
    """Sound -> embeddings.

    Args:
        encoder: of all utterances.
        detail: what it runs, for people.
        cache: keep what is encoded from step to step.
    """

    def __init__(self, encoder: Encoder, detail: str = "", *, cache: bool = True) -> None:
        self._encoder = encoder
        self._cache = cache
        self.detail = detail
        self._heard: dict[int, Heard] = {}

    def step(self, message: messages.Any, frames: list[bytes], beat: Beat) -> list[Output]:
        """Take `Speech` with its new samples; give `Features`, the embeddings from the first changed one on."""
        if not isinstance(message, Speech):
            raise Malformed(f"the encoder takes Speech, not {type(message).__name__}")
        stream = self._take(message, unpack(frames, "int16", 1))
        began, said = time.monotonic_ns(), stream.samples
        stream.hear(np.zeros(message.hush, np.int16), said)
        try:
            first, embeddings = stream.encode(beat)
        finally:
            stream.hear(np.empty(0, np.int16), said)
        features = Features(
            utterance=message.utterance,
            epoch=message.epoch,
            seq=message.seq,
            from_token=first,
            last=message.last,
            language=message.language,
            context=message.context,
            forced=message.forced,
            samples=stream.samples,
            encode_ns=time.monotonic_ns() - began,
        )
        return [Output(DECODER, features, embeddings)]

    def _take(self, message: Speech, pcm: Array) -> EncoderStream:
        """Keep the new samples before anything can go wrong with them: the next step brings only those after them."""
        heard = self._heard.get(message.utterance)
        if heard is None or heard.epoch < message.epoch:
            heard = Heard(message.epoch, EncoderStream(self._encoder, cache=self._cache))
            self._heard[message.utterance] = heard
        if heard.epoch > message.epoch or heard.stream.samples < message.from_sample:
            raise Malformed(
                f"utterance {message.utterance} continues at sample {message.from_sample} of epoch {message.epoch}, "
                f"but {heard.stream.samples} samples of epoch {heard.epoch} are here"
            )
        heard.stream.hear(pcm, message.from_sample)
        return heard.stream

    def forget(self, utterance: int) -> None:
        """Free the sound and what was made of it."""
        self._heard.pop(utterance, None)

    def warm_up(self) -> int:
        """One whole attention window: onnxruntime gives no sign of life while it runs a graph."""
        stretch = Stretch()
        self._encoder.encode(silence(self._encoder.config), stretch)
        return stretch.end()


class DecodeStage:
    """Embeddings -> text."""

    def __init__(self, decoder: Decoder, detail: str = "") -> None:
        self._decoder = decoder
        self.detail = detail
        self._epochs: dict[int, int] = {}

    def step(self, message: messages.Any, frames: list[bytes], beat: Beat) -> list[Output]:
        """Take `Features` with the embeddings that changed; give `Hypothesis`."""
        if not isinstance(message, Features):
            raise Malformed(f"the decoder takes Features, not {type(message).__name__}")
        self._take(message, unpack(frames, "float32", 2))
        decoded = self._decoder.step(
            message.utterance,
            context=message.context,
            language=message.language,
            forced=message.forced,
            beat=beat,
        )
        hypothesis = Hypothesis(
            utterance=message.utterance,
            epoch=message.epoch,
            seq=message.seq,
            last=message.last,
            samples=message.samples,
            language=decoded.language,
            text=decoded.text,
            tokens=tuple(decoded.tokens),
            ends=tuple(decoded.ends),
            encode_ns=message.encode_ns,
            prefill_ns=decoded.prefill_ns,
            prefill_tokens=decoded.prefill_tokens,
            generate_ns=decoded.generate_ns,
            generate_tokens=decoded.generate_tokens,
            reused_tokens=decoded.reused_tokens,
            draft_tokens=decoded.draft_tokens,
            accepted_tokens=decoded.accepted_tokens,
            guard=decoded.guard,
            confidence=decoded.confidence,
        )
        return [Output(HUB, hypothesis)]

    def _take(self, message: Features, embeddings: Floats) -> None:
        """Keep the embeddings before anything can go wrong: the next step brings only those that changed since."""
        utterance, epoch = message.utterance, self._epochs.get(message.utterance)
        if epoch is None or epoch < message.epoch:
            self._decoder.forget(utterance)
            self._epochs[utterance] = epoch = message.epoch
        if epoch > message.epoch:
            raise Malformed(f"utterance {utterance} is in epoch {epoch}: these embeddings are of epoch {message.epoch}")
        try:
            self._decoder.hear(utterance, message.from_token, embeddings)
        except ValueError as error:
            raise Malformed(f"utterance {utterance}: {error}") from None

    def forget(self, utterance: int) -> None:
        """Free what is held of it."""
        self._epochs.pop(utterance, None)
        self._decoder.forget(utterance)

    def warm_up(self) -> int:
        """A whole batch of prefill on a GPU; on the processor llama.cpp gives signs of life throughout its work."""
        if not self._decoder.gpu_layers:
            return 0
        stretch = Stretch()
        self._decoder.first_logits(np.zeros((BATCH, self._decoder.config.text.width), np.float32))
        return stretch.end()


class AlignStage:
    """Sound and its text -> word times."""

    def __init__(self, aligner: Aligner, detail: str = "") -> None:
        self._aligner = aligner
        self.detail = detail

    def step(self, message: messages.Any, frames: list[bytes], beat: Beat) -> list[Output]:
        """Take `Align` with the utterance's samples; give `Words`."""
        if not isinstance(message, Align):
            raise Malformed(f"the aligner takes Align, not {type(message).__name__}")
        began = time.monotonic_ns()
        pcm = unpack(frames, "int16", 1).astype(np.float32) / np.float32(32768)
        aligned = self._aligner.align(pcm, message.text, message.language, beat)
        words = Words(
            utterance=message.utterance,
            epoch=message.epoch,
            words=tuple(Word(w.text, w.start, w.end) for w in aligned),
            align_ns=time.monotonic_ns() - began,
            live=message.live,
        )
        return [Output(HUB, words)]

    def forget(self, utterance: int) -> None:
        """Nothing is kept between steps."""

    def warm_up(self) -> int:
        """One window and one word: the encoder's part is the longer one by far, wherever the decoder runs."""
        stretch = Stretch()
        self._aligner.align(silence(self._aligner.config.audio), "one", "English", stretch)
        return stretch.end()


class Stretch:
    """A beat that measures the longest time without one, in nanoseconds."""

    def __init__(self) -> None:
        self._last = time.monotonic_ns()
        self._longest = 0

    def __call__(self) -> bool:
        """Never asks to give up."""
        now = time.monotonic_ns()
        self._longest, self._last = max(self._longest, now - self._last), now
        return False

    def end(self) -> int:
        """The longest time there was, that since the last beat included."""
        self()
        return self._longest


def silence(config: AudioConfig) -> Floats:
    """float32[n]: as much silence as one attention window spans."""
    return np.zeros(config.n_window_infer * HOP, np.float32)
