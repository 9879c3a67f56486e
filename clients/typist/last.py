"""`steno copy-last`, `retype-last`, `undo-last`: the last text once more, for the user's own hands.

It owns which text is the last one, and who does what is asked: the running typist, or this process. It does not know
how anything is typed.
"""

from __future__ import annotations

import argparse
import os

from clients import place
from clients.control import is_running
from clients.subscription import Subscription
from clients.terminal import clean_lines
from clients.typist import journal
from clients.typist.lease import Lease, typist
from pipeline import commands, events
from pipeline.errors import EXIT_FAILURE, EXIT_OK, StenoError
from pipeline.sockets import Wire


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    with place.wire(arguments) as wire:
        if arguments.command == "copy-last":
            return _copy(last_text(wire), arguments.print)
        if typist(wire.runtime) is not None:
            commands.ask(wire, commands.TellTypist(action=arguments.command), commands.Done)
            return EXIT_OK
        if arguments.command == "undo-last":
            raise StenoError(
                f"no typist runs in {wire.runtime}: nobody knows what may be taken back",
                "Start one with: steno type. It takes back what it has typed itself.",
            )
        return _retype(wire, arguments)


def last_text(wire: Wire) -> str:
    """The last text: as it was formed to be typed, without the spaces that part it from others; as the daemon gave it
    if no typist has seen it.

    Raises:
        StenoError: there is none.
    """
    entry = _last(wire)
    if entry is None:
        raise StenoError("there is no text yet", "Say something first; `steno log` shows what is understood.")
    return (entry.text or entry.raw).strip(" ")


def _last(wire: Wire) -> journal.Entry | None:
    entry = journal.read(wire.runtime).last()
    if not is_running(wire.runtime) or (entry is not None and typist(wire.runtime) is not None):
        return entry
    subscription = Subscription(wire)
    try:
        finals = subscription.first().finals
    finally:
        subscription.close()
    newest = next((final for final in reversed(finals) if final.text), None)
    if newest is None or (entry is not None and entry.daemon == newest.daemon and entry.seq >= newest.seq):
        return entry
    return _entry(newest)


def _entry(final: events.Final) -> journal.Entry:
    from clients.text.safe import clean

    return journal.Entry(id=0, daemon=final.daemon, seq=final.seq, raw=clean(final.text))


def _copy(text: str, show: bool) -> int:
    if show:
        print(clean_lines(text))
        return EXIT_OK
    from clients.desktop.plain_clipboard import copy

    copy(text)
    return EXIT_OK


def _retype(wire: Wire, arguments: argparse.Namespace) -> int:
    """Be the typist for one text."""
    from clients.typist.typist import Typist

    settings = place.settings(arguments)
    last = _last(wire)
    wire.runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        Lease(wire.runtime, "steno retype-last"),
        Typist(
            wire.runtime,
            settings,
            "final",
            settings.typing.backend,
            os.environ,
            lambda take, context: None,
            lambda: None,
        ) as hand,
    ):
        if last is not None:
            hand.session.last = last
        hand.session.hearing.resume(hand.journal.past, "")
        hand.session.retype(hand.view())
        hand.work()
        done = hand.session.last.state == "typed" and hand.session.last is not last
    return EXIT_OK if done else EXIT_FAILURE
