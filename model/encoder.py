"""The audio encoder: sound in, the decoder's embeddings out.

This file owns the ONNX sessions and the cutting into blocks and attention windows; it is the only importer of
onnxruntime. It knows nothing of utterances or of text.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

# Nothing about the user leaves the machine. Since 1.29 the official builds for Linux send usage events to their maker
# (release notes of onnxruntime-server 1.29.0), unless this is set before the library is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

from model.beat import Beat, check, steady
from model.errors import AudioError, ModelError
from model.mel import SAMPLE_RATE, log_mel
from model.package import Package

Floats = npt.NDArray[np.float32]

LEAST_SAMPLES = SAMPLE_RATE // 2
"""Shorter clips are filled up with zeros to half a second, as the original does before anything else."""
_PROVIDERS = ["CPUExecutionProvider"]
_FATAL_ONLY = 4


class Encoder:
    """The audio tower of one package, loaded.

    Args:
        package: whose frontend and backend to run.
        threads: of the arithmetic; they do not spin while idle.

    Raises:
        ModelError: a file is no ONNX graph, or not one of these two.
    """

    def __init__(self, package: Package, threads: int = 1) -> None:
        self.config = package.config.audio
        self._frontend = _Session(package.frontend, threads, inputs=1)
        self._backend = _Session(package.backend, threads, inputs=2)

    def encode(self, pcm: Floats, beat: Beat = steady) -> Floats:
        """The embeddings of a clip.

        Args:
            pcm: float32[n], mono 16 kHz, in [-1, 1]; filled up with zeros to 0.5 s. No samples give no tokens.
            beat: called before each attention window.

        Returns:
            float32[tokens, d]: 13 for each whole second, and as many as the convolutions leave of the rest.

        Raises:
            AudioError: a sample is not finite.
            Cancelled: `beat` asked for it.
        """
        return self.encode_mel(log_mel(prepared(pcm), self.config.mel_bins), beat)

    def encode_mel(self, mel: Floats, beat: Beat = steady) -> Floats:
        """The embeddings, float32[tokens, d], of a log-mel picture, float32[bins, frames].

        A window depends on nothing outside itself, so that each is computed alone. The last block of a longer clip is
        filled up with zeros before the convolutions; a clip of less than one block is not: both as in the original.

        Raises:
            Cancelled: `beat` asked for it.
        """
        windows = [np.empty((0, self.config.output), dtype=np.float32)]
        frames = mel.shape[1]
        for start in range(0, frames, self.config.n_window_infer):
            check(beat)
            stop = min(frames, start + self.config.n_window_infer)
            hidden = self._convolve(mel[:, start:stop], lone=frames < self.config.block_frames)
            windows.append(self._attend(hidden))
        return np.concatenate(windows)

    def _convolve(self, mel: Floats, *, lone: bool) -> Floats:
        """float32[bins, frames] of one window -> float32[tokens, width]."""
        bins, frames = mel.shape
        size = self.config.block_frames
        if lone and not self._frontend.fixed(axis=2):
            return np.asarray(self._frontend.run(np.ascontiguousarray(mel[None]))[0])
        count = -(-frames // size)
        blocks = np.zeros((bins, count * size), dtype=np.float32)
        blocks[:, :frames] = mel
        batch = np.ascontiguousarray(blocks.reshape(bins, count, size).transpose(1, 0, 2))
        if self._frontend.fixed(axis=0):
            hidden = np.concatenate([self._frontend.run(batch[i : i + 1]) for i in range(count)])
        else:
            hidden = self._frontend.run(batch)
        return hidden.reshape(-1, hidden.shape[-1])[: self.config.tokens(frames)]

    def _attend(self, hidden: Floats) -> Floats:
        """float32[tokens, width] of one window -> float32[tokens, d]; everything in it sees everything."""
        tokens = len(hidden)
        mask = np.zeros((1, 1, tokens, tokens), dtype=np.float32)
        return np.asarray(self._backend.run(np.ascontiguousarray(hidden[None]), mask)[0])


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


class _Session:
    """One graph; its inputs go by their order, since other exporters name them as they like."""

    def __init__(self, path: Path, threads: int, inputs: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = _FATAL_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=_PROVIDERS)
        except Exception as error:  # onnxruntime raises a dozen types of its own for a bad file
            reason = str(error).splitlines()[0]
            raise ModelError(f"{path} cannot be loaded: {reason}", "Convert or fetch the model again.") from error
        self._inputs = self._session.get_inputs()
        self._output = self._session.get_outputs()[0].name
        if len(self._inputs) != inputs:
            names = ", ".join(one.name for one in self._inputs)
            raise ModelError(f"{path} takes {names}: not the expected graph", "Convert or fetch the model again.")

    def fixed(self, axis: int) -> bool:
        """Whether the graph takes only one length along this axis of its first input."""
        return isinstance(self._inputs[0].shape[axis], int)

    def run(self, *arrays: Floats) -> Floats:
        """The first output."""
        feed = {one.name: array for one, array in zip(self._inputs, arrays, strict=True)}
        return np.asarray(self._session.run([self._output], feed)[0], dtype=np.float32)
