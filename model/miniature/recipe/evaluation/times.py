"""Word times with an aligner in PyTorch, many clips at once.

This file owns the aligner's rows and the reading of its slots, which are those of `model/aligner.py`.

Source: `Qwen3ForcedAligner` of the qwen_asr package.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from model.miniature.recipe.evaluation.decode import BATCH_SECONDS, Clip, Loaded, batches, encoded, laid_out
from model.miniature.recipe.evaluation.repair import repaired
from model.words import units

Floats = npt.NDArray[np.float64]


class Aligner:
    """What finds the times of words with one network.

    Args:
        loaded: the aligner's checkpoint.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        thinker = loaded.config["thinker_config"]
        self._begin: int = thinker["audio_start_token_id"]
        self._end: int = thinker["audio_end_token_id"]
        self._slot: int = loaded.config["timestamp_token_id"]
        self._segment_ms: int = loaded.config["timestamp_segment_time"]

    def align(self, clips: Sequence[Clip], words: Sequence[Sequence[str]], language: Sequence[str]) -> list[Floats]:
        """Starts and ends in seconds, float64[words, 2] for each clip.

        Args:
            clips: int16[n] each, 16 kHz.
            words: of each clip, as written. One that is several units to the aligner lasts from the first to the last;
                one that is none gets no number (NaN).
            language: of each clip.
        """
        found: list[Floats] = [np.empty((0, 2))] * len(clips)
        for batch in batches([len(clip) for clip in clips], BATCH_SECONDS[self._loaded.device.type]):
            cut = [[[unit.text for unit in units(word, language[i])] for word in words[i]] for i in batch]
            times = self._times([clips[i] for i in batch], [[unit for word in one for unit in word] for one in cut])
            for index, one, spans in zip(batch, cut, times, strict=True):
                found[index] = _by_word(spans, [len(word) for word in one])
        return found

    @torch.inference_mode()
    def _times(self, clips: Sequence[Clip], cut: Sequence[Sequence[str]]) -> list[Floats]:
        """float64[units, 2] seconds of each clip."""
        loaded = self._loaded
        sound, lengths = encoded(loaded, clips)
        behind = [[self._end, *self._slots(one)] for one in cut]
        room = max(1 + length + len(after) for length, after in zip(lengths, behind, strict=True))
        rows = laid_out(loaded.network, [[self._begin]] * len(clips), sound, lengths, behind, room)
        classes = loaded.network.head(loaded.network.decode(rows)).argmax(-1).cpu().numpy()
        found = []
        for row, clip, length, after in zip(classes, clips, lengths, behind, strict=True):
            slots = [1 + length + place for place, token in enumerate(after) if token == self._slot]
            times = repaired([int(one) * self._segment_ms for one in row[slots]])
            seconds = np.minimum(np.array(times, np.float64) / 1000.0, len(clip) / 16_000)
            found.append(seconds.reshape(-1, 2))
        return found

    def _slots(self, cut: Sequence[str]) -> list[int]:
        return [token for unit in cut for token in (*self._loaded.tokens.tokenise(unit), self._slot, self._slot)]


def _by_word(spans: Floats, counts: Sequence[int]) -> Floats:
    ends = np.cumsum(counts)
    rows = [
        (spans[end - count, 0], spans[end - 1, 1]) if count else (np.nan, np.nan)
        for end, count in zip(ends, counts, strict=True)
    ]
    return np.array(rows, np.float64).reshape(-1, 2)
