"""The model that a config.toml names, changed with everything else left as it is: the one file that knows tomlkit.

It owns the edit. It does not know which models there are.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from clients import outputs
from pipeline import config, paths
from pipeline.errors import StenoError, UsageError

HEAD = "# Steno's settings; `steno config` shows those in force.\n\n"


def config_to_write(given: str | None) -> Path:
    """The config.toml that is read, or would be if it were there.

    Raises:
        UsageError: a file was named and is not there.
    """
    return paths.config_file(given) or paths.user_config_file()


def write(path: Path, choice: Mapping[str, str]) -> None:
    """Set keys of [model] in the file: all of them, or none.

    Args:
        path: made if it is not there.
        choice: "asr" and "aligner" -> what they shall be.

    Raises:
        UsageError: the file is none that Steno takes, before or after.
        StenoError: it cannot be written; it is then as it was.
    """
    path = path.resolve()  # a link to a file that is kept elsewhere stays one
    try:
        # As bytes: its line ends stay.
        before = path.read_bytes().decode() if path.exists() else HEAD
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None
    after = edited(before, choice, str(path))
    config.check(after, str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        outputs.write(path, after)
        if mode is not None:
            path.chmod(mode)
    except OSError as error:
        raise StenoError(f"cannot write {path}: {error.strerror}") from None


def edited(text: str, choice: Mapping[str, str], place: str) -> str:
    """The text of a config.toml with keys of [model] set; comments, order and line ends stay.

    Args:
        place: what errors call the text.

    Raises:
        UsageError: this is no TOML, or its `model` is no section.
    """
    try:
        document = tomlkit.parse(text)
        section = document.setdefault("model", tomlkit.table())
        for key, value in choice.items():
            section[key] = value
        return tomlkit.dumps(document)
    except (TOMLKitError, TypeError) as error:
        raise UsageError(f"{place} cannot be changed: {error}", "Write the model's name into it yourself.") from None


def overriding(choice: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> list[str]:
    """The variables that come before the file for these keys."""
    names = (f"{config.PREFIX}MODEL_{key}".upper() for key in choice)
    return [name for name in names if name in environ]
