"""`steno config`: every setting in force and where it comes from; a documented config.toml to begin with.

It owns what is printed and where a new file goes. It does not know how settings are merged: `pipeline.config` does.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from clients import outputs, place
from clients.config_text import documented, toml
from clients.terminal import clean
from pipeline import config, paths
from pipeline.errors import EXIT_OK, StenoError


def run(arguments: argparse.Namespace) -> int:
    """Print, or write, what was asked for."""
    if arguments.init:
        print(clean(f"wrote {_init(_place(arguments.config))}"))
    elif arguments.path:
        print(_place(arguments.config))
    else:
        settings = place.settings(arguments)
        path = paths.config_file(arguments.config)
        print(f"# config.toml: {clean(str(path)) if path else f'none ({_place(None)} does not exist)'}")
        tree = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
        print("\n".join(_lines(settings, tree)))
    return EXIT_OK


def _lines(settings: Any, tree: dict[str, Any]) -> list[str]:
    """All settings as TOML, each with its origin."""
    lines = []
    for name in config.sections():
        lines += ["", f"[{name}]"]
        for key, value in msgspec.structs.asdict(getattr(settings, name)).items():
            variable = f"{config.PREFIX}{name}_{key}".upper()
            origin = "default"
            if key in tree.get(name, {}):
                origin = "file"
            if variable in os.environ:
                origin = f"environment: {variable}"
            lines.append(f"{f'{key} = {toml(value)}':<40} # {origin}")
    return lines


def _place(given: str | None) -> Path:
    """The config.toml that is read, or would be if it were there."""
    named = given or os.environ.get(paths.CONFIG_VARIABLE)
    return Path(named).expanduser().absolute() if named else paths.user_config_file()


def _init(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        outputs.create(path, documented())
    except FileExistsError:
        raise StenoError(
            f"{path} is there already", "It was left as it is; `steno config` shows what it says."
        ) from None
    except OSError as error:
        raise StenoError(f"cannot write {path}: {error.strerror}") from None
    return path
