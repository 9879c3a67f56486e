"""From a checkpoint in Hugging Face form to a package that Steno runs, without torch.

This file owns the steps of the conversion and their atomicity: a package is written beside its place and renamed into
it, so that at its name there is a whole package or nothing. It knows neither ONNX nor GGUF; two other files do.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model import gguf_file, onnx_graph, package
from model.config import CONFIG_FILE, GENERATION_FILE, ModelConfig
from model.errors import ModelError
from model.package import Progress
from model.safetensors import Safetensors
from model.tokenizer_files import read_vocabulary

VERSION = 1
"""Of what the converter writes; raised whenever the same checkpoint would give other files."""
WEIGHTS = "model.safetensors"
ENCODERS = ("fp32",)
DECODERS = gguf_file.PRECISIONS
_TOWER = "thinker.audio_tower."
_THINKER = "thinker."
_PARTIAL = ".partial"
_ABANDONED_SECONDS = 3600


def convert(
    checkpoint: Path,
    out: Path,
    encoders: Sequence[str] = ("fp32",),
    decoders: Sequence[str] = ("f16",),
    progress: Progress | None = None,
) -> None:
    """Convert a checkpoint into the package `out`, which must not exist yet.

    If two processes convert into the same place, the first to end keeps it and the other's work is thrown away.

    Args:
        encoders: precisions of the encoder, from ENCODERS.
        decoders: precisions of the decoder, from DECODERS.
        progress: told what is being done.

    Raises:
        ModelError: checkpoint missing, damaged or of another architecture; `out` there already or not writable; unknown
            precision.
    """
    _check_precisions("encoder", encoders, ENCODERS)
    _check_precisions("decoder", decoders, DECODERS)
    if out.exists():
        raise ModelError(f"{out} is there already", "Delete it, or convert to another directory.")
    job = _Job(checkpoint, progress or _silent)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _sweep(out.parent)
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=_PARTIAL, dir=out.parent))
        try:
            job.write(partial, encoders, decoders)
            _settle(partial, out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(f"{out} cannot be written: {reason}", "Free space, or choose another directory.") from error


def source_hash(checkpoint: Path) -> str:
    """SHA-256 over everything that the conversion reads: the weights and every JSON or text file beside them.

    Raises:
        ModelError: no weights there.
    """
    if not (checkpoint / WEIGHTS).exists():
        raise ModelError(f"{checkpoint / WEIGHTS} is missing", "Give the directory of a checkpoint.")
    texts = (path for path in checkpoint.iterdir() if path.suffix in (".json", ".txt", ".jinja"))
    return package.sha256(checkpoint / WEIGHTS, *sorted(texts))


class _Job:
    """One checkpoint, opened and checked."""

    def __init__(self, checkpoint: Path, progress: Progress) -> None:
        self.checkpoint = checkpoint
        self.progress = progress
        self.config = ModelConfig.from_directory(checkpoint)
        self.tensors = Safetensors(checkpoint / WEIGHTS)
        self.vocabulary = read_vocabulary(checkpoint)
        self.source = source_hash(checkpoint)

    def write(self, out: Path, encoders: Sequence[str], decoders: Sequence[str]) -> None:
        """Write every file of the package; the manifest last."""
        for precision in encoders:
            self._encoder(out, precision)
        for precision in decoders:
            self._decoder(out, precision)
        if self.config.aligner:
            self._head(out)
        for name in (CONFIG_FILE, GENERATION_FILE):
            if (self.checkpoint / name).exists():
                shutil.copyfile(self.checkpoint / name, out / name)
        self.progress("writing the manifest")
        about = {"converter": VERSION, "kind": self.config.kind, "source_sha256": self.source}
        package.write_manifest(out, {**about, "encoders": list(encoders), "decoders": list(decoders)})

    def _encoder(self, out: Path, precision: str) -> None:
        kind, audio = self.config.kind, self.config.audio
        metadata = {f"steno.{key}": str(value) for key, value in self._metadata().items()}

        def weights(name: str) -> onnx_graph.Floats:
            return self.tensors.read(_TOWER + name)

        self.progress(f"writing the {kind} encoder, {precision}")
        onnx_graph.write_frontend(out / package.frontend_name(kind, precision), audio, weights, metadata)
        onnx_graph.write_backend(out / package.backend_name(kind, precision), audio, weights, metadata)

    def _decoder(self, out: Path, precision: str) -> None:
        def weights(name: str) -> gguf_file.Floats:
            return self.tensors.read(_THINKER + name)

        kind, config = self.config.kind, self.config
        metadata: dict[str, str | int | float] = {
            **self._metadata(),
            "audio_start_token_id": config.audio_start_id,
            "audio_end_token_id": config.audio_end_id,
            "audio_token_id": config.audio_pad_id,
        }
        if config.aligner:
            metadata["aligner_classes"] = config.aligner.classes
            metadata["timestamp_token_id"] = config.aligner.timestamp_id
            metadata["timestamp_segment_ms"] = float(config.aligner.segment_ms)
        self.progress(f"writing the {kind} decoder, {precision}")
        path = out / package.decoder_name(kind, precision)
        gguf_file.write_decoder(path, config, self.vocabulary, weights, precision, metadata)

    def _head(self, out: Path) -> None:
        assert self.config.aligner is not None
        head = self.tensors.read(_THINKER + "lm_head.weight")
        expected = (self.config.aligner.classes, self.config.text.width)
        if head.shape != expected:
            raise ModelError(
                f"{self.tensors.path}: lm_head has the shape {head.shape}, config.json says {expected}",
                "The checkpoint is inconsistent; fetch it again.",
            )
        np.save(out / package.head_name(self.config.kind), head)

    def _metadata(self) -> dict[str, str | int]:
        audio = self.config.audio
        return {
            "converter": VERSION,
            "source_sha256": self.source,
            "n_window": audio.n_window,
            "n_window_infer": audio.n_window_infer,
            "block_tokens": audio.block_tokens,
        }


def _check_precisions(part: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    for precision in wanted:
        if precision not in known:
            raise ModelError(f"no {part} of precision {precision!r} can be written", f"Choose from {', '.join(known)}.")


def _settle(partial: Path, out: Path) -> None:
    """Rename into place; if another process was faster, its package stays."""
    partial.chmod(0o755)
    try:
        partial.rename(out)
    except OSError:
        if not (out / package.MANIFEST).exists():
            raise


def _sweep(parent: Path) -> None:
    """Remove what conversions left that were killed long ago."""
    for path in parent.glob(f".*{_PARTIAL}"):
        try:
            abandoned = time.time() - path.stat().st_mtime > _ABANDONED_SECONDS
        except OSError:
            continue
        if abandoned:
            shutil.rmtree(path, ignore_errors=True)


def _silent(_: str) -> None:
    return None
