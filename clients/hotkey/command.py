"""`steno hotkey`: has the daemon listen while a key is held, or from press to press.

It owns the loop in which key events, the daemon's events and time meet. What a key event means is in
`clients.hotkey.gestures`, what the daemon is asked in `clients.hotkey.takes`.
"""

from __future__ import annotations

import argparse
import os
import queue
import time
from collections.abc import Iterator
from pathlib import Path

from clients import place
from clients.control import is_running
from clients.desktop import desktops
from clients.desktop.feedback import Feedback
from clients.hotkey import choice, desktop_lines, keys
from clients.hotkey.daemon_watch import DaemonState, MicrophoneLost, News, TakeEnded, watch
from clients.hotkey.gestures import Gesture, Gestures, KeyEvent, Replay
from clients.hotkey.keys import Keys
from clients.hotkey.listener import Death, Listener
from clients.hotkey.takes import Takes
from pipeline import service_manager
from pipeline.errors import EXIT_FAILURE, EXIT_OK, StenoError
from pipeline.lock import FileLock, Holder

LOCK = "hotkey.lock"
LOOK_S = 1.0
"""While something has begun it is looked so often whether the daemon is there, and whether the key is really down."""
HOW = {"hold": "held to talk", "toggle": "pressed to start and to stop", "auto": "held to talk, or tapped"}

OWNERS = ("sway", "hyprland", "gnome", "kde", "wayland")
"""Kinds of desktops that own the keys, and run commands when one is pressed."""

Item = KeyEvent | News


def run(arguments: argparse.Namespace) -> int:
    """Listen for keys until interrupted."""
    settings = place.settings(arguments)
    bound = keys.read(settings.hotkey, arguments.key, arguments.action)
    name = arguments.backend or settings.hotkey.backend
    if arguments.list:
        return _list(name, bound)
    runtime = place.runtime(arguments)
    listener, why = choice.choose(name, bound)
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    with HotkeyLock(runtime), place.wire(arguments) as wire, Feedback(settings.feedback) as feedback:
        loop = Loop(listener, bound, Takes(wire, bound, feedback, listener.swallows))
        try:
            loop.listen(runtime)
            print("\n".join([f"keys heard by {why}", *_described(bound)]), flush=True)
            if not is_running(runtime):
                print(f"no daemon is running in {runtime} yet; the keys will work once one does", flush=True)
            service_manager.notify("READY=1")
            loop.run()
        finally:
            service_manager.notify("STOPPING=1")
            loop.close()
    return EXIT_OK


class Loop:
    """Key events, the daemon's events and time, one after the other."""

    def __init__(self, listener: Listener, bound: Keys, takes: Takes) -> None:
        self._listener = listener
        self._keys = bound
        self._gestures = Gestures(bound)
        self._takes = takes
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._cancellable = False
        self._watchdog_s = service_manager.watchdog_s()

    def listen(self, runtime: Path) -> None:
        """Begin to hear.

        Raises:
            StenoError: the keys cannot be had.
        """
        self._listener.run(self._keys, self._items.put)
        watch(runtime, self._items.put)

    def run(self) -> None:
        """Work until the process is interrupted.

        Raises:
            StenoError: no key is heard any more.
        """
        while True:
            try:
                self._take(self._items.get(timeout=self._timeout_s()))
            except queue.Empty:
                self._look()
            if self._items.empty():  # an event that waits may be older than now
                self._do(self._gestures.wake(time.monotonic_ns()))
            if self._watchdog_s is not None:
                service_manager.notify("WATCHDOG=1")

    def close(self) -> None:
        """End what was begun, and give the keys back."""
        self._takes.close()
        self._listener.close()

    def _look(self) -> None:
        """See whether the daemon that listens has gone, or the release of what is held was missed."""
        if self._gestures.listening and self._takes.number is not None and self._takes.lost():
            self._over()
        if self._gestures.holding and (down := self._listener.held()) is not None and self._items.empty():
            self._do(self._gestures.really_down(down, time.monotonic_ns()))

    def _timeout_s(self) -> float | None:
        waits = [] if self._watchdog_s is None else [self._watchdog_s / 3]
        if self._gestures.listening:
            waits.append(LOOK_S)
        if (wake_ns := self._gestures.wake_ns) is not None:
            waits.append(max(0.001, (wake_ns - time.monotonic_ns()) / 1e9))
        return min(waits) if waits else None

    def _take(self, item: Item) -> None:
        match item:
            case KeyEvent():
                self._do(self._gestures.step(item))
            case TakeEnded(take) if take == self._takes.number:
                self._takes.ended()
                self._over()
            case MicrophoneLost(text, hint) if self._takes.number is not None:
                self._takes.say(StenoError(text, hint))
            case DaemonState():
                self._daemon(item)
            case Death(error):
                raise error

    def _do(self, gestures: list[Gesture]) -> None:
        for gesture in gestures:
            if isinstance(gesture, Replay):
                self._listener.replay(gesture.key)
            elif not self._takes.do(gesture):
                self._gestures.over()
        self._tell_listener()

    def _over(self) -> None:
        self._gestures.over()
        self._tell_listener()

    def _tell_listener(self) -> None:
        if self._gestures.listening is not self._cancellable:
            self._cancellable = self._gestures.listening
            self._listener.listening(self._cancellable)

    def _daemon(self, state: DaemonState) -> None:
        """A daemon has appeared, or tells of a change."""
        if state.daemon == self._takes.daemon:
            return
        restarted, self._takes.daemon = bool(self._takes.daemon), state.daemon
        if restarted and self._takes.number is not None:
            self._takes.restarted()
            self._over()
        if state.mode == "always" and state.listening and self._takes.number is None and self._takes.stop():
            print("the daemon is set to listen always; from now on it listens only when a key says so", flush=True)
        else:
            print("connected to the daemon", flush=True)


def _list(name: str, bound: Keys) -> int:
    """Say what hears the keys, and how the desktop could own them; fails if nothing hears them and nothing could."""
    print("\n".join(_described(bound)))
    kind = desktops.kind(os.environ)
    owned = kind in OWNERS
    code = EXIT_OK
    try:
        print(f"heard by {choice.choose(name, bound)[1]}")
    except StenoError as error:
        print(f"heard by nothing: {error.message if owned else error}")
        code = EXIT_OK if owned and name == "auto" else EXIT_FAILURE
    if owned:
        lines = desktop_lines.all_lines(kind, bound)
        print("\n".join([f"to bind them in {desktops.NAMES[kind]} itself:", *(f"  {line}" for line in lines)]))
    return code


def _described(bound: Keys) -> Iterator[str]:
    """What each key does, a line each."""
    for binding, chord in zip(bound.bindings, bound.chords, strict=True):
        how = "held to talk" if chord.key == keys.CAPS_LOCK and binding.action == "auto" else HOW[binding.action]
        more = [text for text in (binding.language, binding.output) if text]
        yield f"  {chord}: {how}" + (f" ({', '.join(more)})" if more else "")
    if bound.cancel is not None:
        yield f"  {bound.cancel}: throws away what is being said"


class HotkeyLock(FileLock):
    """Makes this the only hotkey of a daemon."""

    def __init__(self, runtime: Path) -> None:
        super().__init__(runtime / LOCK)

    def refusal(self, other: Holder) -> StenoError:
        """The error of a second one."""
        return StenoError(
            f"steno hotkey already runs for the daemon in {self.path.parent} (process {other.process or '?'})",
            "End that one first, or give this one another daemon with --runtime-dir.",
        )
