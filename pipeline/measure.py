"""The measuring of one choice: `python -m pipeline.measure`, the choice as JSON on standard input, its speed on output.

It owns what is computed and how often. No piece of work takes much longer than a second, so a slow choice costs little
more than a fast one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from model.config import ModelConfig
from model.errors import StenoError
from model.mel import HOP, SAMPLE_RATE
from model.package import open_package
from pipeline.bench import Choice, Speed
from pipeline.cores import resident_memory

Floats = npt.NDArray[np.float32]
T = TypeVar("T")

ENOUGH_S = 0.4
"""A measurement is repeated until it has taken so long."""
MOST_S = 1.0
"""What would take longer is measured on a smaller piece."""
PIECE_TOKENS, PROMPT_TOKENS = 16, 144
"""Prefill of a small piece, and of 10 s of sound with a short prompt."""
GENERATED = 32
"""Tokens that are generated at most."""


def measure(choice: Choice) -> Speed:
    """Load a choice and measure it, in this process.

    Raises:
        StenoError: it cannot be loaded or does not work.
    """
    return _encoder(choice) if choice.part == "encoder" else _decoder(choice)


def _encoder(choice: Choice) -> Speed:
    from model.encoder import Encoder

    began = time.monotonic()
    package = open_package(Path(choice.directory), "asr", encoder=choice.precision)
    encoder = Encoder(package, choice.threads, choice.provider)
    load_s = time.monotonic() - began
    audio = package.config.audio
    block = _noise(audio.block_frames)
    encoder.encode(block)  # the first run is slower than all others
    # A whole window, for most of an utterance's sound stands in one; of a slow encoder a block.
    clip = _noise(audio.n_window_infer) if _took(encoder.encode, block) * audio.window_blocks <= MOST_S else block
    best = _best(encoder.encode, clip)
    files = [package.frontend, package.backend]
    speed = _speed(choice, package.config, files, load_s)
    return replace(speed, encode=len(clip) / SAMPLE_RATE / best)


def _decoder(choice: Choice) -> Speed:
    from model.llama import Llama

    began = time.monotonic()
    package = open_package(Path(choice.directory), "asr", decoder=choice.precision)
    llama = Llama(package.decoder, choice.threads, gpu_layers=choice.gpu_layers)
    load_s = time.monotonic() - began

    def prefill(tokens: int) -> None:
        llama.clear()
        llama.feed_embeddings(np.zeros((tokens, llama.width), np.float32))
        llama.feed_tokens([0], outputs=1)  # its result is waited for, whatever computes

    prefill(PIECE_TOKENS)
    tokens = PROMPT_TOKENS if _took(prefill, PIECE_TOKENS) * PROMPT_TOKENS <= MOST_S * PIECE_TOKENS else PIECE_TOKENS
    best = _best(prefill, tokens)
    written, began = 0, time.monotonic()
    while written < 2 or (written < GENERATED and time.monotonic() - began < ENOUGH_S):
        llama.feed_tokens([0], outputs=1)
        written += 1
    spent = time.monotonic() - began
    speed = _speed(choice, package.config, [package.decoder], load_s)
    llama.close()
    return replace(speed, prefill=(tokens + 1) / best, generate=written / spent)


def _speed(choice: Choice, config: ModelConfig, files: Iterable[Path], load_s: float) -> Speed:
    """What does not depend on the part."""
    return Speed(
        choice=choice,
        scale=config.text.layers * config.text.width**2,
        density=config.audio.block_tokens * SAMPLE_RATE / (config.audio.block_frames * HOP),
        size=sum(path.stat().st_size for file in files for path in file.parent.glob(f"{file.name}*")),
        memory=resident_memory(),
        load_s=load_s,
    )


def _noise(frames: int) -> Floats:
    """float32[n]: quiet noise of so many mel frames."""
    return np.random.default_rng(0).normal(0.0, 0.05, frames * HOP).astype(np.float32)


def _took(work: Callable[[T], object], given: T) -> float:
    began = time.monotonic()
    work(given)
    return time.monotonic() - began


def _best(work: Callable[[T], object], given: T) -> float:
    """Seconds of the fastest of several runs."""
    times = [_took(work, given)]
    while sum(times) < ENOUGH_S:
        times.append(_took(work, given))
    return min(times)


def main() -> int:
    """Measure what standard input says."""
    choice = msgspec.json.decode(sys.stdin.buffer.read(), type=Choice)
    try:
        speed = measure(choice)
    except StenoError as error:
        speed = Speed(choice=choice, problem=error.message)
    sys.stdout.buffer.write(msgspec.json.encode(speed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
