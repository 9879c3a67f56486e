"""`steno status --watch` and `--format waybar`: goes on showing what the daemon does, through its restarts.

It owns how often the daemon is looked at, and the rows that are rewritten in place. What they say is
`clients.status_view`'s.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TextIO

from clients import place, reader
from clients.control import is_running
from clients.status_view import View
from clients.subscription import Subscription
from clients.terminal import is_live
from clients.typist import lease
from pipeline import commands, events
from pipeline.errors import EXIT_OK, NotRunningError, UsageError
from pipeline.sockets import Wire

LEVEL_S = 0.1
"""A level is asked for so often while a source is open and the meter is seen."""
IDLE_S = 0.5
"""Else it is looked so often whether the daemon, a typist and the reader of our output are still there."""
ANSWER_S = 2.0
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def run(arguments: argparse.Namespace) -> int:
    """Show it until the reader goes or the user stops it; without --watch once.

    Raises:
        UsageError: --json together with one of these.
        StenoError: the daemon speaks another protocol.
    """
    if arguments.json:
        raise UsageError(
            "--json goes with neither --watch nor --format waybar",
            "Every change as JSON: steno log --json --all",
        )
    with place.wire(arguments) as wire:
        if arguments.format == "waybar":
            output: Output = Lines(sys.stdout, View.waybar)
        elif is_live(sys.stdout):
            output = Rows(sys.stdout)
        else:
            output = Lines(sys.stdout, View.line)
        if arguments.watch:
            watch(wire, output)
        else:
            view = View()
            _ask(wire, view)
            output.show(view)
    return EXIT_OK


class Output(Protocol):
    """Where a view is shown."""

    levels: bool
    """Whether levels are seen there."""

    def show(self, view: View) -> None:
        """Show it as it is now."""

    def ended(self) -> bool:
        """Whether nobody looks any more."""

    def close(self) -> None:
        """Leave it as it was found."""


class Lines:
    """A line at each change."""

    levels = False

    def __init__(self, stream: TextIO, text: Callable[[View], str]) -> None:
        self._stream = stream
        self._text = text
        self._last = ""

    def show(self, view: View) -> None:
        """Write the line if it is another."""
        text = self._text(view)
        if text != self._last:
            self._last = text
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def ended(self) -> bool:
        """Whether the reader has gone."""
        return reader.has_gone()

    def close(self) -> None:
        """Lines are whole."""


class Rows:
    """Rows of a terminal, rewritten in place. The last ones stay."""

    levels = True

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._plain = not (stream.encoding or "").lower().startswith("utf")
        self._last: list[str] = []

    def show(self, view: View) -> None:
        """Write the rows over the last ones if they are others."""
        size = shutil.get_terminal_size()
        rows = view.rows(time.monotonic(), size.columns - 1, self._plain)[: max(1, size.lines - 1)]
        if rows != self._last:
            hide = "" if self._last else HIDE_CURSOR
            self._stream.write(f"{hide}{self._back()}" + "".join(f"{row}\n" for row in rows))
            self._stream.flush()
            self._last = rows

    def _back(self) -> str:
        """To the first of the last rows, and all from there on erased."""
        return f"\x1b[{len(self._last)}A\x1b[J" if self._last else ""

    def ended(self) -> bool:
        """Never: a terminal that closes says so by a signal."""
        return False

    def close(self) -> None:
        """Show the cursor again."""
        if self._last:
            self._stream.write(SHOW_CURSOR)
            self._stream.flush()


def watch(wire: Wire, output: Output) -> None:
    """Show what the daemon does until nobody looks any more.

    Raises:
        StenoError: the daemon speaks another protocol.
    """
    view = View()
    subscription = Subscription(wire)
    _ask(wire, view)
    typist_s = due_s = time.monotonic()
    try:
        while not output.ended():
            items = subscription.receive(max(0.0, due_s - time.monotonic()))
            for item in items:
                view.event(item.event)
            now_s = time.monotonic()
            if now_s >= typist_s:
                view.typist, typist_s = _typist(wire.runtime), now_s + IDLE_S
            joined = any(isinstance(item.event, events.Snapshot) for item in items)
            if now_s >= due_s or joined:
                if output.levels or joined:
                    _ask(wire, view)
                elif not is_running(wire.runtime):
                    view.gone()
                due_s = now_s + (LEVEL_S if output.levels and view.hears else IDLE_S)
            output.show(view)
    finally:
        output.close()
        subscription.close()


def _ask(wire: Wire, view: View) -> None:
    try:
        reply = commands.ask(wire, commands.Status(), commands.StatusReply, ANSWER_S)
    except NotRunningError:
        view.gone()
    else:
        view.status(reply, time.monotonic())


def _typist(runtime: Path) -> str:
    holder = lease.typist(runtime)
    return lease.describe(holder) if holder is not None else ""
