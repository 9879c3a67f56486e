"""What a run leaves behind for its model card.

This file owns which files those are and their reading. results.json and shipped.json must be there; the others are
shown as far as they are there:

- run.json: commit, machine, steps with their commands and when they began, finished (the step `whole`)
- asr.log.jsonl, aligner.log.jsonl: the curves; asr.config.json, aligner.config.json (the step `training`)
- results.json: all that was measured, on which sets (the step `evaluation.evaluate`)
- shipped.json: the files and their hashes (the step `evaluation.export`)
- sources.json of the corpus, packages.json of the engines, and the .json of the recordings
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import ModelError

KINDS = ("asr", "aligner")


@dataclass(frozen=True, slots=True)
class Records:
    """What a run left behind."""

    run: dict[str, Any]
    results: dict[str, Any]
    first: dict[str, Any]
    """What the first miniature reaches on the same sets; empty where it was not measured."""
    shipped: dict[str, Any]
    sources: dict[str, Any]
    packages: dict[str, Any]
    logs: dict[str, list[dict[str, Any]]]
    configs: dict[str, dict[str, Any]]
    samples: list[tuple[str, dict[str, Any]]]


def read(options: argparse.Namespace) -> Records:
    """All records.

    Raises:
        ModelError: results.json or shipped.json is missing, they are of other weights, or one cannot be read; names
            it.
    """
    run: Path = options.run
    results, shipped = _values(run / "results.json", needed=True), _values(run / "shipped.json", needed=True)
    for kind, model in results.get("models", {}).items():
        weights = shipped.get(kind, {}).get("model.safetensors", {}).get("sha256")
        # A training run's own checkpoint, measured before it was exported, has no hash to compare.
        if model["sha256"] and model["sha256"] != weights:
            raise ModelError(f"{run / 'results.json'} is of another {kind} than shipped.json", "Measure it again.")
    samples = sorted(options.samples.glob("*.json")) if options.samples else []
    logs = {kind: _lines(run / f"{kind}.log.jsonl") for kind in KINDS}
    return Records(
        _values(run / "run.json"),
        results,
        _values(options.first) if options.first else {},
        shipped,
        _values(options.corpus / "sources.json") if options.corpus else {},
        _values(options.engines / "packages.json") if options.engines else {},
        {kind: log for kind, log in logs.items() if log},
        {kind: config for kind in KINDS if (config := _values(run / f"{kind}.config.json"))},
        [(path.stem, _values(path)) for path in samples],
    )


def _values(path: Path, *, needed: bool = False) -> dict[str, Any]:
    if not needed and not path.is_file():
        return {}
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}", "Run the step that writes it.") from error
    return values


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    except ValueError as error:
        raise ModelError(f"{path} cannot be read: {error}", "Run the step that writes it.") from error
