"""`python -m model.miniature.recipe.evaluation.sets ...`: the evaluation sets, made before training and frozen.

This file owns the list of the sets and the command. All sentences are held out of training; a set is a pure function of
corpus, engines, background and seed, whichever others are made, but for samples that another kind of processor rounds
differently. The hashes that freeze the sets are printed and stand in sets.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from model.errors import StenoError
from model.miniature.recipe.evaluation import store
from model.miniature.recipe.evaluation.makers import Maker, Sources
from model.miniature.recipe.evaluation.store import Utterance
from model.miniature.recipe.sentence import ENGLISH, MANDARIN
from model.miniature.recipe.speech import cast
from model.miniature.recipe.speech.voice import SpeechError

_SEED = 20_260
HUMAN = "human"
"""The set of recordings of people, which is not made here but found."""
UNSPOKEN = ("silence", "noise", "music")
"""Sets in which nobody speaks."""

SETS: dict[str, Callable[[Maker], list[Utterance]]] = {
    "known": lambda maker: maker.spoken(ENGLISH, maker.known(ENGLISH)),
    "known-10db": Maker.noisy,
    "unknown-espeak": lambda maker: maker.spoken(ENGLISH, maker.unknown(ENGLISH, "espeak", "variants")),
    "unknown-other": lambda maker: maker.spoken(ENGLISH, maker.unknown(ENGLISH, "other")),
    "context": Maker.context,
    "mandarin": lambda maker: maker.spoken(MANDARIN, maker.known(MANDARIN)),
    "mandarin-unknown": lambda maker: maker.spoken(MANDARIN, maker.unknown(MANDARIN, "espeak", "variants", "other")),
    "long-pauses": Maker.long_pauses,
    "silence": lambda maker: maker.silence(0.2),
    "noise": lambda maker: maker.noise(0.5),
    "music": lambda maker: maker.music(0.3),
}


def make(sources: Sources, out: Path, name: str) -> dict[str, object]:
    """Make one set and freeze it; its entry of sets.json."""
    return frozen(out, name, SETS[name](Maker(sources, name.removesuffix("-10db"))))


def frozen(out: Path, name: str, utterances: list[Utterance]) -> dict[str, object]:
    """Write a set; its entry of sets.json."""
    digest = store.write(out, name, utterances)
    return {
        "utterances": len(utterances),
        "seconds": round(sum(one.seconds for one in utterances), 2),
        "voices": len({one.voice for one in utterances if one.voice}),
        "sha256": digest,
    }


def main(arguments: list[str] | None = None) -> int:
    """Make the sets; print their hashes."""
    parser = argparse.ArgumentParser(prog="python -m model.miniature.recipe.evaluation.sets", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="directory of the text step")
    parser.add_argument("--engines", type=Path, required=True, help="bundle of the synthesisers")
    parser.add_argument("--background", type=Path, help="directory of the sound step, for its held-out clips")
    parser.add_argument("--human", type=Path, help="folder of recordings of people, NAME.wav with NAME.txt")
    parser.add_argument("--out", type=Path, required=True, help="directory to write")
    parser.add_argument("--only-engines", default=",".join(cast.ENGINES), help="comma-separated (default: all)")
    parser.add_argument("--only", default=",".join(SETS), help="comma-separated sets (default: all)")
    parser.add_argument("--count", type=int, default=400, help="utterances of a set (default: 400)")
    parser.add_argument("--minutes", type=float, default=60.0, help="of silence, noise and music (default: 60)")
    parser.add_argument("--seed", type=int, default=_SEED)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="default: one per core")
    options = parser.parse_args(arguments)
    names, engines = options.only.split(","), tuple(options.only_engines.split(","))
    if unknown := sorted({*names} - {*SETS} | {*engines} - {*cast.ENGINES}):
        parser.error(f"no set or engine {', '.join(unknown)}; there are {', '.join((*SETS, *cast.ENGINES))}")
    sources = Sources(
        options.corpus, options.engines, engines, options.background, options.count, options.minutes * 60, options.seed
    )
    made: dict[str, object] = {}
    try:
        # A process for each set: a synthesiser remembers what it said before, so that it would say the next otherwise.
        with ProcessPoolExecutor(options.processes, get_context("spawn"), max_tasks_per_child=1) as pool:
            work = {name: pool.submit(make, sources, options.out, name) for name in names}
            for name, one in work.items():
                made[name] = one.result()
                print(name, json.dumps(made[name]), flush=True)
        if options.human:
            made[HUMAN] = frozen(options.out, HUMAN, store.recordings(options.human))
            print(HUMAN, json.dumps(made[HUMAN]), flush=True)
    except (StenoError, SpeechError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    about = json.dumps({"seed": options.seed, "engines": engines, "sets": made}, indent=1)
    (options.out / "sets.json").write_text(about + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
