"""Where Steno keeps things on this machine: the one file that knows platformdirs.

It owns the directories for sockets, converted models and configuration, and their permissions: a transcript is a
secret, so the runtime directory belongs to its user alone.
"""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from model.errors import StenoError, UsageError

APP = "steno"
RUNTIME_VARIABLE = "STENO_RUNTIME_DIR"
CACHE_VARIABLE = "STENO_CACHE_DIR"
MODELS_VARIABLE = "STENO_MODELS_DIR"
CONFIG_VARIABLE = "STENO_CONFIG"


def runtime_dir(given: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The directory of the daemon's sockets, absolute; it need not exist. Command line before environment."""
    if given or environ.get(RUNTIME_VARIABLE):
        return Path(given or environ[RUNTIME_VARIABLE]).expanduser().absolute()
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR there is a directory under /tmp; that it is private, `make_private` sees to.
        warnings.simplefilter("ignore")
        return Path(platformdirs.user_runtime_path(APP))


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The directory of what can be made again: converted models."""
    if environ.get(CACHE_VARIABLE):
        return Path(environ[CACHE_VARIABLE]).expanduser().absolute()
    return Path(platformdirs.user_cache_path(APP))


def models_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The directory of the models that the user has fetched; it need not exist."""
    if environ.get(MODELS_VARIABLE):
        return Path(environ[MODELS_VARIABLE]).expanduser().absolute()
    return Path(platformdirs.user_data_path(APP)) / "models"


def config_file(given: str | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The config.toml to read, or None if the user has none.

    Raises:
        UsageError: a file was named and is not there.
    """
    named = given or environ.get(CONFIG_VARIABLE)
    if named:
        path = Path(named).expanduser().absolute()
        if not path.is_file():
            raise UsageError(f"no such config file: {path}", "Name an existing file with --config or STENO_CONFIG.")
        return path
    path = user_config_file()
    return path if path.is_file() else None


def user_config_file() -> Path:
    """The user's own config.toml, whether or not it is there."""
    return Path(platformdirs.user_config_path(APP)) / "config.toml"


def make_private(directory: Path) -> None:
    """Create the directory for this user alone, or check that it is so.

    Raises:
        StenoError: it cannot be made, is no directory, or belongs to somebody else.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = directory.stat()
    except OSError as error:
        raise StenoError(f"cannot use the directory {directory}: {error.strerror}") from None
    if hasattr(os, "getuid"):
        if state.st_uid != os.getuid():
            raise StenoError(
                f"the directory {directory} belongs to another user", "Choose another one with --runtime-dir."
            )
        if stat.S_IMODE(state.st_mode) & 0o077:
            directory.chmod(0o700)
