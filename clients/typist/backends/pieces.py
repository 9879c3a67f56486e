"""Typing in pieces, with a look at the focus before each: for back-ends that cannot check it in the very act.

It owns how a text is cut and when it stops. It does not know how a piece reaches the window.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

from clients.desktop.window import Desktop, same
from clients.typist.backend import DISTURBED, About, Outcome, Place, Stopped

MOST = 12
"""Characters of a piece: so many may still reach a window that takes the focus in that moment."""
KEYS_AT_ONCE = 8
"""Keys that are pressed between two looks at the focus."""
JOINERS = "\u200d\ufe0e\ufe0f"
"""Zero width joiner and variation selectors: they belong to the character before them."""
SKIN = range(0x1F3FB, 0x1F400)
"""Emoji modifiers (Unicode UTS #51)."""

Send = Callable[[str], str]
"""Sends a piece; returns what went wrong, or nothing."""


def unsafe(text: str) -> bool:
    """Whether a text holds a control character or the end of a line: it could be taken for a key or a command."""
    return any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in text)


def pieces(text: str, most: int = MOST) -> Iterator[str]:
    """Cut a text into pieces of at most so many characters: behind a word where one ends, else before a character that
    stands for itself. What belongs to one such character is never cut, however long it is.
    """
    begin = 0
    while begin < len(text):
        end = min(begin + most, len(text))
        if end < len(text):
            words = (at for at in range(end, begin, -1) if text[at - 1].isspace() and not text[at].isspace())
            whole = (at for at in (*range(end, begin, -1), *range(end + 1, len(text))) if not _joined(text, at))
            end = next(words, None) or next(whole, len(text))
        yield text[begin:end]
        begin = end


def _joined(text: str, index: int) -> bool:
    """Whether a character continues the one before it."""
    character = text[index]
    marks = unicodedata.category(character).startswith("M") or character in JOINERS or ord(character) in SKIN
    return marks or text[index - 1] == "\u200d"


def obstacle(desktop: Desktop, place: Place) -> tuple[Stopped, str]:
    """Why nothing may be typed now, and that for people; empty if it may."""
    if place.window is not None and desktop.sees_focus and not same(desktop.focused(), place.window):
        return "focus", "another window has the focus"
    if secret := desktop.secret():
        return "secret", f"the focus is in {secret}"
    if place.undisturbed is not None and desktop.disturbances() != place.undisturbed:
        return "disturbed", DISTURBED
    return "", ""


def type_in_pieces(text: str, place: Place, about: About, desktop: Desktop, send: Send) -> Outcome:
    """Send a text piece by piece, as long as the window has the focus."""
    if unsafe(text):
        return Outcome(0, "failed", "the text holds a control character or a line break, which is never typed")
    done = 0
    for piece in pieces(text):
        stopped, why = obstacle(desktop, place)
        if stopped:
            return Outcome(done, stopped, why)
        about(done + len(piece))
        if wrong := send(piece):
            return Outcome(done, "failed", wrong)
        done += len(piece)
    return Outcome(done)


def press_in_groups(count: int, place: Place, desktop: Desktop, strike: Callable[[int], str]) -> Outcome:
    """Press a key so many times, a few at once, as long as the window has the focus."""
    done = 0
    while done < count:
        stopped, why = obstacle(desktop, place)
        if stopped:
            return Outcome(done, stopped, why)
        now = min(KEYS_AT_ONCE, count - done)
        if wrong := strike(now):
            return Outcome(done, "failed", wrong)
        done += now
    return Outcome(done)
