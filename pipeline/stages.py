"""The stages between sound and text: message in, messages out.

A stage owns what it remembers of each utterance and calls the model. It knows neither sockets nor processes, so the
same stages run inside worker processes (`pipeline.worker`) and one after the other in a single one
(`pipeline.transcriber`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from model import miniature
from model.aligner import Aligner
from model.beat import Beat
from model.decoder import Decoder
from model.encoder import Encoder
from model.package import Package, open_package
from pipeline import messages
from pipeline.arrays import Array, unpack
from pipeline.messages import Align, Features, Hypothesis, Malformed, Speech, Word, Words
from pipeline.settings import ModelSettings
from pipeline.sockets import ALIGNER, DECODER, ENCODER, HUB


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


@dataclass
class Heard:
    """The sound of an utterance in one epoch."""

    epoch: int
    blocks: list[Array] = field(default_factory=list)
    samples: int = 0


class EncodeStage:
    """Sound -> embeddings."""

    def __init__(self, encoder: Encoder, detail: str = "") -> None:
        self._encoder = encoder
        self.detail = detail
        self._heard: dict[int, Heard] = {}

    def step(self, message: messages.Any, frames: list[bytes], beat: Beat) -> list[Output]:
        """Take `Speech` with its new samples; give `Features` of the whole utterance so far."""
        if not isinstance(message, Speech):
            raise Malformed(f"the encoder takes Speech, not {type(message).__name__}")
        heard = self._take(message, unpack(frames, "int16", 1))
        began = time.monotonic_ns()
        pcm = np.concatenate(heard.blocks).astype(np.float32) / np.float32(32768)
        embeddings = self._encoder.encode(pcm, beat)
        features = Features(
            utterance=message.utterance,
            epoch=message.epoch,
            seq=message.seq,
            from_token=0,
            last=message.last,
            language=message.language,
            context=message.context,
            forced=message.forced,
            samples=heard.samples,
            encode_ns=time.monotonic_ns() - began,
        )
        return [Output(DECODER, features, embeddings)]

    def _take(self, message: Speech, pcm: Array) -> Heard:
        """Keep the new samples before anything can go wrong with them: the next step brings only those after them."""
        heard = self._heard.get(message.utterance)
        if heard is None or heard.epoch < message.epoch:
            heard = self._heard[message.utterance] = Heard(message.epoch)
        if heard.epoch > message.epoch or heard.samples != message.from_sample:
            raise Malformed(
                f"utterance {message.utterance} continues at sample {message.from_sample} of epoch {message.epoch}, "
                f"but {heard.samples} samples of epoch {heard.epoch} are here"
            )
        heard.blocks.append(pcm)
        heard.samples += len(pcm)
        return heard

    def forget(self, utterance: int) -> None:
        """Free the samples."""
        self._heard.pop(utterance, None)


class DecodeStage:
    """Embeddings -> text."""

    def __init__(self, decoder: Decoder, detail: str = "") -> None:
        self._decoder = decoder
        self.detail = detail

    def step(self, message: messages.Any, frames: list[bytes], beat: Beat) -> list[Output]:
        """Take `Features` with all embeddings of the utterance; give `Hypothesis`."""
        if not isinstance(message, Features):
            raise Malformed(f"the decoder takes Features, not {type(message).__name__}")
        decoded = self._decoder.decode(
            unpack(frames, "float32", 2),
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
        )
        return [Output(HUB, hypothesis)]

    def forget(self, utterance: int) -> None:
        """Nothing is kept between steps."""


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
        )
        return [Output(HUB, words)]

    def forget(self, utterance: int) -> None:
        """Nothing is kept between steps."""


def build(name: str, settings: ModelSettings, cache: Path, progress: Callable[[str], None] | None = None) -> Stage:
    """Load the models of the stage of that name: encoder, decoder or aligner.

    Args:
        settings: which models.
        cache: where a model that comes with Steno is converted to on first use.
        progress: told what takes long, in words.

    Raises:
        ModelError: a model is missing or broken.
    """
    threads = threads_of(settings.encoder_threads), threads_of(settings.decoder_threads)
    if name == ALIGNER:
        package = _package("aligner", settings.aligner, settings, cache, progress)
        detail = f"{package.directory.name}: {package.encoder_precision} + {package.decoder_precision}"
        return AlignStage(Aligner(package, threads[1]), detail)
    package = _package("asr", settings.asr, settings, cache, progress)
    if name == ENCODER:
        detail = f"{package.directory.name}: {package.encoder_precision}, {threads[0]} threads"
        return EncodeStage(Encoder(package, threads[0]), detail)
    if name == DECODER:
        detail = f"{package.directory.name}: {package.decoder_precision}, {threads[1]} threads"
        return DecodeStage(Decoder(package, threads[1]), detail)
    raise ValueError(f"there is no stage {name}")


def threads_of(setting: int) -> int:
    """0 is half of the cores: encoder and decoder work at the same time and must not crowd each other out."""
    return setting or max(1, cores() // 2)


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _package(
    kind: str, where: str, settings: ModelSettings, cache: Path, progress: Callable[[str], None] | None
) -> Package:
    directory = miniature.package(kind, cache, progress) if where == "miniature" else Path(where).expanduser()
    return open_package(directory, kind, encoder=settings.encoder, decoder=settings.decoder)
