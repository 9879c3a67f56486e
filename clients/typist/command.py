"""`steno type`: types what is said into the focused window, until it is ended.

It owns the loop between the daemon's events, the desktop's news and the typist, and what is said when the daemon goes
and comes back. It does not know what is typed when, nor how.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import time

from clients import place
from clients.control import is_running
from clients.follower import Item
from clients.subscription import Subscription
from clients.typist import recovery
from clients.typist.lease import Lease
from clients.typist.typist import Typist, say
from pipeline import commands, events, service_manager
from pipeline.errors import EXIT_OK, StenoError
from pipeline.settings import Settings
from pipeline.sockets import Wire

SNAPSHOT_S = 5.0
"""A daemon that runs and has not told its state in this time is said to be silent."""
ASK_S = 1.0
"""So long the daemon is waited for when it is told something."""
RELEVANT = (
    events.Snapshot,
    events.State,
    events.Listening,
    events.Typist,
    events.SpeechStarted,
    events.Partial,
    events.Final,
    events.Words,
)


def run(arguments: argparse.Namespace) -> int:
    """Type until the user stops it, or only say what could type."""
    settings = place.settings(arguments)
    if arguments.list:
        return _list()
    if arguments.self_test:
        from clients.typist.self_test import self_test

        return self_test(arguments.backend or settings.typing.backend, os.environ)
    with place.wire(arguments) as wire:
        wire.runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        with Lease(wire.runtime):
            _Loop(wire, settings, arguments).run()
    return EXIT_OK


def _list() -> int:
    from clients.desktop.desktops import open_desktop
    from clients.typist.choice import survey

    desktop = open_desktop(os.environ)
    try:
        for name, probe in survey(os.environ, desktop):
            print(f"{name:<9} {'works' if probe.usable else 'does not work'}: {probe.text}")
            if probe.hint:
                print(f"{'':<9} {probe.hint}")
    finally:
        desktop.close()
    return EXIT_OK


class _Loop:
    def __init__(self, wire: Wire, settings: Settings, arguments: argparse.Namespace) -> None:
        self._wire = wire
        self._settings = settings
        self._mode = arguments.mode or settings.typing.mode
        self._backend = arguments.backend or settings.typing.backend
        watchdog_s = service_manager.watchdog_s()
        self._beat_s = None if watchdog_s is None else watchdog_s / 3
        self._beaten = 0.0
        self._daemon = ""
        self._lost = False

    def run(self) -> None:
        wire, settings = self._wire, self._settings
        with Typist(
            wire.runtime, settings, self._mode, self._backend, os.environ, self._send_context, self._beat
        ) as typist:
            stream = Subscription(wire)
            service_manager.notify("READY=1")
            shot, *behind = self._first(stream, typist)
            assert isinstance(shot.event, events.Snapshot)
            past, view = typist.journal.past, typist.view()
            seen = recovery.resume(typist.session, past, shot.event, view, time.time(), settings.typing.catch_up_s)
            self._met(shot.event.daemon, seen, typist)
            say(typist.sentence)
            try:
                self._hear(behind, typist)
                typist.work()
                while True:
                    self._hear(self._wait(stream, typist), typist)
            finally:
                self._commit(False)

    def _first(self, stream: Subscription, typist: Typist) -> list[Item]:
        """Wait for a daemon and its snapshot, as long as it takes: a service may be started before it."""
        runtime, began, said = self._wire.runtime, time.monotonic(), ""
        while not (items := self._wait(stream, typist)):
            if not is_running(runtime):
                now = f"no daemon is running in {runtime} yet; typing begins once one does (steno daemon)"
            elif time.monotonic() - began > SNAPSHOT_S:
                now = f"the daemon in {runtime} does not tell its state; see whether it is alive: steno status"
            else:
                continue
            if now != said:
                say(now)
            said = now
        return items

    def _wait(self, stream: Subscription, typist: Typist) -> list[Item]:
        """What the daemon tells, as soon as it does; what the desktop tells is seen to meanwhile."""
        limit_s = typist.patience_s if self._beat_s is None else min(typist.patience_s, self._beat_s)
        stream.wait(limit_s, typist.news)
        typist.watch()
        self._beat()
        return stream.receive(0.0)

    def _hear(self, items: list[Item], typist: Typist) -> None:
        for item in items:
            event = item.event
            if isinstance(event, events.Snapshot) and event.daemon != self._daemon:
                say("the daemon was restarted")
                self._met(event.daemon, 0, typist)
            if isinstance(event, RELEVANT):
                typist.hear(event)
        if items:
            typist.work()
        if not items and not self._lost and not typist.session.watching and not is_running(self._wire.runtime):
            self._lost = True
            say("the daemon has gone; waiting for it to come back")

    def _met(self, daemon: str, seen: int, typist: Typist) -> None:
        self._daemon, self._lost = daemon, False
        typist.journal.seen(daemon, seen)
        self._commit(True)

    def _commit(self, on: bool) -> None:
        """Have the daemon commit words, if they are typed as they are said."""
        if self._mode == "final":
            return
        try:
            commands.ask(self._wire, commands.Commit(on=on), commands.Done, ASK_S)
        except StenoError as error:
            if on:
                say(f"words will not be committed while they are said: {error.message}")

    def _send_context(self, take: int, context: str) -> None:
        try:
            commands.ask(self._wire, commands.SetContext(take=take, context=context), commands.Done, ASK_S)
        except StenoError as error:
            say(f"the context of a rule did not reach the daemon: {error.message}")

    def _beat(self) -> None:
        """Tell a service manager that watches that there is life."""
        now = time.monotonic()
        if self._beat_s is not None and now - self._beaten >= self._beat_s:
            self._beaten = now
            with contextlib.suppress(OSError):
                service_manager.notify("WATCHDOG=1")
