"""The encoder's two graphs, whatever shapes they take: Steno's own and those of other converters.

This file owns how the arrays of a block and of a window are made to fit: filled up, masked. A graph with axes of a
fixed length is run at that length; one that is free may be held to one length for the sake of its provider. It knows
neither sound nor which provider is best.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.config import AudioConfig
from model.errors import ModelError
from model.onnx_session import Session, Shape

Floats = npt.NDArray[np.float32]

MASKED = -1e4
"""Added to the scores of tokens that are not there: nothing is left of them after the softmax, and float16 holds it."""


class Frontend:
    """The convolutions: mel frames -> tokens with positions.

    One block at a time: the range by which int8 quantises is then that of the block alone, whichever others there are.
    Two at once would be no faster.

    Args:
        fixed: hold the graph to the length of a whole block.

    Raises:
        ModelError: the file cannot be loaded, or is another graph than `config` describes.
    """

    def __init__(self, path: Path, config: AudioConfig, threads: int, provider: str, *, fixed: bool) -> None:
        self._config = config
        bins, frames, tokens = config.mel_bins, config.block_frames, config.block_tokens
        lengths = {"batch": 1, "frames": frames, "tokens": tokens} if fixed else None
        self._session = Session(path, threads, provider, lengths)
        _check(self._session, [(1, bins, frames)], (1, tokens, config.width or None))
        self._whole_blocks = fixed or self._session.inputs[0][2] is not None

    def tokens(self, mel: Floats, *, lone: bool) -> Floats:
        """float32[bins, frames] of one block -> float32[tokens, width].

        Args:
            mel: of a whole block, or of what there is of the last one.
            lone: these frames are a whole clip of less than one block. Only a graph of free shape computes it without
                filling it up, as the original does; filled up, its last token differs a little.
        """
        frames = mel.shape[1]
        missing = 0 if lone and not self._whole_blocks else self._config.block_frames - frames
        filled = np.pad(mel, ((0, 0), (0, missing)))
        return np.asarray(self._session.run(filled[None])[0, : self._config.tokens(frames)])


class Backend:
    """The transformer: tokens of one window -> the decoder's embeddings.

    Args:
        fixed: hold the graph to the length of a whole window.

    Raises:
        ModelError: the file cannot be loaded, or is another graph than `config` describes.
    """

    def __init__(self, path: Path, config: AudioConfig, threads: int, provider: str, *, fixed: bool) -> None:
        window = config.tokens(config.n_window_infer)
        self._session = Session(path, threads, provider, {"batch": 1, "tokens": window} if fixed else None)
        _check(
            self._session,
            [(1, None, config.width or None), (1, 1, None, None)],
            (1, None, config.output),
        )
        self._length = self._session.inputs[0][1] or (window if fixed else None)
        if self._length is not None and self._length < window:
            raise ModelError(
                f"{path} takes {self._length} tokens, an attention window has {window}",
                "Fetch or convert the model again.",
            )

    def attend(self, hidden: Floats) -> Floats:
        """float32[tokens, width] -> float32[tokens, d]; every token sees every other."""
        tokens = len(hidden)
        length = self._length or tokens
        # More of the last token, not zeros: the range by which int8 quantises stays that of what is there.
        filled = np.pad(hidden, ((0, length - tokens), (0, 0)), mode="edge")
        mask = np.zeros((1, 1, length, length), dtype=np.float32)
        mask[..., tokens:] = MASKED
        return np.asarray(self._session.run(filled[None], mask)[0, :tokens])


def _check(session: Session, inputs: list[Shape], output: Shape) -> None:
    """Compare a graph with what is expected of it; None fits everything."""
    found = session.inputs
    if len(found) == len(inputs) and all(map(_fits, (*found, session.output), (*inputs, output))):
        return
    expected = f"{', '.join(map(_shown, inputs))} -> {_shown(output)}"
    computes = f"{', '.join(map(_shown, found))} -> {_shown(session.output)}"
    raise ModelError(
        f"{session.path} is not the expected graph: it computes {computes}, not {expected}",
        "Fetch or convert the model again.",
    )


def _fits(found: Shape, expected: Shape) -> bool:
    return len(found) == len(expected) and all(
        one is None or other is None or one == other for one, other in zip(found, expected, strict=True)
    )


def _shown(shape: Shape) -> str:
    return f"[{', '.join(str(axis or '?') for axis in shape)}]"
