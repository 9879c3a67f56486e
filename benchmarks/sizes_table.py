"""The table of `benchmarks.sizes`: what the figures of one pair amount to, and how they are written.

It does not know how they were measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from clients import samples
from clients.error_rate import error_rate, words_of

HEADER = (
    "| model | encoder | decoder | on disk MB | memory MB | load s | RTF | encode RTF | prefill tok/s | generate tok/s "
    "| WER % | same text | cosine |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
)


def judged(
    model: str, found: Mapping[str, Any], reference: Mapping[str, Any], embeddings: Path, exact: Path
) -> dict[str, Any]:
    """The figures of one pair beside those of the miniature in full precision.

    Args:
        model: what it is called.
        found: what benchmarks/pair.py said.
        reference: what it said of the miniature.
        embeddings: .npz of what the encoder gave.
        exact: .npz of what the miniature's gave in float32; repeated, that is what the larger one should give.
    """
    rows, texts = found["rows"], [row["text"] for row in reference["rows"]]
    seconds = sum(row["seconds"] for row in rows)
    encode, prefill, generate = (sum(row[key] for row in rows) for key in ("encode", "prefill", "generate"))
    close = cosines(embeddings, exact)
    return {
        **found,
        "model": model,
        "rtf": (encode + prefill + generate) / seconds,
        "encode_rtf": encode / seconds,
        "prefill_rate": sum(row["prefill_tokens"] for row in rows) / prefill,
        "generate_rate": sum(row["generate_tokens"] for row in rows) / generate,
        "wer": whole_error_rate({row["name"]: row["text"] for row in rows}),
        "same": sum(row["text"] == text for row, text in zip(rows, texts, strict=True)),
        "of": len(rows),
        "cosine": min(close.values()),
        "cosines": close,
    }


def line(row: Mapping[str, Any]) -> str:
    """One line of the table."""
    cells = (
        row["model"],
        f"{row['encoder']}, {row['provider']}",
        row["decoder"],
        f"{row['bytes'] / 1e6:.0f}",
        f"{row['resident'] / 1e6:.0f}",
        f"{row['load']:.1f}",
        f"{row['rtf']:.3f}",
        f"{row['encode_rtf']:.3f}",
        f"{row['prefill_rate']:.0f}",
        f"{row['generate_rate']:.1f}",
        f"{100 * row['wer']:.1f}",
        f"{row['same']}/{row['of']}",
        f"{row['cosine']:.6f}",
    )
    return f"| {' | '.join(cells)} |"


def whole_error_rate(heard: Mapping[str, str]) -> float:
    """Word errors in all recordings for each word of their references; words where nothing was said are errors too."""
    errors = expected = 0.0
    for name, text in heard.items():
        reference = samples.shipped(name).text
        rate, count = error_rate(reference, text), len(words_of(reference))
        errors += len(words_of(text)) if rate is None else rate * count
        expected += count
    return errors / expected


def cosines(embeddings: Path, exact: Path) -> dict[str, float]:
    """For each recording, the cosine between all its embeddings and the exact ones, repeated to the same width."""
    with np.load(embeddings) as found, np.load(exact) as wanted:
        return {name: cosine(found[name], wanted[name]) for name in found.files}


def cosine(found: npt.NDArray[np.float32], wanted: npt.NDArray[np.float32]) -> float:
    """Of float32[n, k * d] and float32[n, d] as two long vectors, in float64."""
    a = found.astype(np.float64).ravel()
    b = np.tile(wanted, (1, found.shape[1] // wanted.shape[1])).astype(np.float64).ravel()
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))
