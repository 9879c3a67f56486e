"""What the daemon tells of itself, as the hotkey needs it: that it is there, its mode, that a take has ended.

It owns a thread with a subscription. It does not know what follows from it. The thread ends with the process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clients.hotkey.listener import Death
from clients.subscription import Subscription
from pipeline import events
from pipeline.errors import StenoError
from pipeline.sockets import Wire


@dataclass(frozen=True, slots=True)
class DaemonState:
    """A daemon is there, or has changed."""

    daemon: str
    """Another id means another daemon."""
    mode: str
    listening: bool


@dataclass(frozen=True, slots=True)
class TakeEnded:
    """The daemon listens no more."""

    take: int


@dataclass(frozen=True, slots=True)
class MicrophoneLost:
    """The daemon hears nothing any more, though it may listen."""

    text: str
    hint: str


News = DaemonState | TakeEnded | MicrophoneLost | Death


def watch(runtime: Path, tell: Callable[[News], None]) -> None:
    """Tell of the daemon in this runtime directory, from a thread, as soon as there is one and as long as this runs."""
    threading.Thread(target=_watch, args=(runtime, tell), daemon=True, name="daemon-watch").start()


def _watch(runtime: Path, tell: Callable[[News], None]) -> None:
    try:
        with Wire(runtime) as wire:
            subscription = Subscription(wire)
            while True:
                for item in subscription.receive(None):
                    _pass_on(item.event, tell)
    except StenoError as error:
        tell(Death(error))


def _pass_on(event: events.Any | None, tell: Callable[[News], None]) -> None:
    match event:
        case events.Snapshot(state=state) | (events.State() as state):
            tell(DaemonState(state.daemon, state.mode, state.listening))
        case events.Listening(on=False, take=take):
            tell(TakeEnded(take))
        case events.Notice(code="microphone-lost", text=text, hint=hint):
            tell(MicrophoneLost(text, hint))
