"""A checkpoint of random weights at true dimensions: `python -m benchmarks.checkpoint --size 0.6b OUT`.

This file owns the values. Each tensor has a seed of its own, made of the checkpoint's seed and the tensor's name, so
that its values depend on nothing else; they are the same on every machine and with every version of numpy, since only
the raw bits of the generator and whole numbers decide about them. Matrices are scaled by 1 / sqrt(inputs), norms stand
near 1 and biases near 0, so that activations neither vanish nor grow.

What such a model says means nothing, but it costs what the release costs: bytes on disk, memory, time.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.checkpoint_configs import TORCH_DTYPES, write_configs
from benchmarks.checkpoint_dimensions import SIZES, Dimensions
from benchmarks.checkpoint_files import Dtype, Layout, Tensor, write_checkpoint
from benchmarks.checkpoint_tokenizer import ADDED, REAL_PIECES, Vocabulary, read_vocabulary, write_tokenizer

SMALL = 0.1
"""Standard deviation of biases, and of norms around 1."""
SHARPNESS = 3.0
"""Of queries: trained heads look at some places more than at others, and so do these."""
_NORMS = ("norm.weight", "ln_post.weight")
_QUERIES = ("q_proj.weight", "q_norm.weight")
EMBEDDING = "thinker.model.embed_tokens.weight"
HEAD = "thinker.lm_head.weight"
_BLOCK = 1 << 20
_CENTRE = 4 * 255 / 2
_DEVIATION = math.sqrt(4 * (256**2 - 1) / 12)
"""Mean and standard deviation of the sum of four random bytes."""

Floats = npt.NDArray[np.float32]


def random_checkpoint(
    directory: Path,
    dimensions: Dimensions,
    *,
    layout: Layout = "original",
    dtype: Dtype = "bf16",
    shards: int = 1,
    seed: int = 0,
    vocabulary: Vocabulary | None = None,
) -> None:
    """Write a whole checkpoint, one tensor in memory at a time.

    Args:
        directory: made if it is not there.
        vocabulary: the miniature's if none is given; completed with fillers where the model has the real one's size.

    Raises:
        ValueError: the vocabulary has more tokens than the model rows, or there are more shards than tensors.
    """
    if vocabulary is None:
        real = dimensions.vocabulary >= REAL_PIECES + len(ADDED)
        vocabulary = read_vocabulary(None, REAL_PIECES if real else 0)
    if len(vocabulary) > dimensions.vocabulary:
        raise ValueError(f"{len(vocabulary)} tokens do not fit into {dimensions.vocabulary} rows")
    directory.mkdir(parents=True, exist_ok=True)
    write_configs(directory, dimensions, vocabulary, dtype=dtype, layout=layout)
    write_tokenizer(directory, vocabulary, layout, dimensions.kind)
    tensors = random_tensors(dimensions, seed, stored_head=layout == "original")
    aligner = dimensions.kind == "aligner"
    write_checkpoint(directory, tensors, dtype=dtype, layout=layout, shards=shards, aligner=aligner)


def random_tensors(dimensions: Dimensions, seed: int, *, stored_head: bool) -> list[Tensor]:
    """Every tensor, by its original name, with what draws its values.

    Args:
        stored_head: whether a tied head is written once more, as the releases do in the original layout alone.
    """
    tied = dimensions.kind == "asr"
    return [
        (name, shape, partial(values, EMBEDDING if tied and name == HEAD else name, shape, seed))
        for name, shape in dimensions.shapes(stored_head=stored_head)
    ]


def values(name: str, shape: tuple[int, ...], seed: int) -> Floats:
    """The values of a tensor, float32 in the shape given: bell-shaped, from -5 to 5 standard deviations at most."""
    sharpness = SHARPNESS if name.endswith(_QUERIES) else 1.0
    if len(shape) > 1:
        centre, deviation = 0.0, sharpness / math.sqrt(math.prod(shape[1:]))
    elif name.endswith(_NORMS):
        centre, deviation = sharpness, sharpness * SMALL
    else:
        centre, deviation = 0.0, SMALL
    word = int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest(), "little")
    generator = np.random.PCG64(word)
    flat = np.empty(math.prod(shape), dtype=np.float32)
    for begin in range(0, flat.size, _BLOCK):
        part = flat[begin : begin + _BLOCK]
        np.multiply(_bell(generator, part.size), np.float32(deviation), out=part)
        part += np.float32(centre)
    return flat.reshape(shape)


def _bell(generator: np.random.PCG64, count: int) -> Floats:
    """float32[count] of mean 0 and deviation 1: sums of four random bytes, nearly normal and exact everywhere."""
    bits = np.asarray(generator.random_raw((count + 1) // 2), dtype="<u8").view("<u4")[:count]
    pairs = (bits & 0x00FF00FF) + ((bits >> 8) & 0x00FF00FF)
    sums = (pairs & 0xFFFF) + (pairs >> 16)
    return (sums.astype(np.float32) - np.float32(_CENTRE)) / np.float32(_DEVIATION)


def parser(program: str, what: str, sizes: Iterable[str], dtype: Dtype) -> argparse.ArgumentParser:
    """The command line of what writes a checkpoint of some size."""
    made = argparse.ArgumentParser(prog=f"python -m benchmarks.{program}", description=what)
    made.add_argument("--size", choices=list(sizes), required=True)
    made.add_argument("--layout", choices=("original", "native"), default="original")
    made.add_argument("--shards", type=int, default=1, metavar="N", help="number of .safetensors files")
    made.add_argument("--dtype", choices=TORCH_DTYPES, default=dtype)
    made.add_argument(
        "--vocab", type=Path, metavar="FILE_OR_DIR", help="GGUF file, or folder with vocab.json and merges.txt"
    )
    made.add_argument("out", type=Path, metavar="OUT", help="directory to write")
    return made


def write(asked: argparse.Namespace, maker: Callable[..., None]) -> None:
    """Write what was asked for, by `random_checkpoint` or what takes the same arguments; or say why not, and exit."""
    if asked.out.exists() and any(asked.out.iterdir()):
        sys.exit(f"{asked.out} is not empty")
    try:
        maker(
            asked.out,
            SIZES[asked.size],
            layout=asked.layout,
            dtype=asked.dtype,
            shards=asked.shards,
            vocabulary=read_vocabulary(asked.vocab) if asked.vocab else None,
        )
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    size = sum(path.stat().st_size for path in asked.out.glob("*.safetensors"))
    print(f"{asked.out}: {size / 1e9:.2f} GB of weights")


def main() -> None:
    """Write one."""
    made = parser("checkpoint", "Write a random checkpoint.", SIZES, "bf16")
    made.add_argument("--seed", type=int, default=0)
    asked = made.parse_args()
    write(asked, partial(random_checkpoint, seed=asked.seed))


if __name__ == "__main__":
    main()
