"""One step of learning: the sound of a batch spoilt, heard, answered, and compared with what was said.

This file owns the losses and the schedule. It knows nothing of files or processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.miniature.recipe.sound.mask import masked
from model.miniature.recipe.sound.spoil import spoil
from model.miniature.recipe.sound.warp import LogMel, filters, identity
from model.miniature.recipe.training.audio_tower import tokens_of
from model.miniature.recipe.training.batches import CLASSES, Batch
from model.miniature.recipe.training.compose import HOP
from model.miniature.recipe.training.gather import Buffer
from model.miniature.recipe.training.graphs import Graphs
from model.miniature.recipe.training.looking import within_loss
from model.miniature.recipe.training.network import Network
from model.miniature.recipe.training.optimiser import Optimiser

_WINDOWS = (1, 2, 4, 8, 8)
"""Seconds of the attention's windows; one is drawn for each step."""
WARM_UP, COOL_DOWN = 0.015, 0.25
"""Where in the schedule the learning rate is at its highest, and where it begins to fall."""
_FULL_SPOIL, _LESS_SPOIL, _LAST_SPOIL = 0.15, 0.7, 0.85
"""Where noise, rooms and the like reach full strength, where they begin to lose it, and what is left at the end."""
_MASKED = 0.3
"""Of the utterances, with parts of their picture hidden."""
_WARPS, _UNWARPED = 41, 0.35
"""Vocal tracts, and the share of the utterances that keep their own."""
_INHERITED = 0.4
"""Of the learning rates for the aligner: what it has inherited would be lost at the full ones."""
_INNER = {"asr": ((0.0, 0.5), (0.3, 0.3), (0.6, 0.15)), "aligner": ((0.0, 1.0), (0.2, 0.5), (0.6, 0.2))}
"""Weight of the inner loss from there on."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Of one step, on the device."""

    labels: Tensor
    """Cross entropy of a label, in nats."""
    inner: Tensor
    """What the audio tower knows of the text: connectionist temporal classification, nats for each token. Of an
    aligner, what `looking.py` teaches."""
    right: Tensor
    """Share of the labels that were likeliest."""
    norm: Tensor
    """Of the gradient."""


class Learner:
    """A network that learns.

    Args:
        network: on its device.
        seed: of the run: a step's randomness depends on it and the step's number alone.
        background: int16[K] on the device: sound for the noise.
    """

    def __init__(self, network: Network, seed: int, background: Tensor) -> None:
        self.network = network
        self._graphs = Graphs(network)
        self._device = background.device
        self._seed = seed
        self._background = background
        self._log_mel = LogMel(filters(_WARPS)).to(self._device)
        text = network.config["thinker_config"]["text_config"]
        self._aligner = "classify_num" in network.config["thinker_config"]
        if self._aligner:
            inner = nn.Linear(text["hidden_size"], CLASSES)
        else:
            # Row 0 is the blank; the others are the vocabulary's.
            inner = nn.Linear(network.config["thinker_config"]["audio_config"]["d_model"], text["vocab_size"] + 1)
        self._inner_head = inner.to(self._device)
        self._type = torch.bfloat16 if self._device.type == "cuda" else torch.float32
        self.optimiser = Optimiser(self._trained())

    def _trained(self) -> dict[str, nn.Parameter]:
        own = dict(self.network.named_parameters())
        return own | {f"inner_head.{name}": one for name, one in self._inner_head.named_parameters()}

    def tensors(self) -> dict[str, Tensor]:
        """All that a resumed run needs."""
        found = {f"weight.{name}": tensor for name, tensor in self.network.state_dict().items()}
        found |= {f"inner_head.{name}": tensor for name, tensor in self._inner_head.state_dict().items()}
        return found | self.optimiser.state()

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Go on from `tensors()`."""
        for prefix, module in (("weight.", self.network), ("inner_head.", self._inner_head)):
            module.load_state_dict({n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)})
        self.optimiser.load(tensors)

    def step(self, number: int, progress: float, batch: Batch, buffer: Buffer) -> Losses:
        """Learn from a batch. Args: progress: how far the run is, 0 to 1."""
        torch.manual_seed(hash((self._seed, number)))
        with torch.no_grad():
            mel, frames = self._heard(progress, batch, buffer)
        window = Random(f"{self._seed}/window/{number}").choice(_WINDOWS)
        ids, begin = self._to(batch.ids), self._to(batch.begin)
        hidden, within = self._graphs(mel, frames, ids, begin, min(window, batch.seconds))
        labels = self._to(batch.labels)
        logits = self.network.head(hidden.flatten(0, 1)[self._to(batch.places)]).float()
        loss = functional.cross_entropy(logits, labels)
        if self._aligner:
            slots = self._to(batch.places), labels
            inner = within_loss(self.network, self._inner_head, within, ids, frames, begin, *slots)
        else:
            inner = self._text_loss(within[0], batch)
        (loss + inner_weight("aligner" if self._aligner else "asr", progress) * inner).backward()
        norm = self.optimiser.step(rate(progress) * (_INHERITED if self._aligner else 1.0))
        right = (logits.argmax(1) == labels).float().mean()
        return Losses(loss.detach(), inner.detach(), right, norm)

    def _heard(self, progress: float, batch: Batch, buffer: Buffer) -> tuple[Tensor, Tensor]:
        """Log-mel [B, 128, 100 S] in the type to compute in, and frames int64[B]."""
        sound = buffer.gather(batch)
        samples = self._to(batch.samples)
        strength = torch.full((), spoiling(progress), device=self._device)
        sound = spoil(sound, samples, self._to(batch.spoken), self._background, strength)
        frames = samples // HOP
        drawn = torch.randint(0, _WARPS, (len(frames),), device=self._device)
        as_it_is = torch.rand(len(frames), device=self._device) < _UNWARPED
        mel = self._log_mel(sound, frames, torch.where(as_it_is, identity(_WARPS), drawn))
        return (mel if self._aligner else masked(mel, frames, _MASKED)).to(self._type), frames

    def _text_loss(self, tower: Tensor, batch: Batch) -> Tensor:
        likelihoods = self._inner_head(tower.float()).log_softmax(2).transpose(0, 1)
        heard = self._to(batch.heard) + 1
        # Lengths stay on the processor: asking the device for them would wait for all that it has still to do.
        lengths, tokens = torch.from_numpy(batch.heard_lengths), tokens_of(torch.from_numpy(batch.samples // HOP))
        found = functional.ctc_loss(likelihoods, heard, tokens, lengths, reduction="none", zero_infinity=True)
        return found.sum() / max(1, int(lengths.sum()))

    def _to(self, array: object) -> Tensor:
        return torch.as_tensor(array).to(self._device, non_blocking=True)


def rate(progress: float) -> float:
    """Of the highest learning rates: up at the beginning, level, then straight down to nothing."""
    if progress < WARM_UP:
        return max(progress / WARM_UP, 0.01)
    return min(1.0, max(0.0, (1.0 - progress) / (1.0 - COOL_DOWN)))


def spoiling(progress: float) -> float:
    """Strength of noise, rooms and the like: from nothing to full, and at the end somewhat less again."""
    beyond = max(0.0, progress - _LESS_SPOIL) / (1.0 - _LESS_SPOIL)
    return min(1.0, progress / _FULL_SPOIL) * (1.0 - (1.0 - _LAST_SPOIL) * beyond)


def inner_weight(kind: str, progress: float) -> float:
    """Of the inner loss. Args: kind: "asr" or "aligner"."""
    return [weight for begin, weight in _INNER[kind] if progress >= begin][-1]
