"""The miniature at the size of a release: `python -m benchmarks.inflate --size 0.6b OUT`.

This file owns which small token becomes which large one, and the files of the checkpoint. The arithmetic is
benchmarks/inflation.py's. The checkpoint writes the miniature's transcripts at the release's cost.

The tokens of the miniature are pieces of the real vocabulary: with one given, each keeps its piece and gets the real
number. The merges of a model that transcribes are then the real ones too, so that its tokenizer costs what it should.
Those of an aligner stay the miniature's: it is shown words, and must be shown them in the pieces that it knows.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from benchmarks.checkpoint import parser, write
from benchmarks.checkpoint_configs import write_configs
from benchmarks.checkpoint_dimensions import Dimensions
from benchmarks.checkpoint_files import Dtype, Layout, write_checkpoint
from benchmarks.checkpoint_tokenizer import ADDED, REAL_PIECES, Vocabulary, read_vocabulary, write_tokenizer
from benchmarks.inflation import Inflation
from model import miniature
from model.checkpoint import Checkpoint
from model.tokenizer_files import Vocabulary as SmallVocabulary

RELEASES = ("0.6b", "1.7b", "aligner")


def inflate(
    directory: Path,
    dimensions: Dimensions,
    *,
    layout: Layout = "original",
    dtype: Dtype = "f16",
    shards: int = 1,
    vocabulary: Vocabulary | None = None,
) -> None:
    """Write the miniature of the kind that the dimensions say, enlarged to them; one tensor in memory at a time.

    Args:
        directory: made if it is not there.
        dtype: of the weights. A division by 5 or 7 is rounded: in f16 about as much as the miniature itself was, in
            bf16 so much more that the transcripts may differ.
        vocabulary: the miniature's if none is given, completed with fillers to the real one's size where that fits.

    Raises:
        ValueError: the dimensions are no whole multiples of the miniature's; the vocabulary lacks a piece of it, or has
            more tokens than the dimensions rows.
    """
    small = Checkpoint(miniature.checkpoint(dimensions.kind))
    if vocabulary is None:
        real = dimensions.vocabulary >= REAL_PIECES + len(ADDED)
        vocabulary = read_vocabulary(None, REAL_PIECES if real else 0)
    if len(vocabulary) > dimensions.vocabulary:
        raise ValueError(f"{len(vocabulary)} tokens do not fit into {dimensions.vocabulary} rows")
    if dimensions.kind == "aligner":
        vocabulary = dataclasses.replace(vocabulary, merges=small.vocabulary.merges)
    tensors = Inflation(small, dimensions, moved(small.vocabulary, vocabulary)).tensors(
        stored_head=layout == "original"
    )
    directory.mkdir(parents=True, exist_ok=True)
    write_configs(directory, dimensions, vocabulary, dtype=dtype, layout=layout)
    write_tokenizer(directory, vocabulary, layout, dimensions.kind)
    aligner = dimensions.kind == "aligner"
    write_checkpoint(directory, tensors, dtype=dtype, layout=layout, shards=shards, aligner=aligner)


def moved(small: SmallVocabulary, large: Vocabulary) -> dict[int, int]:
    """The number of each small token in the large vocabulary.

    Raises:
        ValueError: it has no such token.
    """
    numbers = {piece: number for number, piece in enumerate(large.pieces)}
    numbers |= {token: large.id(token) for token in ADDED}
    tokens = small.pieces | small.added
    missing = [token for token in tokens.values() if token not in numbers]
    if missing:
        raise ValueError(f"the vocabulary lacks {len(missing)} tokens of the miniature, {missing[0]!r} among them")
    return {number: numbers[token] for number, token in tokens.items()}


def main() -> None:
    """Write one."""
    asked = parser("inflate", "Write the miniature at the size of a release.", RELEASES, "f16").parse_args()
    write(asked, inflate)


if __name__ == "__main__":
    main()
