"""The ways to write out an utterance while it grows, and what a step of each costs.

It owns the way from sound to text without stages and sockets: from scratch at every step, or from what is new alone. It
does not know which utterances are played and what the figures say.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from model.decoder import Decoded, Decoder
from model.encoder import Encoder
from model.encoder_stream import EncoderStream
from model.package import Package
from pipeline.messages import SAMPLE_RATE

Int16 = npt.NDArray[np.int16]

NAIVE, INCREMENTAL = "naive", "incremental"
ABLATIONS = ("cache off", "KV off", "draft off")
"""The incremental way with one of its means left out."""


@dataclass(frozen=True)
class Step:
    """What one step took and gave."""

    audio: float
    """Seconds of the utterance that it covers."""
    wall: float
    """Seconds from the sound to the text."""
    cpu: float
    """Seconds of all this process's threads, those of waiting included where they spin."""
    encode: float
    prefill: float
    generate: float
    windows: int
    """Attention windows that were computed."""
    reused: int
    """Tokens of prompt and sound that did not have to be computed again."""
    batched: int
    """Tokens that were computed in batches: new ones of prompt and sound, and drafts."""
    draft: int
    accepted: int
    generated: int
    """Tokens that were chosen one by one."""
    text: str
    tokens: tuple[int, ...] = field(repr=False)
    guard: str = ""


class Approach(Protocol):
    """One way, with models of its own; one utterance after the other."""

    name: str

    def step(self, pcm: Int16) -> Step:
        """Write out the utterance so far, int16[n], which begins with what it was at the last step."""

    def begin(self) -> None:
        """The next step is of another utterance."""

    def close(self) -> None:
        """Free the decoder."""


class Naive:
    """Everything again at every step."""

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        self.name = NAIVE
        self._encoder, self._decoder = encoder, decoder

    def begin(self) -> None:
        """Nothing is kept."""

    def step(self, pcm: Int16) -> Step:
        """Encode all samples, decode from an empty context."""

        def work() -> tuple[float, int, Decoded]:
            began = time.perf_counter()
            features = self._encoder.encode(pcm.astype(np.float32) / np.float32(32768))
            encoded = time.perf_counter() - began
            window = self._encoder.config.window_blocks * self._encoder.config.block_tokens
            return encoded, -(-len(features) // window), self._decoder.decode(features)

        return _timed(work, pcm)

    def close(self) -> None:
        """Free the decoder."""
        self._decoder.close()


class Incremental:
    """What is new, and no more."""

    def __init__(self, name: str, encoder: Encoder, decoder: Decoder, *, cache: bool = True) -> None:
        """`cache`: of the encoder; what the decoder keeps is its own setting."""
        self.name = name
        self._encoder, self._decoder, self._cache = encoder, decoder, cache
        self._utterance = 0
        self._stream = EncoderStream(encoder, cache=cache)

    def begin(self) -> None:
        """Forget the utterance."""
        self._decoder.forget(self._utterance)
        self._utterance += 1
        self._stream = EncoderStream(self._encoder, cache=self._cache)

    def step(self, pcm: Int16) -> Step:
        """Hear the new samples, encode and decode what changed."""

        def work() -> tuple[float, int, Decoded]:
            began = time.perf_counter()
            before = self._stream.windows_encoded
            self._stream.hear(pcm[self._stream.samples :], self._stream.samples)
            first, rows = self._stream.encode()
            encoded = time.perf_counter() - began
            self._decoder.hear(self._utterance, first, rows)
            return encoded, self._stream.windows_encoded - before, self._decoder.step(self._utterance)

        return _timed(work, pcm)

    def close(self) -> None:
        """Free the decoder."""
        self._decoder.close()


def _timed(work: Callable[[], tuple[float, int, Decoded]], pcm: Int16) -> Step:
    began, cpu = time.perf_counter(), time.process_time()
    encoded, windows, heard = work()
    return Step(
        audio=len(pcm) / SAMPLE_RATE,
        wall=time.perf_counter() - began,
        cpu=time.process_time() - cpu,
        encode=encoded,
        prefill=heard.prefill_ns / 1e9,
        generate=heard.generate_ns / 1e9,
        windows=windows,
        reused=heard.reused_tokens,
        batched=heard.prefill_tokens,
        draft=heard.draft_tokens,
        accepted=heard.accepted_tokens,
        generated=heard.generate_tokens,
        text=heard.text,
        tokens=heard.tokens,
        guard=heard.guard,
    )


def approaches(
    package: Package, threads: tuple[int, int], provider: str, gpu_layers: int, *, ablations: bool = True
) -> list[Approach]:
    """All of them, loaded, from scratch first: one encoder for all, which keeps nothing, and a decoder for each.

    Args:
        package: of kind "asr".
        threads: of the encoder, of a decoder.
        provider: what computes the encoder.
        gpu_layers: of the decoder.
        ablations: also the incremental way with one of its means left out.

    Raises:
        ModelError: a file is broken, or what it is to run on is not there.
    """
    encoder = Encoder(package, threads[0], provider)

    def decoder(*, reuse: bool = True, draft: bool = True) -> Decoder:
        return Decoder(package, threads[1], gpu_layers, reuse=reuse, draft=draft)

    both: list[Approach] = [Naive(encoder, decoder()), Incremental(INCREMENTAL, encoder, decoder())]
    if not ablations:
        return both
    cache, kv, draft = ABLATIONS
    return [
        *both,
        Incremental(cache, encoder, decoder(), cache=False),
        Incremental(kv, encoder, decoder(reuse=False)),
        Incremental(draft, encoder, decoder(draft=False)),
    ]
