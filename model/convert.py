"""From a checkpoint in Hugging Face form to a package that Steno runs, without torch.

This file owns the steps of the conversion and their atomicity: a package is written beside its place and renamed into
it, so that at its name there is a whole package or nothing. It knows neither ONNX nor GGUF; other files do.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model import gguf_file, native_config, onnx_graph, package, quantise, tensor_table
from model.checkpoint import Checkpoint, source_hash, weight_files
from model.config import CONFIG_FILE, GENERATION_FILE, AudioConfig
from model.errors import ModelError
from model.precisions import BITS, DECODERS, ENCODERS, VERSION
from model.progress import Progress

_PLAIN = ".whole.gguf"
"""The float16 decoder while only smaller ones are wanted."""
_PARTIAL = ".partial"
_OWN = re.compile(r"\..+\.\d+\.[a-z0-9_]{8}\.partial", re.DOTALL)
"""What `tempfile.mkdtemp` makes of a package's name, the number of a process and that ending."""
_ABANDONED_SECONDS = 3600


def convert(
    checkpoint: Path,
    out: Path,
    encoders: Sequence[str] = ("fp32",),
    decoders: Sequence[str] = ("f16",),
    progress: Progress | None = None,
) -> None:
    """Convert a checkpoint into the package `out`, which must not exist yet.

    Memory holds no more than a few of the largest tensors. If two processes convert into the same place, the first to
    end keeps it and the other's work is thrown away.

    Args:
        encoders: precisions of the encoder, from `precisions.ENCODERS`.
        decoders: precisions of the decoder, from `precisions.DECODERS`.
        progress: told what is being done.

    Raises:
        ModelError: checkpoint missing, damaged or of another architecture; `out` there already or not writable; no
            room for it; unknown precision.
    """
    _check_precisions("encoder", encoders, ENCODERS)
    _check_precisions("decoder", decoders, DECODERS)
    if out.exists() or out.is_symlink():
        raise ModelError(f"{out} is there already", "Delete it, or convert to another directory.")
    job = _Job(checkpoint, progress or Progress())
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _sweep(out.parent)
        _check_room(out.parent, needed(job.checkpoint, encoders, decoders))
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.{os.getpid()}.", suffix=_PARTIAL, dir=out.parent))
        try:
            job.write(partial, encoders, decoders)
            _settle(partial, out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        # What numpy could not write whole has no number: the disk is full.
        reason = error.strerror or os.strerror(errno.ENOSPC)
        raise ModelError(f"{out} cannot be written: {reason}", "Free space, or choose another directory.") from error


def needed(checkpoint: Checkpoint, encoders: Sequence[str], decoders: Sequence[str]) -> int:
    """Bytes that a conversion writes at the least, its float16 decoder included."""
    encoder = _numbers(checkpoint.config.audio)
    decoder = gguf_file.size(checkpoint.config) / 2
    bits = sum(encoder * BITS[one] for one in encoders) + sum(decoder * BITS[one] for one in {"f16", *decoders})
    return int(bits / 8)


def _numbers(audio: AudioConfig) -> int:
    """How many numbers the audio tower is made of."""
    return sum(math.prod(shape) for shape in tensor_table.tower(audio).values())


class _Job:
    """One checkpoint, opened and checked."""

    def __init__(self, directory: Path, progress: Progress) -> None:
        self.progress = progress
        self.checkpoint = Checkpoint(directory)
        self.config = self.checkpoint.config
        progress.begin("checking the checkpoint", sum(path.stat().st_size for path in weight_files(directory)))
        self.source = source_hash(directory, progress)

    def write(self, out: Path, encoders: Sequence[str], decoders: Sequence[str]) -> None:
        """Write every file of the package; the manifest last."""
        for precision in encoders:
            self._encoder(out, precision)
        self._decoders(out, decoders)
        if self.config.aligner:
            np.save(out / package.head_name(self.config.kind), self.checkpoint.read(tensor_table.HEAD))
        self._config(out)
        self.progress.begin("writing the manifest", sum(path.stat().st_size for path in out.iterdir()))
        about = {"steno": steno_version(), "converter": VERSION, "kind": self.config.kind, "source_sha256": self.source}
        package.write_manifest(out, {**about, "encoders": list(encoders), "decoders": list(decoders)}, self.progress)

    def _encoder(self, out: Path, precision: str) -> None:
        kind, audio = self.config.kind, self.config.audio
        metadata = {f"steno.{key}": str(value) for key, value in self._metadata().items()}
        advance = self.progress.advance

        def weights(name: str) -> npt.NDArray[np.float32]:
            return np.asarray(self.checkpoint.read(tensor_table.TOWER + name), dtype=np.float32)

        own = tensor_table.POSITIONS
        table = np.asarray(self.checkpoint.read(own), dtype=np.float32) if self.checkpoint.has(own) else None
        self.progress.begin(f"writing the {kind} encoder, {precision}", 4 * _numbers(audio))
        front, back = (out / name(kind, precision) for name in (package.frontend_name, package.backend_name))
        onnx_graph.write_frontend(front, audio, weights, metadata, precision, table, advance)
        onnx_graph.write_backend(back, audio, weights, metadata, precision, advance)

    def _decoders(self, out: Path, precisions: Sequence[str]) -> None:
        if not precisions:
            return
        kind = self.config.kind
        plain = out / (package.decoder_name(kind, "f16") if "f16" in precisions else _PLAIN)
        self.progress.begin(f"writing the {kind} decoder, f16", gguf_file.size(self.config))
        gguf_file.write_decoder(
            plain,
            self.config,
            self.checkpoint.vocabulary,
            self.checkpoint.read,
            self._decoder_metadata(),
            self.progress.advance,
        )
        for precision in precisions:
            if precision != "f16":
                self.progress.begin(f"writing the {kind} decoder, {precision}", plain.stat().st_size)
                quantise.quantised(plain, out / package.decoder_name(kind, precision), precision, self.progress)
        if plain.name == _PLAIN:
            plain.unlink()

    def _decoder_metadata(self) -> dict[str, str | int | float]:
        config = self.config
        known: dict[str, str | int | float] = {
            **self._metadata(),
            "audio_start_token_id": config.audio_start_id,
            "audio_end_token_id": config.audio_end_id,
            "audio_token_id": config.audio_pad_id,
        }
        if config.aligner:
            known["aligner_classes"] = config.aligner.classes
            known["timestamp_token_id"] = config.aligner.timestamp_id
            known["timestamp_segment_ms"] = float(config.aligner.segment_ms)
        return known

    def _metadata(self) -> dict[str, str | int]:
        audio = self.config.audio
        return {
            "version": steno_version(),
            "converter": VERSION,
            "source_sha256": self.source,
            "n_window": audio.n_window,
            "n_window_infer": audio.n_window_infer,
            "block_tokens": audio.block_tokens,
        }

    def _config(self, out: Path) -> None:
        """The checkpoint's own words where they are in the original layout; else the same said in it."""
        directory = self.checkpoint.directory
        if native_config.is_native(directory):
            for name, values in zip(
                (CONFIG_FILE, GENERATION_FILE), native_config.as_original(self.config), strict=True
            ):
                _write_json(out / name, values)
            return
        for name in (CONFIG_FILE, GENERATION_FILE):
            if (directory / name).exists():
                shutil.copyfile(directory / name, out / name)


def steno_version() -> str:
    """Of this program; empty where it runs without being installed."""
    try:
        return metadata.version("steno")
    except metadata.PackageNotFoundError:
        return ""


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def _check_precisions(part: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    for precision in wanted:
        if precision not in known:
            raise ModelError(f"no {part} of precision {precision!r} can be written", f"Choose from {', '.join(known)}.")


def _check_room(directory: Path, wanted: int) -> None:
    free = shutil.disk_usage(directory).free
    if free < wanted:
        raise ModelError(
            f"{directory} has {free / 1e9:.2f} GB free, the converted model needs {wanted / 1e9:.2f} GB",
            "Free space, choose another directory, or convert to fewer precisions.",
        )


def _settle(partial: Path, out: Path) -> None:
    """Rename into place; if another process was faster, its package stays."""
    partial.chmod(0o755)
    try:
        partial.rename(out)
    except OSError:
        if not (out / package.MANIFEST).exists():
            raise


def _sweep(parent: Path) -> None:
    """Remove what conversions left that were killed, and nothing that another program calls by such a name."""
    for path in parent.glob(f".*{_PARTIAL}"):
        if not _OWN.fullmatch(path.name):
            continue
        try:
            old = time.time() - path.stat().st_mtime > _ABANDONED_SECONDS
        except OSError:
            continue
        if old or not _alive(path):
            shutil.rmtree(path, ignore_errors=True)


def _alive(partial: Path) -> bool:
    """Whether the process that writes a partial package may still be there; its number is in the name."""
    number = partial.name.split(".")[-3]
    if os.name == "nt":
        # Windows has no harmless signal to ask with; age alone decides there.
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
