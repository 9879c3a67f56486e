"""Whether a text may be typed now, has to wait, or is to be kept, and how that is told.

It owns the order of the reasons, and their words. It asks nobody: all that it goes by is given.
"""

from __future__ import annotations

from clients.desktop.window import same
from clients.typist.journal import Entry
from clients.typist.placing import Terms
from clients.typist.speech import Speech, View
from pipeline.desktop_settings import TypingSettings


def may_type(speech: Speech, view: View, terms: Terms, typing: TypingSettings) -> tuple[bool, str]:
    """Whether its window is there to be typed into, and why the text is to be kept.

    Neither: it waits for its window.
    """
    why = speech.blocked or view.gone or terms.refused or speech.secret
    if why:
        return False, why
    window = speech.entry.window
    if not view.sees_focus:
        unknown = "this desktop does not tell which window has the focus (typing.unknown_window)"
        return (True, view.secret) if typing.unknown_window == "type" else (False, unknown)
    if window is None:
        return False, "no window had the focus when it was said"
    if same(view.window, window):
        return True, view.secret
    return False, "another window has the focus" if typing.focus_moves == "pin" else ""


def kept(entry: Entry, why: str) -> str:
    """What is told about a text that was kept, without a word of it."""
    whole, there = len(entry.text), entry.sure
    amount = f"{whole - there} of {whole} characters were" if there else "a text was"
    doubt = f"; up to {entry.maybe - there} of them may stand there" if entry.maybe > there else ""
    return f"{why}: {amount} kept{doubt}. Take it with: steno copy-last"
