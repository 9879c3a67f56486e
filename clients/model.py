"""`steno model`: the models of this machine, shown, fetched, converted, checked, chosen and removed.

It owns what is printed and asked. It does not know how any of it is done: `pipeline.model_store` and
`pipeline.model_pull` do.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from clients import model_choice, model_pull, place
from clients.model_progress import Bars
from clients.question import ask, require_person
from clients.terminal import clean
from pipeline import model_store, paths
from pipeline.errors import EXIT_FAILURE, EXIT_OK, StenoError
from pipeline.model_pull import DECODERS, ENCODERS, gigabytes
from pipeline.model_store import KINDS, MINIATURE, Model, Store
from pipeline.settings import Settings


def run(arguments: argparse.Namespace) -> int:
    """Do what the word behind `steno model` says."""
    return WORDS[arguments.word](arguments)


def _list(arguments: argparse.Namespace) -> int:
    settings = place.settings(arguments)
    used = _used(settings)
    found = _all(used)
    if arguments.json:
        print(msgspec.json.encode([{**_plain(model), "used": _uses(model, used)} for model in found]).decode())
        return EXIT_OK
    rows = [("", "NAME", "KIND", "ENCODER", "DECODER", "SIZE", "")]
    for model in found:
        kinds, encoders, decoders = (
            ",".join(one or "?" for one in part) for part in (model.kinds, model.encoders, model.decoders)
        )
        mark, fault = "*" if _uses(model, used) else "", f"broken: {model.fault}" if model.fault else ""
        rows.append((mark, clean(model.name), kinds, encoders, decoders, gigabytes(model.size), clean(fault)))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row[:5], widths[:5], strict=True)]
        print(" ".join([*cells, f"{row[5]:>{widths[5]}}", row[6]]).rstrip())
    print("* in use" if any(_uses(model, used) for model in found) else "none of these is in use")
    for kind in (kind for kind, path in used.items() if path is None):
        named = getattr(settings.model, kind)
        print(clean(f"model.{kind} = {named}, which is not there: `steno model use` chooses another"))
    return EXIT_OK


def _plain(model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "directory": str(model.directory),
        "kinds": model.kinds,
        "encoders": model.encoders,
        "decoders": model.decoders,
        "bytes": model.size,
        "fault": model.fault,
    }


def _all(used: dict[str, Path | None]) -> list[Model]:
    """The miniature, what is in the store, and folders elsewhere that are in use."""
    store = Store()
    found = [_miniature()]
    found += [model_store.inspect(store.directory / name, name) for name in store.names()]
    known = {_same(model.directory) for model in found}
    elsewhere = {path for path in used.values() if path is not None and _same(path) not in known}
    return found + [model_store.inspect(path, str(path)) for path in sorted(elsewhere)]


def _miniature() -> Model:
    """Both of its packages as one, converted on first use."""
    with Bars() as bars:
        parts = [model_store.inspect(model_store.resolve(MINIATURE, kind, paths.cache_dir(), bars)) for kind in KINDS]
    return Model(
        name=MINIATURE,
        directory=parts[0].directory,
        kinds=KINDS,
        encoders=parts[0].encoders,
        decoders=parts[0].decoders,
        size=sum(part.size for part in parts),
        fault=next((part.fault for part in parts if part.fault), ""),
    )


def _used(settings: Settings) -> dict[str, Path | None]:
    """Kind -> the folder that the settings name for it; None for what is not there. The miniature counts as one."""
    used: dict[str, Path | None] = {}
    for kind in KINDS:
        named = getattr(settings.model, kind)
        try:
            used[kind] = model_store.resolve(named, KINDS[0] if named == MINIATURE else kind, paths.cache_dir())
        except StenoError:
            used[kind] = None
    return used


def _uses(model: Model, used: dict[str, Path | None]) -> list[str]:
    """The kinds that this model is in use for."""
    return [kind for kind, path in used.items() if path is not None and _same(path) == _same(model.directory)]


def _same(path: Path) -> Path:
    return path.resolve()


def _use(arguments: argparse.Namespace) -> int:
    settings = place.settings(arguments)
    if arguments.model == MINIATURE:
        choice = dict.fromkeys(KINDS, MINIATURE)
    else:
        directory = model_store.resolve(arguments.model, KINDS[0], paths.cache_dir())
        model = model_store.inspect(directory)
        with Bars() as bars:
            bars.begin(f"looking at {directory}")
            model_store.usable(model, settings.model)
        store = Store()
        named = directory.name if directory.parent == store.directory else str(directory.absolute())
        choice = dict.fromkeys(model.kinds, named)
    model_pull.choose(model_choice.config_to_write(arguments.config), choice)
    return EXIT_OK


def _verify(arguments: argparse.Namespace) -> int:
    store = Store()
    if arguments.model is None:
        wanted = [(name, store.directory / name) for name in store.names()]
        if not wanted:
            print(f"there is nothing in {store.directory}; `steno model pull` fetches a model")
    else:
        kinds = KINDS if arguments.model == MINIATURE else KINDS[:1]
        found = [model_store.resolve(arguments.model, kind, paths.cache_dir()) for kind in kinds]
        wanted = [(arguments.model, directory) for directory in found]
    code = EXIT_OK
    for name, directory in wanted:
        try:
            with Bars() as bars:
                count = model_store.verify(directory, bars)
            print(clean(f"ok       {name}: {count} files are what was written"))
        except StenoError as error:
            code = EXIT_FAILURE
            print(clean(f"broken   {name}: {error.message}"))
            if error.hint:
                print(clean(f"         -> {error.hint}"))
    return code


def _convert(arguments: argparse.Namespace) -> int:
    out = Path(arguments.out).expanduser()
    with Bars() as bars:
        model_store.convert(
            Path(arguments.checkpoint).expanduser(),
            out,
            arguments.encoder or ENCODERS,
            arguments.decoder or DECODERS,
            bars,
        )
    made = model_store.inspect(out)
    print(clean(f"{out}: {gigabytes(made.size)}; `steno model use {out}` chooses it"))
    return EXIT_OK


def _path(arguments: argparse.Namespace) -> int:
    if arguments.name == MINIATURE:
        print(model_store.resolve(MINIATURE, KINDS[0], paths.cache_dir()))
    else:
        print(Store().find(arguments.name))
    return EXIT_OK


def _remove(arguments: argparse.Namespace) -> int:
    store = Store()
    directory = store.find(arguments.name)
    model = model_store.inspect(directory, arguments.name)
    used = _uses(model, _used(place.settings(arguments)))
    if used and not arguments.force:
        raise StenoError(
            f"{arguments.name} is in use (model.{' and model.'.join(used)})",
            "Choose another one first (`steno model use miniature`), or remove it all the same with --force.",
        )
    if not arguments.yes:
        require_person("whether to delete it")
        if ask(f"Delete {directory} ({gigabytes(model.size)})? [y/N] ") not in ("y", "yes"):
            print("it is still there")
            return EXIT_FAILURE
    store.remove(arguments.name)
    print(clean(f"deleted {directory} ({gigabytes(model.size)})"))
    return EXIT_OK


WORDS = {
    "list": _list,
    "pull": model_pull.run,
    "use": _use,
    "verify": _verify,
    "convert": _convert,
    "path": _path,
    "remove": _remove,
}
