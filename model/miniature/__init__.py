"""The miniature: Qwen3-ASR's form at a size that ships with the program.

This file owns where its checkpoints and recordings lie and when they are converted. Nothing else in Steno knows that
there is a miniature: like any model, it comes with its own config.json.
"""

from __future__ import annotations

from pathlib import Path

from model.checkpoint import source_hash
from model.errors import ModelError
from model.package import MANIFEST
from model.precisions import VERSION
from model.progress import Progress

_HERE = Path(__file__).parent
KINDS = ("asr", "aligner")


def checkpoint(kind: str) -> Path:
    """Directory of a shipped checkpoint: "asr" or "aligner"."""
    if kind not in KINDS:
        raise ModelError(f"the miniature has no model {kind!r}", f"Choose from {', '.join(KINDS)}.")
    return _HERE / kind


def package(kind: str, cache: Path, progress: Progress | None = None) -> Path:
    """The converted package, made on first use: about a second.

    Its directory in `cache` is named after the contents of the checkpoint and the converter's version. Several
    processes may ask at once.

    Raises:
        ModelError: the checkpoint is damaged, or the cache cannot be written.
    """
    source = checkpoint(kind)
    directory = cache / f"miniature-{kind}-{source_hash(source)[:16]}-{VERSION}"
    if not (directory / MANIFEST).exists():
        # What converts brings libraries along that nobody needs who finds the model converted.
        from model.convert import convert

        try:
            convert(source, directory, decoders=("f16", "q8_0"), progress=progress)
        except ModelError:
            # Another process may have put it there between the question and the conversion.
            if not (directory / MANIFEST).exists():
                raise
    return directory


def samples() -> list[Path]:
    """The shipped recordings, 16 kHz mono WAV, each with a .txt reference and .json word times beside it."""
    return sorted((_HERE / "samples").glob("*.wav"))
