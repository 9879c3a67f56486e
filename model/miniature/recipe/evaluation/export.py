"""`python -m model.miniature.recipe.evaluation.export ...`: from a training run's checkpoint to the shipped files.

This file owns the shipped layout: float16 weights under the release's tensor names, and the small files that the
release has beside them. The SHA-256 of each file is written into the run's record, which the model card shows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from model.errors import ModelError, StenoError
from model.miniature.recipe.training import state

KINDS = ("asr", "aligner")
LARGEST = 16_000_000
"""Bytes of the weights' file."""
_TOKENIZER = (
    "generation_config.json",
    "merges.txt",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
)
_FILES = {"asr": (*_TOKENIZER, "chat_template.json"), "aligner": _TOKENIZER}
"""Taken over from the tokenizer step."""


def export(run: Path, kind: str, tokenizer: Path, out: Path) -> dict[str, dict[str, Any]]:
    """Write the shipped files of one model in place of those that are there.

    Args:
        run: directory of the training, with KIND.state and KIND.config.json.
        kind: "asr" or "aligner".
        tokenizer: directory of the tokenizer step.
        out: the directory to write.

    Returns:
        Bytes and SHA-256 of each file.

    Raises:
        ModelError: the checkpoint is missing, a weight does not fit float16, or the file becomes too large.
    """
    try:
        weights = state.weights(run / f"{kind}.state")
        config = json.loads((run / f"{kind}.config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"the checkpoint of {run} cannot be read: {error}", "Give a training's directory.") from error
    out.mkdir(parents=True, exist_ok=True)
    halves = {name: _half(name, tensor) for name, tensor in sorted(weights.items())}
    save_file(halves, out / "model.safetensors", metadata={"format": "pt"})
    # The library makes a file that nobody but its owner may read.
    (out / "model.safetensors").chmod(0o644)
    size = (out / "model.safetensors").stat().st_size
    if size > LARGEST:
        raise ModelError(f"{out / 'model.safetensors'} has {size} bytes, more than {LARGEST}", "Train fewer layers.")
    _write(out / "config.json", config)
    for name in _FILES[kind]:
        if not (tokenizer / name).is_file():
            raise ModelError(f"{tokenizer / name} is missing", "Give the directory of the tokenizer step.")
        shutil.copyfile(tokenizer / name, out / name)
    return {path.name: described(path) for path in sorted(out.iterdir()) if path.is_file()}


def described(path: Path) -> dict[str, Any]:
    """Bytes and SHA-256 of a file."""
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _half(name: str, tensor: torch.Tensor) -> torch.Tensor:
    half = tensor.detach().to(torch.float16).contiguous()
    if not bool(torch.isfinite(half).all()):
        raise ModelError(f"the tensor {name} does not fit float16", "The training has diverged.")
    return half


def _write(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Export what the run has; write the hashes into its record."""
    parser = argparse.ArgumentParser(prog="python -m model.miniature.recipe.evaluation.export", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="directory of the training")
    parser.add_argument("--tokenizer", type=Path, required=True, help="directory of the tokenizer step")
    parser.add_argument("--out", type=Path, required=True, help="directory for asr/ and aligner/")
    parser.add_argument("--only", choices=KINDS, help="one of the two (default: both)")
    options = parser.parse_args(arguments)
    shipped = {}
    try:
        for kind in (options.only,) if options.only else KINDS:
            shipped[kind] = export(options.run, kind, options.tokenizer, options.out / kind)
            for name, about in shipped[kind].items():
                print(f"{kind}/{name:26} {about['bytes']:>10}  {about['sha256']}")
        record = options.run / "shipped.json"
        before = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
        _write(record, before | shipped)
    except (StenoError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
