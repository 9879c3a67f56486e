"""Run the official implementation on random small checkpoints and keep what it says, for the tests to compare with.

This file owns the golden data beside it, random.npz and random.json. The checkpoints are those of random_cases.py:
both layouts, one file and several, all number formats, several layer counts, attention windows and groups of heads.

A checkpoint in the native layout is loaded by `transformers` from the written directory itself: config, tokenizer,
processor and tensors. For one in the original layout, config and names are translated as in make_golden.py, whose notes
on short clips and windows hold here too.

Run it anew only when the cases change, in the environment that make_golden.py describes:

    PYTHONPATH=. reference/bin/python tests/golden/make_random_golden.py
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors.torch import load_file
from transformers import (
    AutoTokenizer,
    Qwen3ASRForConditionalGeneration,
    Qwen3ASRForTokenClassification,
    Qwen3ASRProcessor,
    WhisperFeatureExtractor,
)

from benchmarks.checkpoint_dimensions import MEL_BINS, SEGMENT_MS
from model.words import units
from tests.golden.make_golden import Reference, _native
from tests.golden.random_cases import CASES, SOUNDS, STRIDE, TEXT, Case, sound

HERE = Path(__file__).parent
LEAST_MARGINS = {"asr": 0.05, "aligner": 0.01}
"""Between the likeliest token or class and the next: less, and rounding might decide. Then choose another seed."""
PROMPT = (
    "<|im_start|>system\n<|im_end|>\n<|im_start|>user\n<|audio_start|><|audio_pad|><|audio_end|><|im_end|>\n"
    "<|im_start|>assistant\n"
)


class RandomReference(Reference):
    """One random checkpoint in the native implementation."""

    def __init__(self, case: Case, directory: Path) -> None:
        case.write(directory)
        self.config = json.loads((directory / "config.json").read_text())
        self.features = WhisperFeatureExtractor(feature_size=MEL_BINS)
        aligner = case.dimensions.kind == "aligner"
        if case.layout == "native":
            processor = Qwen3ASRProcessor.from_pretrained(directory)
            assert processor.timestamp_segment_time == SEGMENT_MS
            assert processor.audio_token_id == self.config["audio_token_id"]
            self.tokenizer = processor.tokenizer
            kind = Qwen3ASRForTokenClassification if aligner else Qwen3ASRForConditionalGeneration
            self.model, loaded = kind.from_pretrained(directory, dtype=torch.float32, output_loading_info=True)
            assert not any(loaded.values()), loaded
            self.head = self.model.score.weight if aligner else None
        else:
            self.tokenizer = AutoTokenizer.from_pretrained(directory)
            self._load_original(directory)
        self.model.eval()

    def _load_original(self, directory: Path) -> None:
        self.thinker = self.config["thinker_config"]
        stored = {name: value for path in directory.glob("*.safetensors") for name, value in load_file(path).items()}
        tensors = {_native(name): value.float() for name, value in stored.items()}
        self.head = tensors.pop("lm_head.weight")
        self.model = Qwen3ASRForConditionalGeneration(self._native_config())
        result = self.model.load_state_dict(tensors, strict=False)
        assert not result.unexpected_keys, result
        assert set(result.missing_keys) <= {"lm_head.weight"}, result

    def encode_in_full(self, mel: torch.Tensor) -> torch.Tensor:
        """[tokens, d] as they would be if every token saw the whole clip."""
        picture, mask = self.blocks(mel)
        whole = torch.tensor([0, len(self.encode(mel))], dtype=torch.int32)
        out = self.model.model.get_audio_features(picture, mask, return_dict=True, cu_seqlens=whole)
        return out.pooler_output

    def final(self, mel: torch.Tensor, prompt: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids of a prompt with the sound in it, and the decoder's final hidden states.

        The sound is put in its place here, as the model's own `forward` does it, which cannot be told the window of a
        lone short block.
        """
        sound = self.encode(mel)
        text = prompt.replace("<|audio_pad|>", "<|audio_pad|>" * len(sound))
        ids = torch.tensor(self.tokenizer(text).input_ids)
        core = self.model.model
        embedded = core.get_input_embeddings()(ids)
        embedded[ids == core.config.audio_token_id] = sound
        return ids, core.language_model(inputs_embeds=embedded[None]).last_hidden_state[0]

    def first_logits(self, mel: torch.Tensor) -> torch.Tensor:
        """[vocabulary]."""
        return self.model.lm_head(self.final(mel, PROMPT)[1][-1])

    def class_logits(self, mel: torch.Tensor) -> torch.Tensor:
        """[slots, classes]."""
        prompt = "<|audio_start|><|audio_pad|><|audio_end|>"
        prompt += "".join(f"{unit.text}<timestamp><timestamp>" for unit in units(TEXT, "English"))
        ids, hidden = self.final(mel, prompt)
        return hidden[ids == self.tokenizer.convert_tokens_to_ids("<timestamp>")] @ self.head.T


def best(logits: torch.Tensor, kind: str) -> list[int]:
    """The likeliest of each row, by a clear margin."""
    first, second = logits.topk(2, dim=-1).values.unbind(-1)
    margin = float((first - second).min())
    assert margin > LEAST_MARGINS[kind], margin
    return [int(one) for one in logits.argmax(-1)]


def record(name: str, case: Case, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Everything about one checkpoint."""
    about: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as place:
        reference = RandomReference(case, Path(place))
        for clip in SOUNDS:
            mel = reference.mel(sound(clip))
            arrays[f"{name}/{clip}/encoder"] = reference.encode(mel)[::STRIDE].numpy()
            if case.dimensions.kind == "aligner":
                about[clip] = {"classes": best(reference.class_logits(mel), "aligner")}
            else:
                logits = reference.first_logits(mel)
                arrays[f"{name}/{clip}/logits"] = logits.numpy()
                about[clip] = {"argmax": best(logits[None], "asr")[0]}
        arrays[f"{name}/35s/full"] = reference.encode_in_full(mel)[::STRIDE].numpy()
    return about


def main() -> None:
    """Write both files."""
    torch.set_num_threads(1)
    arrays: dict[str, np.ndarray] = {}
    about: dict[str, Any] = {"transformers": transformers.__version__, "torch": torch.__version__}
    about["cases"] = {name: record(name, case, arrays) for name, case in CASES.items()}
    np.savez_compressed(HERE / "random.npz", **arrays)  # type: ignore[arg-type]
    (HERE / "random.json").write_text(json.dumps(about, indent=1) + "\n")
    for name in CASES:
        windows, full = arrays[f"{name}/35s/encoder"], arrays[f"{name}/35s/full"]
        sys.stdout.write(f"{name}: windows and full attention differ by {np.abs(windows - full).max():.3f}\n")


if __name__ == "__main__":
    with torch.inference_mode():
        main()
