"""Which daemon a command speaks to, and with which settings: --runtime-dir and --config made into objects.

It owns that one step. It does not know the commands.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pipeline import paths
from pipeline.settings import Settings
from pipeline.sockets import Wire


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

    return config.load(paths.config_file(arguments.config), os.environ, {})
