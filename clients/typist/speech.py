"""The words that a session shares with those who do what it decides: what it sees, what it wants done, what came of it.

It owns their form, and what is known of one utterance on its way to a window. It decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from clients.desktop.window import Window
from clients.typist.backend import Stopped
from clients.typist.journal import Aim, Entry
from clients.typist.placing import Terms
from pipeline import events
from pipeline.desktop_settings import Output


@dataclass(frozen=True, slots=True)
class View:
    """What can be seen at this moment."""

    ns: int
    """CLOCK_MONOTONIC."""
    window: Window | None = None
    """The one with the focus."""
    sees_focus: bool = True
    secret: str = ""
    """Why what is typed now must stay secret."""
    disturbances: int | None = None
    """Keys pressed and buttons clicked by others so far."""
    gone: str = ""
    """Why nothing can be seen nor typed: the display is gone."""


@dataclass(frozen=True, slots=True)
class Insert:
    """Type the rest of `entry.text` (what is behind `entry.sure`), then press Enter if `submit`."""

    entry: Entry
    window: Window | None
    """Which must have the focus; None: whichever has it."""
    terms: Terms
    patient: bool = True
    """Wait for held modifiers; else stop at once."""
    submit: bool = False


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Press backspace so many times: the last characters of what stands there of `entry`."""

    entry: Entry
    window: Window | None
    terms: Terms
    count: int
    undisturbed: int | None
    """Only as long as there have been so many disturbances."""
    patient: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an Insert or a TakeBack."""

    done: int
    """Characters that went to the window, or were taken back."""
    stopped: Stopped = ""
    detail: str = ""
    uncertain: bool = False
    """More than `done` may have happened: up to `entry.maybe`."""
    entered: bool = False
    """Enter was pressed: what stood before it may have been sent off."""
    disturbed: bool = False
    """Somebody else pressed a key or clicked meanwhile, or nobody can tell."""
    disturbances: int | None = None
    """As in `View`, when it began."""


@dataclass(frozen=True, slots=True)
class Record:
    """Write these down."""

    entries: tuple[Entry, ...] = ()
    aim: Aim | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Tell the user; never with a word of the text."""

    text: str
    alert: bool = False
    """Somebody waits for it: also with a notification and a sound."""


@dataclass(frozen=True, slots=True)
class Context:
    """Send this context of the take to the daemon."""

    take: int
    context: str


Do = Insert | TakeBack | Record | Say | Context


@dataclass(slots=True)
class Speech:
    """An utterance, or a part of one, on its way to a window."""

    entry: Entry
    secret: str = ""
    """Why nothing of it may be typed, from the moment when it began."""
    origin_ns: int = 0
    """Moment of second 0 of its source."""
    began_ns: int = 0
    partial: events.Partial | None = None
    """The newest one that is not yet seen to."""
    final: str | None = None
    """Its text, once there is one."""
    words: events.Words | None = None
    words_until_ns: int = 0
    """So long its words are waited for; 0 if they are not."""
    placed: bool = False
    """It is decided which windows its parts go to."""
    formed: bool = False
    """`target` is what the final is to look like."""
    target: str = ""
    """What should stand there."""
    before: str | None = None
    """What stood there before it."""
    undo: bool = False
    """It said that the one before is to be taken back."""
    mark: int | None = None
    """Disturbances when it was last typed; None: nothing of it may be corrected."""
    frozen: bool = False
    """It is no longer corrected."""
    blocked: str = ""
    """Why nothing more of it can be typed."""
    asleep: bool = False
    """Nothing is to be done until it hears more."""
    tries: int = 0
    """How often the window was there to be seen, and was not there when something was to be typed."""
    submitted: bool = False
    entered: bool = False
    said: set[str] = field(default_factory=set)
    """What the user was told about it."""

    @property
    def key(self) -> tuple[str, int]:
        """Source and number of its utterance."""
        return self.entry.source, self.entry.utterance

    @property
    def mode(self) -> Output:
        """How it is brought to the window."""
        return self.entry.mode

    @property
    def standing(self) -> str:
        """What stands there of it."""
        return self.entry.text[: self.entry.sure]
