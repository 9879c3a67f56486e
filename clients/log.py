"""`steno log`: prints what is said, as it becomes final.

It owns what of an event is printed, and what is said when the daemon goes and comes back. It does not know how events
are read: `clients.subscription` owns that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from clients import place, reader
from clients.control import is_running
from clients.follower import Item
from clients.live import LiveText
from clients.subscription import Subscription
from clients.terminal import clean
from pipeline import events
from pipeline.commands import require_daemon
from pipeline.errors import EXIT_OK, UsageError

IDLE_S = 0.5
"""How often it is looked whether the daemon and the reader of our output are still there."""


def run(arguments: argparse.Namespace) -> int:
    """Print until the reader goes or the user stops it."""
    if arguments.all and not arguments.json:
        raise UsageError("--all needs --json")
    with place.wire(arguments) as wire:
        require_daemon(wire.runtime)
        subscription = Subscription(wire)
        printer = _Json(arguments.partials, arguments.all) if arguments.json else _Text(arguments.partials)
        try:
            _follow(subscription, printer, wire.runtime)
        finally:
            printer.end()
    return EXIT_OK


def _follow(subscription: Subscription, printer: _Json | _Text, runtime: Path) -> None:
    known = subscription.first().daemon
    lost = False
    while not reader.has_gone():
        items = subscription.receive(IDLE_S)
        for item in items:
            if isinstance(item.event, events.Snapshot) and item.event.daemon != known:
                known, lost = item.event.daemon, False
                _say("the daemon was restarted")
        printer.print(items)
        if not items and not lost and not is_running(runtime):
            lost = True
            _say("the daemon has gone; waiting for it to come back")


class _Json:
    """Events as they were published, one a line."""

    def __init__(self, partials: bool, everything: bool) -> None:
        self._kinds = (events.Final, events.Partial) if partials else (events.Final,)
        self._everything = everything

    def print(self, items: Iterable[Item]) -> None:
        out = sys.stdout.buffer
        for item in items:
            if isinstance(item.event, self._kinds) or (
                self._everything and not isinstance(item.event, events.Snapshot)
            ):
                out.write(item.text + b"\n")
        out.flush()

    def end(self) -> None:
        """Nothing is left half-written: lines are whole."""


class _Text:
    """Text alone: each final a line, partials in place on a terminal."""

    def __init__(self, partials: bool) -> None:
        self._live = LiveText(sys.stdout)
        self._partials = partials
        self._open: dict[int, events.Partial] = {}

    def print(self, items: Iterable[Item]) -> None:
        for item in items:
            match item.event:
                case events.Snapshot() as shot:
                    self._open = {partial.utterance: partial for partial in shot.partials}
                case events.Partial() as partial:
                    self._open[partial.utterance] = partial
                    if self._partials:
                        self._live.show(partial.committed, partial.tail)
                case events.Final() as final:
                    self._open.pop(final.utterance, None)
                    self._final(final)
                case events.Notice(level="warning" | "error") as notice:
                    self._live.clear()
                    _say(f"{notice.text}\n  {notice.hint}" if notice.hint else notice.text)

    def end(self) -> None:
        """Leave no half line for the shell's prompt."""
        self._live.clear()

    def _final(self, final: events.Final) -> None:
        if final.text:
            self._live.line(final.text)
        else:
            self._live.clear()
        if final.error:
            _say(f"an utterance is incomplete: {final.error}")
        for partial in list(self._open.values())[-1:] if self._partials else []:
            self._live.show(partial.committed, partial.tail)


def _say(text: str) -> None:
    print("\n".join(clean(line) for line in f"steno: {text}".split("\n")), file=sys.stderr, flush=True)
