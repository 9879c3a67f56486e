"""`python -m model.miniature.recipe.speech`: speak sentences of the corpus into a pool of chunks.

This file owns the command line.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from model.miniature.recipe.speech import cast, chunks, worker
from model.miniature.recipe.speech.voice import SpeechError


def main(arguments: list[str] | None = None) -> int:
    """Run the workers; print what was made."""
    parser = argparse.ArgumentParser(prog="python -m model.miniature.recipe.speech", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the text step")
    parser.add_argument("--engines", type=Path, required=True, help="folder of the step speech.bundle")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pool")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--first", type=int, default=0, help="number of the first chunk (default: 0)")
    parser.add_argument("--count", type=int, required=True, help="chunks at most")
    parser.add_argument("--workers", type=int, required=True, help="processes at a time")
    parser.add_argument("--until", type=float, metavar="SECONDS", help="begin no chunk later than this")
    parser.add_argument(
        "--seconds", type=float, default=chunks.SECONDS, help="speech in a chunk (default: %(default)s)"
    )
    parser.add_argument("--mandarin", type=float, default=0.15, help="share of sessions (default: %(default)s)")
    parser.add_argument("--weight", action="append", default=[], metavar="KIND=NUMBER", help="instead of the default")
    parser.add_argument("--use", default=",".join(cast.ENGINES), help="comma-separated engines (default: %(default)s)")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.use.split(",")) - set(cast.ENGINES)):
        parser.error(f"--use: no engine {', '.join(unknown)}; there are {', '.join(cast.ENGINES)}")
    try:
        corpus = chunks.Corpus(options.corpus)
        weights = _weights(options.weight, corpus)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    settings = chunks.Settings(options.seed, options.mandarin, weights, tuple(options.use.split(",")), options.seconds)
    options.out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    try:
        tally = worker.run(
            worker.Work(
                corpus,
                settings,
                options.engines,
                options.out,
                options.first,
                options.count,
                options.workers,
                options.until,
            )
        )
    except SpeechError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{tally}\nin {time.monotonic() - start:.0f} s")
    return 1 if tally.lost and not tally.chunks else 0


def _weights(texts: list[str], corpus: chunks.Corpus) -> dict[str, float]:
    weights = {}
    for text in texts:
        kind, _, number = text.partition("=")
        if kind not in corpus.kinds():
            raise ValueError(f"--weight {text}: no kind {kind}; there are {', '.join(sorted(corpus.kinds()))}")
        weights[kind] = float(number)
    return weights


if __name__ == "__main__":
    sys.exit(main())
