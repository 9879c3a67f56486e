"""How fast each part of a model runs here: every choice is measured alone, in a process of its own.

It owns which choices there are, what is said of each, and that process (`pipeline.measure`), which a file that a native
library cannot bear takes down alone. It does not know what follows from the figures: `pipeline.advice` does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Literal

import msgspec

from pipeline import accelerators, model_store
from pipeline.cores import physical_cores, share
from pipeline.settings import ModelSettings


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One way to run one part of a model."""

    part: Literal["encoder", "decoder"]
    model: str
    """As `model.asr` names it."""
    directory: str
    precision: str
    provider: str = ""
    """Of an encoder."""
    gpu_layers: int = 0
    """Of a decoder: 0, or -1 for all of them."""
    threads: int = 1

    @property
    def where(self) -> str:
        """What computes."""
        return self.provider or ("GPU" if self.gpu_layers else "cpu")


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of a choice."""

    choice: Choice
    problem: str = ""
    """Why there are no figures; empty if there are."""
    scale: int = 0
    """Layers times width squared of the text decoder: tells the larger model from the smaller."""
    density: float = 0.0
    """Tokens that a second of sound becomes."""
    size: int = 0
    """Bytes of its files."""
    memory: int = 0
    """Bytes that its process held while it worked, mapped pages of its files included."""
    load_s: float = 0.0
    """Seconds until it could work, verification of its files included if they are new."""
    encode: float = 0.0
    """Encoder: seconds of sound a second."""
    prefill: float = 0.0
    """Decoder: tokens a second, when they are given at once."""
    generate: float = 0.0
    """Decoder: tokens a second, one after the other."""


def choices(settings: ModelSettings, cache: Path) -> list[Choice]:
    """Everything that can be run here: the model that is set and those in the store, in each precision that is there,
    on everything that computes; the threads are the daemon's.

    The model that comes with Steno is there to try it out: it is measured only where there is no other. On a
    processor the smallest files come first, and encoders and decoders of a model alternate, so that whoever stops early
    has measured some of both.

    Raises:
        ModelError: the model that is set is not there.
    """
    encoder_threads, decoder_threads = share(physical_cores(), settings.encoder_threads, settings.decoder_threads)
    providers = accelerators.providers()
    layers = (-1, 0) if accelerators.gpus() else (0,)
    found: list[Choice] = []
    models = {name: model_store.inspect(directory) for name, directory in _models(settings, cache)}
    models = {name: about for name, about in models.items() if "asr" in about.kinds}
    if len(models) > 1:
        models.pop(model_store.MINIATURE, None)
    for model, about in models.items():
        where = partial(Choice, model=model, directory=str(about.directory))
        encoders = [
            where(part="encoder", precision=precision, provider=provider, threads=encoder_threads)
            for precision in _told_apart(about.encoders)
            for provider in providers
        ]
        decoders = [
            where(part="decoder", precision=precision, gpu_layers=some, threads=decoder_threads)
            for precision in _told_apart(about.decoders)
            for some in layers
        ]
        for pair in zip_longest(_order(encoders), _order(decoders)):
            found += [choice for choice in pair if choice is not None]
    return found


def _order(choices: Sequence[Choice]) -> list[Choice]:
    """What computes beside the processor first, and the most exact first there, where it costs little."""
    beside = [choice for choice in choices if choice.where != "cpu"]
    return [*reversed(beside), *(choice for choice in choices if choice.where == "cpu")]


def _told_apart(precisions: Sequence[str]) -> list[str]:
    """Least exact first; without one that is not named where there are others, for no setting could choose it."""
    return [one for one in reversed(precisions) if one or len(precisions) == 1]


def _models(settings: ModelSettings, cache: Path) -> Iterator[tuple[str, Path]]:
    first = model_store.resolve(settings.asr, "asr", cache)
    yield settings.asr, first
    store = model_store.Store()
    for name in store.names():
        directory = store.find(name)
        if directory.resolve() != first.resolve():
            yield name, directory


def run(choice: Choice, timeout_s: float) -> Speed:
    """Measure a choice in a process of its own; whatever goes wrong there is the result's `problem`."""
    line = [sys.executable, "-P", "-m", "pipeline.measure"]
    environ = os.environ | {"OMP_WAIT_POLICY": "passive", "GGML_NO_BACKTRACE": "1"}  # as the daemon's workers have it
    try:
        done = subprocess.run(
            line, input=msgspec.json.encode(choice), capture_output=True, env=environ, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        return Speed(choice=choice, problem=f"not done within {timeout_s:.0f} s")
    if done.returncode < 0:
        return Speed(choice=choice, problem=f"was killed by {signal.Signals(-done.returncode).name}")
    try:
        return msgspec.json.decode(done.stdout, type=Speed)
    except msgspec.DecodeError:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        return Speed(choice=choice, problem=lines[-1])
