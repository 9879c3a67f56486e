"""A model of true size: made, converted, and run in every precision: `python -m benchmarks.sizes --size 0.6b`.

Makes the inflated checkpoint (benchmarks/inflate.py), converts it, and transcribes the shipped recordings with each
precision pair in a process of its own. The text is that of the miniature, the cost is that of the real model: what the
table says about words is how much a precision changes them. Writes benchmarks/out/sizes-SIZE-PROVIDER.md and .json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import sizes_table
from benchmarks.memory import Run, run
from model import miniature
from model.package import MANIFEST
from model.precisions import DECODERS, ENCODERS
from pipeline.cores import physical_cores

OUT = Path(__file__).parent / "out"
SMALL = (("int8", "q4_k"), ("int4", "q4_k"))
"""Pairs that someone with little memory would choose."""

Pair = tuple[str, str]


def pairs(encoders: Sequence[str], decoders: Sequence[str]) -> list[Pair]:
    """What is measured: each encoder with the best decoder, each decoder with the best encoder, and small ones."""
    found = [(encoder, decoders[0]) for encoder in encoders] + [(encoders[0], decoder) for decoder in decoders]
    found += [pair for pair in SMALL if pair[0] in encoders and pair[1] in decoders]
    return list(dict.fromkeys(found))


def make(place: Path, options: argparse.Namespace) -> Run | None:
    """The converted package in `place`; what the conversion took, None if it was there already."""
    checkpoint, package = place / "checkpoint", place / "package"
    if (package / MANIFEST).exists():
        return None
    if not checkpoint.exists():
        line = ["--size", options.size, "--dtype", options.dtype, str(checkpoint)]
        made = _python("inflate", *line, *(["--vocab", str(options.vocab)] if options.vocab else []))
        print(f"checkpoint written in {made.seconds:.0f} s, at most {made.peak / 1e9:.2f} GB of memory", flush=True)
    precisions = ["--encoders", ",".join(options.encoders), "--decoders", ",".join(options.decoders)]
    return _python("conversion", *precisions, str(checkpoint), str(package))


def measure(package: Path, pair: Pair, options: argparse.Namespace, embeddings: Path) -> dict[str, Any]:
    """One pair in a process of its own."""
    line = [str(package), "--encoder", pair[0], "--decoder", pair[1], "--embeddings", str(embeddings)]
    line += ["--provider", options.provider, "--gpu-layers", str(options.gpu_layers), "--threads", str(options.threads)]
    done = _python("pair", *line)
    found: dict[str, Any] = json.loads(done.output)
    return found | {"peak": done.peak}


def table(package: Path, options: argparse.Namespace, scratch: Path) -> list[dict[str, Any]]:
    """A row for the miniature, then one for each pair that runs here, printed as they come."""
    small = miniature.package("asr", scratch)
    plain = argparse.Namespace(provider="cpu", gpu_layers=0, threads=options.threads)
    reference = measure(small, ("fp32", "f16"), plain, scratch / "miniature.npz")
    rows = [sizes_table.judged("miniature", reference, reference, scratch / "miniature.npz", scratch / "miniature.npz")]
    print("\n".join(sizes_table.HEADER), sizes_table.line(rows[0]), sep="\n", flush=True)
    every = itertools.product(options.encoders, options.decoders)
    for pair in every if options.all_pairs else pairs(options.encoders, options.decoders):
        try:
            found = measure(package, pair, options, scratch / "pair.npz")
        except subprocess.CalledProcessError:  # it has said why; the others are still worth their time
            print(f"{' + '.join(pair)} could not be measured", file=sys.stderr)
            continue
        row = sizes_table.judged(options.size, found, reference, scratch / "pair.npz", scratch / "miniature.npz")
        print(sizes_table.line(row), flush=True)
        rows.append(row)
    return rows


def main() -> None:
    """Make, measure, print and write."""
    options = _arguments()
    OUT.mkdir(exist_ok=True)
    place = options.keep or Path(tempfile.mkdtemp(prefix="sizes-", dir=OUT))
    try:
        place.mkdir(parents=True, exist_ok=True)
        conversion = make(place, options)
        about = _about(conversion, options)
        print(about, flush=True)
        with tempfile.TemporaryDirectory(prefix="steno-") as scratch:
            rows = table(place / "package", options, Path(scratch))
    finally:
        if not options.keep:
            shutil.rmtree(place, ignore_errors=True)
    path = OUT / f"sizes-{options.size}-{options.provider}"
    text = "\n".join([about, "", *sizes_table.HEADER, *map(sizes_table.line, rows)])
    path.with_name(path.name + ".md").write_text(text + "\n", encoding="utf-8")
    path.with_name(path.name + ".json").write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")


def _about(conversion: Run | None, options: argparse.Namespace) -> str:
    where = f"{options.size}, {options.dtype}, {options.provider}, {options.gpu_layers} layers on a GPU"
    text = f"{where}, {options.threads} of {physical_cores()} physical cores."
    if conversion is None:
        return f"{text} The package was there already."
    return (
        f"{text} Conversion to {', '.join((*options.encoders, *options.decoders))}: {conversion.seconds:.0f} s, "
        f"peak {conversion.peak / 1e9:.2f} GB resident, {conversion.peak_anonymous / 1e9:.2f} GB of it anonymous."
    )


def _python(module: str, *arguments: str) -> Run:
    return run([sys.executable, "-m", f"benchmarks.{module}", *arguments])


def _arguments() -> argparse.Namespace:
    def listed(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("0.6b", "1.7b"), default="0.6b")
    parser.add_argument("--encoders", type=listed, default=list(ENCODERS), metavar="LIST", help="best first")
    parser.add_argument("--decoders", type=listed, default=list(DECODERS), metavar="LIST", help="best first")
    parser.add_argument("--all-pairs", action="store_true", help="every encoder with every decoder: takes long")
    parser.add_argument("--provider", default="cpu", help="what computes the encoder")
    parser.add_argument("--gpu-layers", type=int, default=0, help="of the decoder; -1: all")
    parser.add_argument("--threads", type=int, default=physical_cores())
    parser.add_argument("--dtype", choices=("bf16", "f16", "f32"), default="f16", help="of the checkpoint")
    parser.add_argument("--vocab", type=Path, help="the real vocabulary; see benchmarks/inflate.py")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the models there, and use what is there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
