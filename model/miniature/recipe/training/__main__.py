"""`python -m model.miniature.recipe.training`: train the transcriber, or the aligner behind it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from model.miniature.recipe.training import beginning, state
from model.miniature.recipe.training.feeding import FeedError, Plan
from model.miniature.recipe.training.network import Network
from model.miniature.recipe.training.run import Length, Paths, Rhythm, Run
from model.miniature.recipe.training.vocabulary import Vocabulary


def main() -> int:
    """Run the command."""
    arguments = _parser().parse_args()
    try:
        _train(arguments)
    except (OSError, FeedError) as error:
        print(f"training: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model.miniature.recipe.training", description=__doc__)
    parser.add_argument("kind", choices=beginning.KINDS)
    parser.add_argument("--corpus", type=Path, required=True, help="directory of the text step")
    parser.add_argument("--tokenizer", type=Path, required=True, help="directory of the tokenizer step")
    parser.add_argument("--pool", type=Path, required=True, help="directory of the speech; may still grow")
    parser.add_argument("--background", type=Path, required=True, help="directory of the sound step")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint, log and config.json go there")
    parser.add_argument("--seconds", type=float, help="length of the run")
    parser.add_argument("--steps", type=int, help="length of the run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=2048, help="seconds of sound in a batch")
    parser.add_argument("--workers", type=int, default=3, help="processes that make batches")
    parser.add_argument("--least-hours", type=float, default=3.0, help="of speech before training begins")
    parser.add_argument("--room", type=float, default=320.0, help="hours of speech that the device holds, 115 MB each")
    parser.add_argument("--save-every", type=float, default=60.0, help="seconds between checkpoints")
    parser.add_argument("--log-every", type=int, default=100, help="steps between lines of the log")
    parser.add_argument("--resume", type=Path, help="checkpoint to go on from")
    parser.add_argument(
        "--from", dest="parent", type=Path, help="a transcriber's checkpoint for the aligner to inherit"
    )
    parser.add_argument("--layers", type=int, nargs=2, help="of the audio tower and of the decoder")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser


def _train(arguments: argparse.Namespace) -> None:
    vocabulary = Vocabulary(arguments.tokenizer)
    counts = json.loads((arguments.tokenizer / "counts.json").read_text(encoding="utf-8"))
    layers = tuple(arguments.layers or beginning.LAYERS[arguments.kind])
    config = beginning.configuration(
        arguments.kind, vocabulary.rows, vocabulary.controls, vocabulary.user, (layers[0], layers[1])
    )
    network = beginning.fresh(config, arguments.seed)
    if arguments.parent:
        fresh = beginning.inherit(network, state.weights(arguments.parent))
        _say(f"inherited all but {', '.join(fresh) or 'nothing'}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / f"{arguments.kind}.config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    _say(f"{sum(one.numel() for one in network.parameters())} parameters on {arguments.device}")
    plan = Plan(arguments.kind, arguments.corpus, arguments.tokenizer, counts, arguments.seed, arguments.batch)
    run = Run(
        _on(network, arguments.device),
        plan,
        Paths(arguments.pool, arguments.background, arguments.out),
        arguments.room,
        Rhythm(arguments.save_every, arguments.log_every),
        _say,
    )
    if arguments.resume:
        run.resume(arguments.resume)
    place = run.train(Length(arguments.seconds, arguments.steps), arguments.workers, arguments.least_hours)
    _say(f"done: {place.step} steps, {place.seconds:.0f} s, {place.frames / 360_000:.0f} h heard")


def _on(network: Network, device: str) -> Network:
    torch.set_float32_matmul_precision("high")
    network = network.to(device)
    if device == "cuda":
        network.compile()
    return network


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
