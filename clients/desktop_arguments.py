"""The command line of the commands that deal with the desktop: `steno type`, `hotkey`, `service` and their like.

Like `clients.arguments`, whose groups these are: it owns what may be typed, not what it does.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

OUTPUTS = ("final", "commit", "live")

SUMMARIES = {
    "type": "type what is said into the focused window",
    "hotkey": "listen while a key is held, or from press to press",
    "copy-last": "put the last text on the clipboard",
    "retype-last": "have the last text typed again",
    "undo-last": "take back what was typed last",
    "tray": "show an icon that tells whether Steno listens",
    "service": "have Steno started with your session",
}

MODULES = {
    "type": "typist.command",
    "hotkey": "hotkey.command",
    "copy-last": "typist.last",
    "retype-last": "typist.last",
    "undo-last": "typist.last",
}
"""Command -> module of `clients`, where the name is another."""


def _type(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mode", choices=OUTPUTS, help="what is typed when (typing.mode)")
    parser.add_argument("--backend", metavar="NAME", help="what types (typing.backend)")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--list", action="store_true", help="say which back-ends work here, and type nothing")
    choice.add_argument(
        "--self-test", action="store_true", help="type into a window of its own and say what arrived of it"
    )


def _hotkey(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", metavar="KEY", help="one key in the place of hotkey.bindings")
    parser.add_argument("--action", choices=("hold", "toggle", "auto"), help="of --key; auto")
    parser.add_argument("--backend", metavar="NAME", help="what hears the keys (hotkey.backend)")
    parser.add_argument("--list", action="store_true", help="say which keys are bound and what hears them, and end")


def _take(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", help="force this language for what is said now, by its English name")
    parser.add_argument("--context", metavar="TEXT", help="names and terms for what is said now")
    parser.add_argument("--output", choices=OUTPUTS, help="how `steno type` brings it to the window")


def _copy_last(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--print", action="store_true", help="print it instead")


def _service(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("install", "remove", "status", "print"), help="what to do")
    parser.add_argument(
        "--only",
        metavar="NAME",
        action="append",
        choices=("daemon", "type", "hotkey"),
        help="of the three alone: daemon, type, hotkey; may be repeated",
    )
    parser.add_argument(
        "--system",
        choices=("systemd", "launchd", "task-scheduler"),
        help="of `print`: for that system rather than this one",
    )


FILL: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "type": _type,
    "hotkey": _hotkey,
    "start": _take,
    "toggle": _take,
    "copy-last": _copy_last,
    "service": _service,
}
