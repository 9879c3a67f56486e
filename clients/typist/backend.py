"""What a typist asks of a back-end: the words they share.

A back-end brings text into the focused window by one way: key events, the clipboard, a program. It owns how. It does
not know which text, nor why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from clients.desktop.window import Window

Key = Literal["enter", "shift+enter", "backspace"]
Stopped = Literal["", "focus", "modifiers", "secret", "disturbed", "failed"]
"""Why typing ended before the end: another window has the focus; modifiers were held for too long; a password is asked
for; somebody else pressed a key or clicked, where that matters; the back-end failed. Empty: it did not."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a back-end can work here."""

    usable: bool
    text: str
    """What it found, or what is missing, for people."""
    hint: str = ""
    """What to do about it."""
    exact: bool = True
    """Whether it checks the window's focus in the very act of typing; else only before each piece."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request to type."""

    done: int
    """Characters (keys, for `press`) that went to the window."""
    stopped: Stopped = ""
    detail: str = ""
    """For people, if it stopped."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to type, and on what terms."""

    window: Window | None
    """The window that must have the focus; None: whichever has it."""
    modifier_wait_s: float = 10.0
    """So long held modifiers are waited for."""
    paste_keys: str = ""
    """Keys that paste there, such as `ctrl+shift+v`; empty for the usual ones."""
    undisturbed: int | None = None
    """Only as long as the desktop has counted so many disturbances; None: however many."""


DISTURBED = "keys or mouse buttons were pressed meanwhile"


About = Callable[[int], None]
"""Called with n before characters are sent, when the first n of the text will have been sent after it: a typist that is
killed then knows what may have arrived."""


class Backend(Protocol):
    """One way of typing. Made cheaply; what it needs is opened by `probe` or at first use."""

    name: str

    def probe(self) -> Probe:
        """Whether it can work here; changes nothing that a user sees."""

    def type(self, text: str, place: Place, about: About) -> Outcome:
        """Type text without control characters, all of it or up to where it had to stop.

        It returns when the window has been given the text, not when it has drawn it. No key is down afterwards, nor if
        the process is killed.
        """

    def press(self, key: Key, count: int, place: Place) -> Outcome:
        """Press a key so many times."""

    def close(self) -> None:
        """Leave the desktop as it was found."""
