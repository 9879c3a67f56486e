"""A growing utterance from what is new, against everything again from scratch: `python -m benchmarks.incremental`.

Plays a 30 s utterance without pauses and one of 6 s at a step a second, in one process and side by side: each step is
taken by every approach before the next one, so that a disturbed machine disturbs all. Approaches: from scratch,
incremental, and incremental with the encoder's cache, the decoder's kept keys and values, or the draft left out. Then
counts over the shipped recordings and joined ones how often the last step gives the tokens of an offline decode.

The models hear each utterance's full length once before anything is measured: the decoder's context is then as large as
it has to be, as in a daemon that has heard one long utterance. Writes benchmarks/out/NAME.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.approaches import INCREMENTAL, NAIVE, Approach, Int16, Step, approaches
from benchmarks.incremental_figures import Played, flips, judged, summary, table
from benchmarks.utterances import Utterance, counted, loudest_last, unbroken
from model import miniature
from model.package import Package, open_package
from pipeline.cores import physical_cores, share
from pipeline.messages import SAMPLE_RATE

OUT = Path(__file__).parent / "out"
LONG, SHORT, LOUD = "30 s without pauses", "6 s", "20 s, loudest last"
LONG_S, SHORT_S, LOUD_S = 30.0, 6.0, 20.0


def grown(pcm: Int16, cadence_s: float) -> Iterator[Int16]:
    """The utterance after each step: longer by the cadence each time, whole at last."""
    step = round(cadence_s * SAMPLE_RATE)
    for end in range(step, len(pcm), step):
        yield pcm[:end]
    yield pcm


def play(utterance: Utterance, ways: Sequence[Approach], cadence_s: float) -> dict[str, list[Step]]:
    """All steps of all approaches, one step after the other; another approach begins each time."""
    taken: dict[str, list[Step]] = {way.name: [] for way in ways}
    for way in ways:
        way.begin()
    for number, pcm in enumerate(grown(utterance.pcm, cadence_s)):
        turn = number % len(ways)
        for way in (*ways[turn:], *ways[:turn]):
            taken[way.name].append(way.step(pcm))
    return taken


def measure(ways: Sequence[Approach], cadence_s: float, rounds: int) -> dict[str, Played]:
    """Every utterance's rounds; the short one is played before and after the long one."""
    long, short = Utterance(LONG, unbroken(LONG_S)), Utterance(SHORT, unbroken(SHORT_S))
    loud = Utterance(LOUD, loudest_last(LOUD_S))
    for way in ways:
        way.begin()
        way.step(long.pcm)
    found: dict[str, dict[str, list[list[Step]]]] = {}
    for utterance in [short, long, short] * rounds:
        _add(found, utterance.name, play(utterance, ways, cadence_s))
        print(f"played: {utterance.name}", flush=True)
    both = [way for way in ways if way.name in (NAIVE, INCREMENTAL)]
    _add(found, LOUD, play(loud, both, cadence_s))
    return {name: found[name] for name in (LONG, SHORT, LOUD)}


def _add(found: dict[str, dict[str, list[list[Step]]]], name: str, played: dict[str, list[Step]]) -> None:
    for way, steps in played.items():
        found.setdefault(name, {}).setdefault(way, []).append(steps)


def finals(
    utterances: Iterable[Utterance], ours: Approach, naive: Approach, cadence_s: float
) -> Iterator[dict[str, Any]]:
    """For each utterance whether the last of its steps gives the tokens of an offline decode."""
    for utterance in utterances:
        ours.begin()
        last = [ours.step(pcm) for pcm in grown(utterance.pcm, cadence_s)][-1]
        offline = naive.step(utterance.pcm)
        yield {
            "name": utterance.name,
            "seconds": utterance.seconds,
            "same": last.tokens == offline.tokens,
            "text": last.text,
            "offline": offline.text,
        }


def run(package: Package, options: argparse.Namespace) -> dict[str, Any]:
    """Measure, print, and give all there is to write."""
    threads = tuple(options.threads)
    ways = approaches(package, threads, options.provider, options.gpu_layers, ablations=options.ablations)
    naive, ours = ways[:2]
    played = measure(ways, options.cadence, options.rounds)
    for name, found in played.items():
        print("\n".join(table(name, found)), end="\n\n", flush=True)
    compared = []
    for final in finals(counted(options.joined), ours, naive, options.cadence) if options.finals else ():
        compared.append(final)
        if not final["same"]:
            print(f"final differs, {final['name']}:\n  {final['text']}\n  {final['offline']}", flush=True)
    differ = {name: {way: flips(found[way], found[NAIVE]) for way in found} for name, found in played.items()}
    steps = sum(len(steps) for found in played.values() for steps in found[INCREMENTAL])
    flipped = sum(len(found[INCREMENTAL]) for found in differ.values())
    for way in ways:
        way.close()
    return {
        "summary": summary(played[LONG], played[SHORT], compared, flipped, steps),
        "steps": {name: _written(found) for name, found in played.items()},
        "flips": differ,
        "finals": compared,
    }


def _written(played: Played) -> dict[str, list[list[dict[str, Any]]]]:
    return {way: [[dataclasses.asdict(step) for step in steps] for steps in rounds] for way, rounds in played.items()}


def main() -> None:
    """Measure, print and write."""
    options = _arguments()
    about = machine.about(gpu=options.gpu_layers != 0)
    with tempfile.TemporaryDirectory(prefix="steno-") as scratch:
        directory = options.model or miniature.package("asr", Path(scratch))
        package = open_package(directory, "asr", options.encoder, options.decoder)
        threads = "{} + {} threads".format(*options.threads)
        what = f"{directory if options.model else 'miniature'}, {package.encoder_precision} + "
        about["model"] = f"{what}{package.decoder_precision}, {options.provider}, {threads}"
        print(machine.heading(about), about["model"], "", sep="\n", flush=True)
        found = run(package, options)
    print("\n".join(judged(found["summary"])))
    OUT.mkdir(exist_ok=True)
    (OUT / f"{options.out}.json").write_text(json.dumps({"about": about} | found, indent=1) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, metavar="DIR", help="folder of a converted model; else the miniature")
    parser.add_argument("--encoder", default="auto", help="precision of the encoder")
    parser.add_argument("--decoder", default="auto", help="precision of the decoder")
    parser.add_argument("--provider", default="cpu", help="what computes the encoder")
    parser.add_argument("--gpu-layers", type=int, default=0, help="of the decoder; -1: all")
    threads = share(physical_cores(), 0, 0)
    parser.add_argument("--threads", type=int, nargs=2, default=threads, metavar=("E", "D"), help="encoder, decoder")
    parser.add_argument("--cadence", type=float, default=1.0, metavar="S", help="new sound of a step")
    parser.add_argument("--rounds", type=int, default=1, help="of the short and the long utterance; medians count")
    parser.add_argument("--no-ablations", dest="ablations", action="store_false", help="nothing left out alone")
    parser.add_argument("--no-finals", dest="finals", action="store_false", help="do not count equal finals")
    parser.add_argument("--joined", type=int, default=12, help="joined utterances among the finals that are counted")
    parser.add_argument("--out", default="incremental", metavar="NAME", help="of the file that is written")
    return parser.parse_args()


if __name__ == "__main__":
    main()
