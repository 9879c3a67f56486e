"""The whole way from a file to its transcript in one process: the same stages, without sockets.

It owns the models and the order of the stages. It does not know how the result is shown or written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import msgspec
import numpy as np

from model.beat import steady
from pipeline import doubt, messages, paths
from pipeline.arrays import Array, pack
from pipeline.audio_file import AudioFile
from pipeline.cores import physical_cores
from pipeline.cutter import Cutter
from pipeline.events import TimedWord, Timings
from pipeline.loading import build
from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE, Align, Hypothesis, Speech, Words
from pipeline.segmenter import Closed, Found, Spans, hush
from pipeline.settings import Settings, VadSettings
from pipeline.sockets import ALIGNER, DECODER, ENCODER
from pipeline.stages import Stage
from pipeline.transcript import Transcript, Utterance, assemble
from pipeline.voicing import voicing


@dataclass(frozen=True)
class Cut:
    """The sound of one utterance."""

    start: int
    pcm: Array
    """int16[n]"""
    spans: Spans
    """What of it the VAD judged speech, in samples of the file."""


def cut(blocks: Iterable[Array], settings: VadSettings, whole: bool = True) -> Iterator[Cut]:
    """The utterances in consecutive int16[n] blocks, just as the daemon would cut them; memory holds no more than one.

    Those in which the VAD heard too little speech are left out.

    Args:
        whole: cut only where an utterance grows too long, not at every pause.
    """
    cutter, least = Cutter(settings, whole), settings.min_speech_ms * SAMPLE_RATE // 1000
    kept, first = np.empty(0, np.int16), 0

    def pieces(found: list[Found]) -> Iterator[Cut]:
        for item in found:
            if isinstance(item, Closed) and item.voiced >= least:
                yield Cut(item.start, kept[item.start - first : item.end - first], item.spans)

    for block, said in _framed(blocks):
        kept = np.concatenate([kept, block[:said]])
        for frame in block.reshape(-1, FRAME_SAMPLES):
            yield from pieces(cutter.step(frame))
        kept, first = kept[cutter.keep_from - first :], cutter.keep_from
    yield from pieces(cutter.finish("end"))


def _framed(blocks: Iterable[Array]) -> Iterator[tuple[Array, int]]:
    """The same samples in blocks of whole frames, and how many of each were said: the last frame is filled up."""
    rest = np.empty(0, np.int16)
    for block in blocks:
        rest = np.concatenate([rest, block])
        whole = len(rest) // FRAME_SAMPLES * FRAME_SAMPLES
        yield rest[:whole], whole
        rest = rest[whole:]
    if len(rest):
        yield np.pad(rest, (0, FRAME_SAMPLES - len(rest))), len(rest)


class Transcriber:
    """Loads the models once, then transcribes any number of files. A context manager.

    Args:
        settings: as for the daemon. Words are never committed early, so the text is the offline text.
        cache: where models that come with Steno are converted to; None is the user's cache directory.
        align: also find word times.
        progress: told in a few words what takes long while loading, what is wrong with a file that can be read in part
            only, and what of a text was held back since no sound carries it.

    Raises:
        ModelError: a model is missing or broken.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        cache: Path | None = None,
        align: bool = True,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._settings = settings or Settings()
        where = cache or paths.cache_dir()
        # The stages take turns here, so each may have all cores but one: threads that wait for each other at every step
        # get many times slower as soon as one of them has to share its core.
        most = max(1, physical_cores() - 1)
        model = self._settings.model
        model = msgspec.structs.replace(
            model, encoder_threads=model.encoder_threads or most, decoder_threads=model.decoder_threads or most
        )
        names = [ENCODER, DECODER] + [ALIGNER] * align
        self._stages: dict[str, Stage] = {name: build(name, model, where, progress) for name in names}
        self._tell = progress or (lambda words: None)
        self._count = 0

    def transcribe(
        self,
        path: Path | str,
        *,
        start: float = 0.0,
        duration: float | None = None,
        language: str | None = None,
        context: str | None = None,
        on_progress: Callable[[float, float | None], None] | None = None,
    ) -> Transcript:
        """The transcript of a file, or of `duration` seconds of it from `start` on.

        Args:
            language: force it; None takes the settings'.
            context: names and terms that help the spelling; None takes the settings'.
            on_progress: told the seconds that are done, and those there are (None if that is not known).

        Raises:
            AudioError: the file cannot be read.
            StenoError: the language is not one of the model's.
        """
        sound = AudioFile(path, start, duration)
        began = time.monotonic()
        read = [0]

        def counted() -> Iterator[Array]:
            for block in sound.blocks():
                read[0] += len(block)
                yield block

        utterances = []
        for piece in cut(counted(), self._settings.vad):
            utterances.append(self.utterance(piece, start, language, context))
            if on_progress is not None:
                on_progress((piece.start + len(piece.pcm)) / SAMPLE_RATE, sound.duration)
        if sound.warning:
            self._tell(sound.warning)
        seconds = read[0] / SAMPLE_RATE
        if on_progress is not None:
            on_progress(seconds, seconds)
        return assemble(str(path), utterances, seconds, time.monotonic() - began)

    def utterance(self, piece: Cut, offset_s: float, language: str | None, context: str | None) -> Utterance:
        """Text, word times and cost of one piece of sound that begins `offset_s` after the file does."""
        self._count += 1
        model = self._settings.model
        speech = Speech(
            utterance=self._count,
            epoch=0,
            seq=0,
            from_sample=0,
            last=True,
            language=model.language if language is None else language,
            context=model.context if context is None else context,
            hush=hush(piece.start + len(piece.pcm), piece.spans),
        )
        began = time.monotonic_ns()
        heard = self._pass(speech, piece.pcm, (ENCODER, DECODER))
        assert isinstance(heard, Hypothesis)
        base = offset_s + piece.start / SAMPLE_RATE
        text, placed = heard.text, Words(self._count, 0, (), 0)
        if doubt.is_noise(text, heard.confidence, piece.spans, lambda: voicing(piece.pcm)):
            self._withheld(text)
            text = ""
        if text and ALIGNER in self._stages:
            align = Align(self._count, 0, text, heard.language or speech.language)
            answer = self._pass(align, piece.pcm, (ALIGNER,))
            assert isinstance(answer, Words)
            text, placed = self._heard(piece, text, answer)
        timings = Timings(
            audio=len(piece.pcm) / SAMPLE_RATE,
            encode=heard.encode_ns / 1e9,
            prefill=heard.prefill_ns / 1e9,
            prefill_tokens=heard.prefill_tokens,
            generate=heard.generate_ns / 1e9,
            generate_tokens=heard.generate_tokens,
            steps=1,
            wait=(time.monotonic_ns() - began) / 1e9,
        )
        return Utterance(
            text=text,
            language=heard.language,
            start=round(base, 3),
            end=round(base + len(piece.pcm) / SAMPLE_RATE, 3),
            timings=timings,
            words=[
                TimedWord(
                    w.text, round(base + w.start_sample / SAMPLE_RATE, 3), round(base + w.end_sample / SAMPLE_RATE, 3)
                )
                for w in placed.words
            ],
            align=placed.align_ns / 1e9,
        )

    def _heard(self, piece: Cut, text: str, placed: Words) -> tuple[str, Words]:
        """Of a text that says too much for the speech there was, what lies on speech: as the daemon holds it."""
        if not doubt.is_doubtful(text, piece.start, piece.start + len(piece.pcm), piece.spans):
            return text, placed
        silent = doubt.unheard(placed.words, piece.start, piece.spans)
        kept = doubt.without(text, placed.words, silent)
        if not kept.withheld:
            return text, placed
        self._withheld(kept.withheld)
        words = tuple(word for index, word in enumerate(placed.words) if index not in silent)
        return kept.text, msgspec.structs.replace(placed, words=words)

    def _withheld(self, text: str) -> None:
        self._tell(f"text that no sound carries was held back: {text}")

    def _pass(self, message: messages.Any, array: Array, names: Iterable[str]) -> messages.Any:
        """Send a message through these stages, one after the other; what the last one says."""
        for name in names:
            try:
                (output,) = self._stages[name].step(message, _frames(array), steady)
            finally:
                self._stages[name].forget(self._count)
            message = output.message
            array = np.empty(0, np.int16) if output.array is None else output.array
        return message

    @property
    def details(self) -> dict[str, str]:
        """Name of each stage and what it runs: model, precision, what computes, threads."""
        return {name: stage.detail for name, stage in self._stages.items()}

    def close(self) -> None:
        """Free the models."""
        self._stages.clear()

    def __enter__(self) -> Transcriber:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _frames(array: Array) -> list[bytes]:
    """The array as a message would carry it."""
    return [bytes(frame) for frame in pack(array)]
