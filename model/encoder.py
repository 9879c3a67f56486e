"""The audio encoder: sound in, the decoder's embeddings out.

This file owns the cutting into blocks and attention windows, and the choice of what computes them. Which shapes a graph
takes is `model.encoder_graphs`'s to know. It knows nothing of utterances or of text.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.beat import Beat, check, steady
from model.encoder_graphs import Backend, Frontend
from model.errors import AudioError, ModelError
from model.mel import SAMPLE_RATE, log_mel
from model.onnx_session import FIXED_SHAPES, candidates
from model.package import Package

Floats = npt.NDArray[np.float32]

LEAST_SAMPLES = SAMPLE_RATE // 2
"""Shorter clips are filled up with zeros to half a second, as the original does before anything else."""


class Encoder:
    """The audio tower of one package, loaded.

    Args:
        package: whose frontend and backend to run.
        threads: of the processor's arithmetic; they do not spin while idle.
        provider: what computes: a name of `model.onnx_session.PROVIDERS`, or "auto" for the fastest that works here.
        fixed: give every graph one shape only, filled up and masked; by default where the provider needs it.

    Attributes:
        provider: the name of what computes.
        passed_over: what "auto" would have preferred, and in each case why it does not work here.

    Raises:
        ModelError: a file is no ONNX graph, or not one of these two; the provider that was asked for is not here.
    """

    def __init__(
        self, package: Package, threads: int = 1, provider: str = "auto", *, fixed: bool | None = None
    ) -> None:
        self.config = package.config.audio
        self.passed_over: tuple[str, ...] = ()
        choices = candidates(provider, package.encoder_precision)
        for name in choices:
            self.provider = name
            one_shape = name in FIXED_SHAPES if fixed is None else fixed
            try:
                self._frontend = Frontend(package.frontend, self.config, threads, name, fixed=one_shape)
                self._backend = Backend(package.backend, self.config, threads, name, fixed=one_shape)
            except ModelError as error:
                if name == choices[-1]:
                    raise
                self.passed_over += (f"{name}: {error.message}",)
            else:
                break

    def encode(self, pcm: Floats, beat: Beat = steady) -> Floats:
        """The embeddings of a clip.

        Args:
            pcm: float32[n], mono 16 kHz, in [-1, 1]; filled up with zeros to 0.5 s. No samples give no tokens.
            beat: called before each run of a graph: of the convolutions over a block, of the attention in a window.

        Returns:
            float32[tokens, d]: 13 for each whole second, and as many as the convolutions leave of the rest.

        Raises:
            AudioError: a sample is not finite.
            Cancelled: `beat` asked for it.
            ModelError: the provider failed.
        """
        return self.encode_mel(log_mel(prepared(pcm), self.config.mel_bins), beat)

    def encode_mel(self, mel: Floats, beat: Beat = steady) -> Floats:
        """The embeddings, float32[tokens, d], of a log-mel picture, float32[bins, frames].

        A window depends on nothing outside itself, so that each is computed alone; so does a block.

        Raises:
            Cancelled: `beat` asked for it.
            ModelError: the provider failed.
        """
        size, frames = self.config.block_frames, mel.shape[1]
        lone = frames < size
        windows = [np.empty((0, self.config.output), dtype=np.float32)]
        for start in range(0, frames, self.config.n_window_infer):
            end = min(start + self.config.n_window_infer, frames)
            blocks = [
                self.convolve(mel[:, at : min(at + size, end)], beat, lone=lone) for at in range(start, end, size)
            ]
            windows.append(self.attend(np.concatenate(blocks), beat))
        return np.concatenate(windows)

    def convolve(self, mel: Floats, beat: Beat = steady, *, lone: bool = False) -> Floats:
        """The tokens of one block, float32[tokens, width], before any of them sees another block's.

        The last block of a longer clip is filled up with zeros before the convolutions; a clip of less than one block
        is not: both as in the original.

        Args:
            mel: float32[bins, frames], floored; no more frames than a block has.
            beat: called once, before the graph runs.
            lone: these frames are the whole clip, and less than one block.

        Raises:
            Cancelled: `beat` asked for it.
            ModelError: the provider failed.
        """
        check(beat)
        return self._frontend.tokens(mel, lone=lone)

    def attend(self, hidden: Floats, beat: Beat = steady) -> Floats:
        """The embeddings, float32[tokens, d], of one attention window's blocks, float32[tokens, width].

        Args:
            beat: called once, before the graph runs.

        Raises:
            Cancelled: `beat` asked for it.
            ModelError: the provider failed.
        """
        check(beat)
        return self._backend.attend(hidden)


def prepared(pcm: Floats) -> Floats:
    """A clip as the model wants it: finite, and of no less than 0.5 s unless it is empty.

    Raises:
        AudioError: a sample is not finite.
    """
    if not np.isfinite(pcm).all():
        raise AudioError("the sound contains samples that are no numbers", "Check the file or the device.")
    if 0 < len(pcm) < LEAST_SAMPLES:
        return np.pad(pcm, (0, LEAST_SAMPLES - len(pcm)))
    return pcm
