"""Run the official implementation on the miniature and keep what it says, for the tests to compare with.

This file owns the golden data beside it, reference.npz and reference.json; nothing of Steno's code runs here but the
cutting of words, which has no official counterpart without further dictionaries.

The reference is the native Qwen3-ASR of `transformers` (5.24, torch 2.13, float32 on the CPU): its modules for the
encoder, its `generate` for the decoder, its attention by windows. The original `qwen_asr` package attends over the
whole clip on the CPU, and by windows only with flash-attention, which is how the model is meant; so the native one is
the truth here. Three things follow the original package, where native differs from it:

- prompts are the checkpoint's chat template and the aligner's bare prompt, put together as strings;
- a clip of less than one convolution block is not filled up with zeros before the convolutions: the native encoder is
  told that a block is as long as the clip;
- log-mel is `WhisperFeatureExtractor`'s (native's own is the same formula, then filled up to whole blocks).

Run it anew only when the miniature changes, in an environment of its own:

    python -m venv reference && reference/bin/pip install torch transformers numpy
    PYTHONPATH=. reference/bin/python tests/golden/make_golden.py
"""

from __future__ import annotations

import json
import sys
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import Qwen3ASRConfig, Qwen3ASRForConditionalGeneration, WhisperFeatureExtractor
from transformers.models.qwen3_asr.processing_qwen3_asr import (
    _fix_timestamps,
    _parse_single_output,
)

from model.words import units

HERE = Path(__file__).parent
MINIATURE = HERE.parents[1] / "model" / "miniature"
BLOCK = 100
SHORTEST = 8_000
NEW_TOKENS = 256

SOUND_GOLDEN = ("01_short_seen", "02_dictation_seen", "11_silence", "12_long")
"""Recordings whose log-mel and encoder output are kept: short, just over one window, silent, over two windows."""
MEL_STRIDE = {"02_dictation_seen": 8, "12_long": 8}
"""Of the long ones only every 8th frame is kept, for size."""
SHORT_CLIPS = {"clip_600ms": (14_400, 24_000), "clip_300ms": (14_400, 19_200)}
"""Pieces of 01 of less than one block: [from, to) in samples."""
CONTEXT = "Zelvario, Kethrun, Brindlemoor"
LONG_CONTEXT = "A conversation about travel.\nNames: Boston, Margaret <b>& sons</b>; 5:30 PM?"
OTHER_CONTEXT = "Orvanthel, Tressick, Quillhaven"
"""Names that nobody says."""
VARIANTS = (
    ("08_names_context", CONTEXT, ""),
    ("07_numbers_seen", LONG_CONTEXT, ""),
    ("01_short_seen", "", "English"),
    ("08_names_context", CONTEXT, "English"),
    ("11_silence", "", "English"),
    ("12_long", "", "English"),
    ("08_names_context", OTHER_CONTEXT, ""),
    ("12_long", CONTEXT, ""),
)
"""(recording, context, forced language), decoded besides all recordings without either. To these come, for each
recording that says to be of another language than English, that language forced, English forced, and it forced on 01.
"""


class Reference:
    """One checkpoint in the native implementation."""

    def __init__(self, kind: str) -> None:
        directory = MINIATURE / kind
        self.config = json.loads((directory / "config.json").read_text())
        self.ends = json.loads((directory / "generation_config.json").read_text())["eos_token_id"]
        self.tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        self.features = WhisperFeatureExtractor.from_pretrained(directory)
        self.thinker = self.config["thinker_config"]
        tensors = {_native(name): value.float() for name, value in load_file(directory / "model.safetensors").items()}
        self.head = tensors.pop("lm_head.weight", None)
        self.model = Qwen3ASRForConditionalGeneration(self._native_config()).eval()
        result = self.model.load_state_dict(tensors, strict=False)
        assert not result.unexpected_keys, result
        assert set(result.missing_keys) <= {"lm_head.weight"}, result

    def _native_config(self) -> Qwen3ASRConfig:
        audio = {k: v for k, v in self.thinker["audio_config"].items() if k not in ("model_type", "_name_or_path")}
        text = {k: v for k, v in self.thinker["text_config"].items() if k not in ("model_type", "rope_scaling")}
        text["rope_parameters"] = {"rope_type": "default", "rope_theta": text.pop("rope_theta")}
        return Qwen3ASRConfig(
            audio_config=audio,
            text_config={"model_type": "qwen3", **text},
            audio_token_id=self.thinker["audio_token_id"],
        )

    def mel(self, pcm: np.ndarray) -> torch.Tensor:
        """[1, 128, frames]; clips under 0.5 s are filled up first."""
        pcm = np.pad(pcm, (0, max(0, SHORTEST - len(pcm))))
        out = self.features(pcm, sampling_rate=16_000, padding=True, truncation=False, return_tensors="pt")
        return out["input_features"]

    def blocks(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The picture filled up to whole blocks, and the mask of its real frames."""
        frames = mel.shape[2]
        tower = self.model.model.audio_tower
        block = frames if frames < BLOCK else BLOCK
        tower.n_window = block // 2
        assert block % 2 == 0
        rest = -frames % block
        mask = torch.cat([torch.ones(1, frames), torch.zeros(1, rest)], dim=1).long()
        return torch.nn.functional.pad(mel, (0, rest)), mask

    def encode(self, mel: torch.Tensor) -> torch.Tensor:
        """[tokens, d]."""
        picture, mask = self.blocks(mel)
        tokens = mel.shape[2]
        for _ in range(3):
            tokens = (tokens + 1) // 2
        # Native counts 13 tokens for a whole block of any length: tell it the one window of a lone short block.
        window = {"cu_seqlens": torch.tensor([0, tokens], dtype=torch.int32)} if mel.shape[2] < BLOCK else {}
        return self.model.model.get_audio_features(picture, mask, return_dict=True, **window).pooler_output

    def ids(self, text: str, tokens: int) -> torch.Tensor:
        """Token ids of a prompt in which <|audio_pad|> stands once."""
        encoded = self.tokenizer.encode(text.replace("<|audio_pad|>", "<|audio_pad|>" * tokens))
        return torch.tensor([encoded.ids])

    def answer(self, pcm: np.ndarray, context: str, language: str) -> dict[str, Any]:
        """Greedy decoding from scratch: ids of the answer after the prompt, first logits, text."""
        picture, mask = self.blocks(self.mel(pcm))
        template = "<|im_start|>system\n{}<|im_end|>\n<|im_start|>user\n<|audio_start|><|audio_pad|><|audio_end|>"
        prompt = template.format(context) + "<|im_end|>\n<|im_start|>assistant\n"
        tag = f"language {language}<asr_text>" if language else ""
        ids = self.ids(prompt + tag, len(self.encode(self.mel(pcm))))
        logits = self.model(input_ids=ids, input_features=picture, input_features_mask=mask).logits[0, -1]
        out = self.model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            input_features=picture,
            input_features_mask=mask,
            max_new_tokens=NEW_TOKENS,
            do_sample=False,
            eos_token_id=self.ends,
            pad_token_id=self.ends[-1],
        )
        tokens = [token for token in out[0, ids.shape[1] :].tolist() if token not in self.ends]
        tokens = self.tokenizer.encode(tag).ids + tokens if tag else tokens
        parsed = _parse_single_output(self.tokenizer.decode(tokens, skip_special_tokens=False))
        return {
            "context": context,
            "forced_language": language,
            "tokens": tokens,
            "language": parsed["language"] or "",
            "text": parsed["transcription"],
            "logits": logits,
        }

    def align(self, pcm: np.ndarray, text: str, language: str) -> dict[str, Any]:
        """Classes of the slots, and the repaired times in seconds."""
        words = [unit.text for unit in units(text, language)]
        if not words:
            return {"text": text, "words": [], "classes": [], "times": []}
        prompt = "<|audio_start|><|audio_pad|><|audio_end|>"
        prompt += "".join(f"{word}<timestamp><timestamp>" for word in words)
        picture, mask = self.blocks(self.mel(pcm))
        ids = self.ids(prompt, len(self.encode(self.mel(pcm))))
        out = self.model.model(input_ids=ids, input_features=picture, input_features_mask=mask)
        classes = (out.last_hidden_state[0] @ self.head.T).argmax(-1)[ids[0] == self.config["timestamp_token_id"]]
        fixed = _fix_timestamps((classes.float() * self.config["timestamp_segment_time"]).numpy())
        return {
            "text": text,
            "words": words,
            "classes": classes.tolist(),
            "times": [round(time / 1000.0, 3) for time in fixed],
        }


def _native(name: str) -> str:
    """The native name of one of the original's tensors."""
    for old, new in (
        ("thinker.audio_tower.proj1", "model.multi_modal_projector.linear_1"),
        ("thinker.audio_tower.proj2", "model.multi_modal_projector.linear_2"),
        ("thinker.audio_tower", "model.audio_tower"),
        ("thinker.model", "model.language_model"),
        ("thinker.lm_head", "lm_head"),
    ):
        name = name.replace(old, new)
    return name


def language_of(name: str) -> str:
    """What the description of a recording says; the first miniature's recordings are English and say nothing."""
    about = json.loads((MINIATURE / "samples" / f"{name}.json").read_text(encoding="utf-8"))
    return str(about.get("language") or "English")


def variants(names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """As VARIANTS, for the recordings that there are."""
    yield from VARIANTS
    for name in names:
        language = language_of(name)
        if language != "English":
            yield from ((name, "", language), (name, "", "English"), ("01_short_seen", "", language))


def read(path: Path) -> np.ndarray:
    """float32[n] in [-1, 1]."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768.0


def main() -> None:
    """Write both files."""
    torch.set_num_threads(1)
    asr, aligner = Reference("asr"), Reference("aligner")
    arrays: dict[str, np.ndarray] = {}
    about: dict[str, Any] = {"transformers": transformers.__version__, "torch": torch.__version__, "recordings": {}}
    sounds = {path.stem: read(path) for path in sorted((MINIATURE / "samples").glob("*.wav"))}
    clips = {name: sounds["01_short_seen"][begin:end] for name, (begin, end) in SHORT_CLIPS.items()}
    for name, pcm in {**{name: sounds[name] for name in SOUND_GOLDEN}, **clips}.items():
        mel = asr.mel(pcm)
        arrays[f"mel/{name}"] = mel[0, :, :: MEL_STRIDE.get(name, 1)].numpy()
        arrays[f"encoder/{name}"] = asr.encode(mel).numpy()
    for name, pcm in sounds.items():
        answer = asr.answer(pcm, "", "")
        arrays[f"logits/{name}"] = answer.pop("logits").numpy()
        reference = (MINIATURE / "samples" / f"{name}.txt").read_text(encoding="utf-8").strip()
        language = language_of(name)
        about["recordings"][name] = {
            "reference": reference,
            "answer": answer,
            "aligned_reference": aligner.align(pcm, reference, language),
            "aligned_answer": aligner.align(pcm, answer["text"], language),
        }
    about["variants"] = []
    for name, context, language in variants(sounds):
        answer = asr.answer(sounds[name], context, language)
        del answer["logits"]
        about["variants"].append({"recording": name, **answer})
    about["clips"] = SHORT_CLIPS
    about["mel_stride"] = MEL_STRIDE
    np.savez_compressed(HERE / "reference.npz", **arrays)  # type: ignore[arg-type]
    (HERE / "reference.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(arrays)} arrays, {len(sounds)} recordings\n")


if __name__ == "__main__":
    with torch.inference_mode():
        main()
