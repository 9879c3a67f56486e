"""Sound to text with a network in PyTorch: greedy, many clips at once.

This file owns the loading of a checkpoint, the batches and the loop over tokens. The conversation around the sound and
the reading of the answer are the program's own, `model.prompt`. Each step computes the whole row again: the decoder is
small, and a row that is never cached cannot be cached wrongly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor

from model.errors import ModelError
from model.miniature.recipe.evaluation.tokens import Tokens
from model.miniature.recipe.sound.warp import LogMel, filters
from model.miniature.recipe.training import state
from model.miniature.recipe.training.audio_tower import BLOCK, tokens_of
from model.miniature.recipe.training.network import Network
from model.prompt import Prompt

Clip = npt.NDArray[np.int16]

HOP = 160
"""Samples of a frame."""
LEAST_SAMPLES = 8_000
"""A shorter clip is filled up with zeros, as the program does."""
BATCH_SECONDS = {"cuda": 1_500, "cpu": 60}
"""Sound of a batch with its padding."""
_MOST_ROWS = 256
_TOKENS = 32
_TOKENS_A_SECOND = 16
"""An answer has no more tokens than this; Mandarin, with up to three for an ideograph, comes nearest."""
_LOOK = 8
"""Steps between two looks which rows are done; each look waits for the GPU."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The answer for one clip."""

    language: str
    """Empty for none."""
    text: str
    tokens: tuple[int, ...]
    """With the forced ones, without the end."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A checkpoint, ready to compute."""

    network: Network
    config: dict[str, Any]
    tokens: Tokens
    mel: LogMel
    device: torch.device

    @property
    def window(self) -> int:
        """Seconds of an attention window, as the config says."""
        return int(self.config["thinker_config"]["audio_config"]["n_window_infer"]) // BLOCK


def load(path: Path, device: torch.device, tokenizer: Path | None = None) -> Loaded:
    """A checkpoint's directory in the shipped layout, or KIND.state of a training run, KIND.config.json beside it.

    Args:
        tokenizer: directory of tokenizer.json; the checkpoint's own where not given.

    Raises:
        ModelError: a file is missing, or the weights are not those that the config describes.
    """
    weights = path / "model.safetensors"
    described = path / "config.json" if weights.is_file() else path.with_suffix(".config.json")
    try:
        found = load_file(weights) if weights.is_file() else state.weights(path)
        config = json.loads(described.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"the checkpoint {path} cannot be read: {error}", "Give a directory with one.") from error
    network = Network(config)
    own = network.state_dict()
    if {name: tensor.shape for name, tensor in found.items()} != {name: tensor.shape for name, tensor in own.items()}:
        raise ModelError(f"{path} has not the tensors that {described} describes", "Are they of the same run?")
    # As they are shipped: a training run's weights go through float16 here as well.
    network.load_state_dict({name: tensor.half().float() for name, tensor in found.items()})
    mel = LogMel(filters(1)).to(device)
    return Loaded(network.to(device).eval(), config, Tokens(tokenizer or path), mel, device)


class Listener:
    """What hears clips with one network.

    Args:
        loaded: the transcriber's checkpoint.
        most: tokens of an answer, however long the sound is; None for as many as the sound may need.
    """

    def __init__(self, loaded: Loaded, most: int | None = None) -> None:
        self.loaded = loaded
        self._most = most
        self._device = loaded.device
        self._network = loaded.network
        self.tokens = loaded.tokens
        thinker = loaded.config["thinker_config"]
        self.prompt = Prompt(self.tokens, thinker["audio_start_token_id"], thinker["audio_end_token_id"])
        self._ends = torch.tensor([self.tokens.control(name) for name in ("<|im_end|>", "<|endoftext|>")]).to(
            self._device
        )

    def hear(
        self,
        clips: Sequence[Clip],
        contexts: Sequence[str] = (),
        forced: Sequence[Sequence[int]] = (),
        window: int = 0,
    ) -> list[Heard]:
        """Transcribe.

        Args:
            clips: int16[n] each, 16 kHz.
            contexts: of the system turn, one for each clip; none means empty ones.
            forced: tokens that each answer begins with; none means none.
            window: seconds of an attention window; 0 is the config's.
        """
        answers: list[tuple[int, ...]] = [()] * len(clips)
        begins = [tuple(forced[index]) if forced else () for index in range(len(clips))]
        for batch in batches([len(clip) for clip in clips], BATCH_SECONDS[self._device.type]):
            ahead = [self.prompt.prefix(contexts[index] if contexts else "") for index in batch]
            sound, lengths = encoded(self.loaded, [clips[index] for index in batch], window)
            most = _TOKENS + _TOKENS_A_SECOND * max(len(clips[index]) for index in batch) // 16_000
            most = min(most, self._most or most)
            behind = [[*self.prompt.suffix, *begins[index]] for index in batch]
            for index, found in zip(batch, self._answer(ahead, sound, lengths, behind, most), strict=True):
                answers[index] = (*begins[index], *found)
        return [self._read(tokens) for tokens in answers]

    def _read(self, tokens: tuple[int, ...]) -> Heard:
        answer = self.prompt.parse(tokens, self.tokens.piece)
        return Heard(answer.language, answer.text, tokens)

    @torch.inference_mode()
    def _answer(
        self, ahead: list[list[int]], sound: Tensor, lengths: list[int], behind: list[list[int]], most: int
    ) -> Iterator[list[int]]:
        """The tokens after `ahead`, sound and `behind` of each row, up to the end."""
        filled = [len(a) + n + len(b) for a, n, b in zip(ahead, lengths, behind, strict=True)]
        rows = laid_out(self._network, ahead, sound, lengths, behind, max(filled) + most)
        at = torch.tensor(filled, device=self._device)
        alive = torch.arange(len(filled), device=self._device)
        done = torch.zeros_like(alive, dtype=torch.bool)
        said = torch.full((len(filled), most), int(self._ends[0]), device=self._device)
        longest = max(filled)
        for step in range(most):
            row = torch.arange(len(alive), device=self._device)
            hidden = self._network.decode(rows[:, :longest])[row, at - 1]
            token = torch.where(done, self._ends[0], self._network.head(hidden).argmax(-1))
            said[alive, step] = token
            done |= torch.isin(token, self._ends)
            rows[row, at] = self._network.embed(token)
            at, longest = at + 1, longest + 1
            if step % _LOOK == _LOOK - 1:
                rows, at, alive, done = rows[~done], at[~done], alive[~done], done[~done]
                if not len(alive):
                    break
                longest = int(at.max())
        ends = set(self._ends.tolist())
        for tokens in said.tolist():
            stop = next((index for index, token in enumerate(tokens) if token in ends), len(tokens))
            yield tokens[:stop]


def batches(samples: Sequence[int], seconds: int) -> list[list[int]]:
    """Indices of clips, like with like, in groups that fill at most so many seconds with their padding."""
    groups: list[list[int]] = []
    for index in sorted(range(len(samples)), key=lambda one: (samples[one], one)):
        # The longest of a group is the newest: clips come by length.
        padded = -(-max(samples[index], 1) // 16_000)
        if groups and len(groups[-1]) < _MOST_ROWS and padded * (len(groups[-1]) + 1) <= seconds:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


@torch.inference_mode()
def encoded(loaded: Loaded, clips: Sequence[Clip], window: int = 0) -> tuple[Tensor, list[int]]:
    """The embeddings of some clips, [B, T, d], and how many of each are its own."""
    longest = max(*(len(clip) for clip in clips), LEAST_SAMPLES)
    sound = np.zeros((len(clips), -(-longest // 16_000) * 16_000), np.float32)
    for row, clip in zip(sound, clips, strict=True):
        row[: len(clip)] = clip / np.float32(32_768.0)
    frames = torch.tensor([max(len(clip), LEAST_SAMPLES) // HOP for clip in clips], device=loaded.device)
    picture = loaded.mel(torch.from_numpy(sound).to(loaded.device), frames, torch.zeros_like(frames))
    embeddings, _ = loaded.network.encode(picture, frames, window or loaded.window)
    return embeddings, tokens_of(frames).tolist()


@torch.inference_mode()
def laid_out(
    network: Network,
    ahead: Sequence[Sequence[int]],
    sound: Tensor,
    lengths: Sequence[int],
    behind: Sequence[Sequence[int]],
    room: int,
) -> Tensor:
    """Rows of embeddings, [B, room, d]: tokens, sound, tokens, and then whatever: attention is causal."""
    ids = torch.zeros((len(ahead), room), dtype=torch.int64)
    for row, before, length, after in zip(ids, ahead, lengths, behind, strict=True):
        begin = len(before) + length
        row[: len(before)] = torch.tensor(before)
        row[begin : begin + len(after)] = torch.tensor(after)
    rows = network.embed(ids.to(sound.device)).clone()
    for row, before, length, heard in zip(rows, ahead, lengths, sound, strict=True):
        row[len(before) : len(before) + length] = heard[:length]
    return rows
