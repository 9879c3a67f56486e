"""hibari: a neural voice distilled from Kokoro-82M, near to a human one.

This file owns how hibari is collected and made to speak. The package hibari-tts of the Python index (Apache 2.0) has
its code, its network and its pronunciations. Voice name: `heart` (US female). A voice variant is a factor on the
frequencies of the formants, as a number: more shortens the vocal tract. The melody is ours to change too, for the
network tells pitch and spectrum apart, so that one voice makes many speakers.
"""

from __future__ import annotations

import gzip
import importlib
import json
import re
import shutil
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.miniature.recipe.sentence import ENGLISH, Sentence
from model.miniature.recipe.speech import packages
from model.miniature.recipe.speech.collecting import at_rate, fetch
from model.miniature.recipe.speech.voice import RATE, Speech, SpeechError, Voice

VERSION = "0.2.1"
RATE_OF_HIBARI = 24_000
SAMPLES_PER_FRAME = 600

_DURATIONS = "/Cast_32_output_0"
"""The network's frames for each phoneme, an inner value."""
_LATE = 0.04
"""Seconds by which its durations lag behind its sound; the median over onsets after silence."""
_ASSETS = ("vocab.json", "voices.json", "normalize.json", "tokenizer_exceptions.json", "oov.json")
_PACKED = ("lexicon_us_gold", "lexicon_us_silver", "tagger")
_SAYABLE = re.compile(r"[a-z' ]+")
_LONGEST = 400
"""Phonemes that the network was trained for."""


def collect(out: Path) -> None:
    """Gather hibari into a bundle. Needs pip, and the packages onnx and onnxruntime here.

    The network's durations become an output, and the network of unknown words is stored in 8 bits.

    Raises:
        SpeechError: the package is not to be had, or its network is another than the one known here.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    assets = out / "neural/hibari/assets"
    assets.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = fetch("hibari-tts", VERSION, Path(folder))
        for module in sorted(source.glob("hibari/**/*.py")):
            copy = out / "neural" / module.relative_to(source)
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(module, copy)
        for notice in sorted(source.glob("*.dist-info/licenses/*")):
            shutil.copyfile(notice, out / "neural" / notice.name)
        for name in _ASSETS:
            shutil.copyfile(source / "hibari/assets" / name, assets / name)
        for name in _PACKED:
            plain = gzip.decompress((source / f"hibari/assets/{name}.json.gz").read_bytes())
            # Stored, not compressed: the bundle is compressed as a whole, and better.
            (assets / f"{name}.json.gz").write_bytes(gzip.compress(plain, 0, mtime=0))
        network = onnx.load(source / "hibari/assets/hibari.onnx")
        if not any(_DURATIONS in node.output for node in network.graph.node):
            raise SpeechError(f"hibari {VERSION}: its network has no {_DURATIONS}")
        network.graph.output.append(onnx.helper.make_tensor_value_info(_DURATIONS, onnx.TensorProto.INT64, None))
        onnx.save(network, assets / "hibari.onnx")
        packages.note(out, "neural", "pypi:hibari-tts", VERSION, "Apache-2.0")
        quantize_dynamic(source / "hibari/assets/oov.onnx", assets / "oov.onnx", weight_type=QuantType.QInt8)


@dataclass(frozen=True, slots=True)
class _Phonemes:
    ids: list[int]
    words: list[tuple[int, int]]
    """First and end index into `ids` of each word of the sentence."""


class Neural:
    """The network and the pronunciations of a bundle's hibari. One thread."""

    def __init__(self, bundle: Path) -> None:
        """Load all.

        Raises:
            SpeechError: the bundle has no hibari.
        """
        import onnxruntime

        assets = bundle / "neural/hibari/assets"
        if not (assets / "hibari.onnx").exists():
            raise SpeechError(f"no hibari in {bundle}")
        folder = str((bundle / "neural").resolve())
        if folder not in sys.path:
            sys.path.insert(0, folder)
        self._dsp: Any = importlib.import_module("hibari.dsp")
        self._pronounce: Any = importlib.import_module("hibari.g2p").G2P()
        self._ids: dict[str, int] = json.loads((assets / "vocab.json").read_text())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._network = onnxruntime.InferenceSession(
            str(assets / "hibari.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def say(self, sentence: Sentence, voice: Voice) -> Speech | None:
        """Speak a sentence; as `Synthesiser` says. The noise in it depends on the sentence alone."""
        if voice.name != "heart":
            raise SpeechError(f"hibari: no voice {voice.name}; there is heart")
        if sentence.language != ENGLISH or not all(_SAYABLE.fullmatch(word.spoken) for word in sentence.words):
            return None
        phonemes = self._phonemes(sentence)
        if phonemes is None:
            return None
        fed = {"ids": np.array([phonemes.ids], np.int64), "speed": np.array([voice.rate], np.float32)}
        *outputs, durations = self._network.run(None, fed)
        harmonic, phase, noise, rest, free, pitch = (one[0] for one in outputs)
        if voice.variant:
            factor = float(voice.variant)
            harmonic, phase, noise, rest = (_warped(one, factor) for one in (harmonic, phase, noise, rest))
        seed = np.random.default_rng(zlib.crc32(sentence.text.encode()))
        melody = _melody(pitch, voice.pitch, voice.range)
        samples = self._dsp.synth(harmonic, phase, noise, rest, free, melody, seed)
        spoken = at_rate(samples, RATE_OF_HIBARI)
        ends = np.cumsum(durations.reshape(-1)) * (SAMPLES_PER_FRAME / RATE_OF_HIBARI) - _LATE
        times = [(float(ends[first - 1]), float(ends[end - 1])) for first, end in phonemes.words]
        return Speech(spoken, _trimmed(spoken, times))

    def _phonemes(self, sentence: Sentence) -> _Phonemes | None:
        """What the network reads; None for a word without sound or a sentence too long."""
        text = " ".join(_letters(word.spoken) + word.pause for word in sentence.words)
        pieces, piece = [], ""
        for token in self._pronounce.phonemize_tokens(self._pronounce.tokenize(text)):
            piece += token.phonemes or ""
            if token.whitespace:
                pieces.append(piece)
                piece = ""
        pieces.append(piece)
        ids, words = [0], []
        for word in sentence.words:
            count = len(word.spoken.split())
            said, pieces = " ".join(pieces[:count]), pieces[count:]
            sounds = [self._ids[one] for one in said.rstrip(",.;:?! ") if one in self._ids]
            if not sounds:
                return None
            words.append((len(ids), len(ids) + len(sounds)))
            ids += sounds
            ids += [self._ids[one] for one in f"{word.pause} " if one in self._ids]
        ids[-1] = 0
        return None if pieces or len(ids) > _LONGEST else _Phonemes(ids, words)


def _letters(spoken: str) -> str:
    """Single letters as capitals, so that their names are said; but `a` is a word."""
    return re.sub(r"(?<![a-z'])[b-z](?![a-z'])", lambda found: found[0].upper(), spoken)


def _trimmed(samples: npt.NDArray[np.int16], times: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Times without the silence that the network counts to a word before or behind a pause."""
    block = RATE // 100
    blocks = samples[: len(samples) // block * block].astype(np.float32).reshape(-1, block)
    loudness = np.sqrt((blocks**2).mean(axis=1))
    loud = loudness > 0.03 * loudness.max()
    trimmed = []
    for began, ended in times:
        start, end = began, ended
        first, last = max(round(100 * start), 0), round(100 * end)
        heard = np.flatnonzero(loud[first:last])
        if len(heard):
            # Up to 60 ms of quiet belong to a stop consonant.
            start = max(began, (first + heard[0] - 6) / 100) if heard[0] > 6 else began
            end = min(ended, (first + heard[-1] + 2) / 100) if last - first - heard[-1] > 6 else ended
        trimmed.append((max(start, 0.0), end))
    return tuple(trimmed)


def _melody(pitch: npt.NDArray[np.float32], factor: float, spread: float) -> npt.NDArray[np.float32]:
    """Pitch of each frame in hertz, moved and spread about its geometric mean; unvoiced frames stay as they are."""
    voiced = pitch > 40
    if not voiced.any() or factor == spread == 1:
        return pitch
    moved = pitch.copy()
    level = np.log(pitch[voiced]).mean()
    moved[voiced] = factor * np.exp(level + spread * (np.log(pitch[voiced]) - level))
    # Below 45 Hz its synthesis would call them unvoiced.
    moved[voiced] = np.clip(moved[voiced], 45, 600)
    return moved


def _warped(spectrum: npt.NDArray[np.float32], factor: float) -> npt.NDArray[np.float32]:
    """A spectrum [bins, frames] whose formants lie at `factor` times their frequency."""
    bins = len(spectrum)
    where = np.minimum(np.arange(bins, dtype=np.float32) / factor, bins - 1)
    low = np.minimum(where.astype(np.int64), bins - 2)
    share = (where - low)[:, None]
    warped: npt.NDArray[np.float32] = spectrum[low] * (1 - share) + spectrum[low + 1] * share
    return warped
