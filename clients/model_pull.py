"""`steno model pull`: says what a model will cost, asks, fetches, and puts it to use.

It owns what is printed and asked. It does not know hubs, nor how a model is converted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from clients import model_choice, place
from clients.model_progress import Bars
from clients.question import ask, require_person
from clients.terminal import clean
from pipeline import model_pull, model_store, paths
from pipeline.errors import EXIT_FAILURE, EXIT_OK, UsageError
from pipeline.model_pull import Plan, gigabytes
from pipeline.model_store import MINIATURE, Store

ALL = "all"


def run(arguments: argparse.Namespace) -> int:
    """Fetch one model, or all of them."""
    settings = place.settings(arguments)  # a config.toml that is wrong is told before gigabytes are fetched
    _check(arguments)
    hub, store, downloads = model_pull.hub_of(arguments.hub), Store(), paths.cache_dir() / "checkpoints"
    plans = []
    for name in _names(arguments.name, store):
        # "aligner" is a kind as well as a name; all other names are of speech models.
        encoder, decoder = settings.model.precisions(name)
        precisions = (
            arguments.encoder or _configured(encoder, model_store.ALL_ENCODERS),
            arguments.decoder or _configured(decoder, model_store.ALL_DECODERS),
        )
        plans.append(model_pull.plan(name, hub, store, downloads, *precisions))
        print("\n".join(clean(line) for line in _lines(plans[-1], arguments.keep_checkpoint)), flush=True)
    model_pull.require_room(plans, arguments.keep_checkpoint)
    if plans and not _agreed(arguments.yes):
        print("nothing was fetched")
        return EXIT_FAILURE
    for plan in plans:
        try:
            with Bars() as bars:
                model_pull.pull(plan, hub, bars, arguments.keep_checkpoint)
        except KeyboardInterrupt:
            print("steno: what has come is kept; the same command goes on from there", file=sys.stderr)
            raise
        print(clean(f"{plan.name} is in {plan.target}"), flush=True)
        if arguments.keep_checkpoint:
            print(clean(f"its checkpoint is in {plan.checkpoint}"))
        model = model_store.inspect(plan.target)
        free = [kind for kind in model.kinds if getattr(settings.model, kind) == MINIATURE]
        if free and not arguments.no_use:
            model_store.usable(model, settings.model)
            choose(model_choice.config_to_write(arguments.config), dict.fromkeys(free, plan.name))
            settings = place.settings(arguments)
        else:
            print(clean(f"`steno model use {plan.name}` chooses it"))
    if settings.align.enabled and settings.model.aligner == MINIATURE != settings.model.asr:
        print("word times come from the miniature still: `steno model pull aligner` fetches the model for them")
    return EXIT_OK


def choose(path: Path, choice: Mapping[str, str]) -> None:
    """Write the choice into config.toml and say what follows from it."""
    model_choice.write(path, choice)
    said = ", ".join(f"model.{kind} = {value}" for kind, value in choice.items())
    print(clean(f"{path}: {said}"))
    for variable in model_choice.overriding(choice):
        print(clean(f"but {variable} is set, and comes before config.toml"))
    print("a daemon that runs must be started again: steno stop --daemon, steno daemon")


def _check(arguments: argparse.Namespace) -> None:
    for part, known in (("encoder", model_store.ALL_ENCODERS), ("decoder", model_store.ALL_DECODERS)):
        for precision in getattr(arguments, part):
            if precision not in known:
                raise UsageError(f"--{part}: there is no precision {precision!r}", f"Choose from {', '.join(known)}.")
    if not arguments.yes:
        require_person("whether to fetch")


def _configured(precision: str, known: Sequence[str]) -> Sequence[str]:
    """The precision that config.toml asks for, if it asks for one: another would be of no use."""
    return [precision] if precision in known else []


def _names(name: str, store: Store) -> Sequence[str]:
    """Which to fetch. Of `all`, those that are not there; one that was named alone is an error if it is there."""
    if name != ALL:
        return [name]
    there = set(store.names())
    for known in model_pull.REPOSITORIES:
        if known in there:
            print(f"{known} is there already")
    return [known for known in model_pull.REPOSITORIES if known not in there]


def _lines(plan: Plan, keep: bool) -> Sequence[str]:
    listing = plan.listing
    rest = f"{gigabytes(plan.size - plan.fetch)} of it are here already, " if plan.fetch < plan.size else ""
    kept = "the checkpoint is kept" if keep else "the checkpoint is deleted afterwards"
    return [
        f"{plan.name}: {listing.repository} from {listing.hub}",
        f"  licence   {listing.licence}",
        f"  revision  {listing.revision}",
        f"  files     {len(listing.files)}, {gigabytes(plan.size)}; {rest}{gigabytes(plan.fetch)} to fetch",
        f"  becomes   encoder {','.join(plan.encoders)}, decoder {','.join(plan.decoders)} in {plan.target}",
        f"  disk      about {gigabytes(plan.fetch + plan.working)} while it is converted; {kept}",
    ]


def _agreed(yes: bool) -> bool:
    return yes or ask("Fetch this? [Y/n] ") in ("", "y", "yes")
