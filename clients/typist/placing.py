"""Where a text belongs: the rule of a window, the windows that had the focus and when, a text cut by them.

It owns these three. It does not know how a window is asked, nor how a text is typed.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from clients.desktop.window import Window, same
from clients.text.form import Style
from pipeline.desktop_settings import Newline, Rule, TextSettings, TypingSettings
from pipeline.events import TimedWord

NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """How to type into a window."""

    refused: str
    """Why nothing is ever typed there; empty if it may be."""
    backend: str
    """Name of the back-end that the rule wants; empty for the usual one."""
    newline: Newline
    submit: bool
    style: Style
    context: str
    paste_keys: str


class Rules:
    """`typing.rules` and `typing.excluded`, for any window."""

    def __init__(self, typing: TypingSettings, text: TextSettings) -> None:
        self._typing = typing
        self._trailing = text.trailing_space

    def terms(self, window: Window | None) -> Terms:
        """Those of the first rule that fits; a window that the desktop does not tell has the usual ones."""
        rule = next((rule for rule in self._typing.rules if window is not None and _fits(rule, window)), Rule())
        return Terms(
            refused=self._refused(rule, window),
            backend=rule.backend or "",
            newline=rule.newline or self._typing.newline,
            submit=rule.submit,
            style=Style(trailing_space=rule.trailing_space or self._trailing, punctuation=rule.punctuation),
            context=rule.context,
            paste_keys=rule.paste_keys,
        )

    def _refused(self, rule: Rule, window: Window | None) -> str:
        if window is None:
            return ""
        name = window.program or window.process or "this program"
        if rule.refuse:
            return f"a rule refuses {name} (typing.rules)"
        if any(_alike(window.program, pattern) for pattern in self._typing.excluded):
            return f"{name} is excluded (typing.excluded)"
        return ""


def _alike(program: str, pattern: str) -> bool:
    return fnmatchcase(program.lower(), pattern.lower())


def _fits(rule: Rule, window: Window) -> bool:
    return (
        _alike(window.program, rule.program)
        and fnmatchcase(window.title, rule.title)
        and fnmatchcase(window.process, rule.process)
    )


class FocusLog:
    """Which window had the focus when; only changes are kept."""

    def __init__(self) -> None:
        self._since: list[int] = []
        self._windows: list[Window | None] = []

    def note(self, ns: int, window: Window | None) -> None:
        """From this moment on (CLOCK_MONOTONIC; one before the last one counts as that) this window has the focus."""
        if not self._since or not same(window, self._windows[-1]):
            self._since.append(max(ns, *self._since[-1:], 0))
            self._windows.append(window)

    def at(self, ns: int) -> Window | None:
        """The window that had it at that moment; before the first note the first one."""
        if not self._since:
            return None
        return self._windows[max(0, bisect.bisect_right(self._since, ns) - 1)]

    def moved(self, since_ns: int) -> bool:
        """Whether another window has got it since then."""
        return bool(self._since) and self._since[-1] > since_ns and len(self._since) > 1

    def forget(self, before_ns: int) -> None:
        """Moments before this one are no longer asked for."""
        first = max(0, bisect.bisect_right(self._since, before_ns) - 1)
        del self._since[:first], self._windows[:first]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text and the window that had the focus while it was said."""

    text: str
    window: Window | None


def split(text: str, words: Sequence[TimedWord], origin_ns: int, log: FocusLog, press: Window | None) -> list[Part]:
    """A text cut where the focus moved while it was said; the parts together are the text.

    Args:
        words: with their times, in seconds from `origin_ns`; one that the text does not have is passed over.
        press: the window of what stands before the first word, and of a text without words.
    """
    parts: list[Part] = []
    window, began, searched = press, 0, 0
    for word in words:
        found = text.find(word.text, searched) if word.text else -1
        if found < 0:
            continue
        middle_ns = origin_ns + int((word.start + word.end) / 2 * NANO)
        now = log.at(middle_ns)
        if searched == 0:
            window = now
        elif not same(now, window):
            cut = _word_begins(text, searched, found)
            parts.append(Part(text[began:cut], window))
            window, began = now, cut
        searched = found + len(word.text)
    return [*parts, Part(text[began:], window)]


def _word_begins(text: str, after: int, found: int) -> int:
    """Where the word found there begins with what stands before it: an opening quote is its own, a comma is not."""
    space = next((i for i in range(found - 1, after - 1, -1) if text[i].isspace()), None)
    return found if space is None else space + 1
