"""Which daemon a command speaks to, and with which settings: --runtime-dir, --config and --model made into objects.

It owns that one step. It does not know the commands.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pipeline import paths
from pipeline.settings import Settings
from pipeline.sockets import Wire

MODEL_KEYS = ("asr", "encoder", "decoder", "provider", "gpu_layers")
"""Keys of [model] that have an option of their own."""


def runtime(arguments: argparse.Namespace) -> Path:
    """The runtime directory that was asked for."""
    return paths.runtime_dir(arguments.runtime_dir)


def wire(arguments: argparse.Namespace) -> Wire:
    """The sockets of that directory."""
    return Wire(runtime(arguments))


def settings(arguments: argparse.Namespace) -> Settings:
    """The settings in force.

    Raises:
        UsageError: a config file that is missing or wrong.
    """
    from pipeline import config

    return config.load(paths.config_file(arguments.config), os.environ, overrides(arguments))


def overrides(arguments: argparse.Namespace) -> dict[str, str]:
    """The settings that --model and its companions give: `section.key` -> text."""
    given = {key: getattr(arguments, f"with_{key}", None) for key in MODEL_KEYS}
    return {f"model.{key}": text for key, text in given.items() if text is not None}
