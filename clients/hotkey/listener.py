"""What hears keys, as the rest of `steno hotkey` sees it.

It owns the words that all listeners share. How a system is asked for its keys stands in a file for each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from clients.hotkey.gestures import KeyEvent
from clients.hotkey.keys import Keys
from pipeline.errors import StenoError


@dataclass(frozen=True, slots=True)
class Hearing:
    """Whether a listener can hear here."""

    usable: bool
    text: str
    """What it found, or what is missing, for people."""
    hint: str = ""
    """What to do about it."""


@dataclass(frozen=True, slots=True)
class Death:
    """A listener hears nothing any more."""

    error: StenoError


Callback = Callable[[KeyEvent | Death], None]
"""Called from the listener's own thread."""


class Listener(Protocol):
    """One way of hearing keys. Made cheaply; what it needs is opened by `probe` or `run`."""

    name: str
    swallows: bool
    """Whether the focused program no longer gets the keys that are bound."""

    @property
    def heard(self) -> int:
        """Key events so far, of whatever key."""

    def probe(self) -> Hearing:
        """Whether it can hear here; changes nothing that a user sees."""

    def run(self, keys: Keys, callback: Callback) -> None:
        """Hear, on a thread of its own, until `close`. Returns when it hears.

        Raises:
            StenoError: it cannot hear, or one of the keys cannot be had.
        """

    def listening(self, on: bool) -> None:
        """Something has begun that the cancel key ends, or has ended: only then is that key taken from others."""

    def replay(self, key: str) -> None:
        """Have a key that was taken from others do what it does without Steno."""

    def held(self) -> frozenset[str] | None:
        """Keys that are down now; None if that cannot be asked here."""

    def close(self) -> None:
        """Hear no more, and leave the desktop as it was found."""
