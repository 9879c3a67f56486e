"""An utterance cut into parts for the windows that had the focus while it was said.

It owns what becomes of an utterance of which something may already have been typed. It does not know when its parts are
typed.
"""

from __future__ import annotations

from collections.abc import Callable

from clients.desktop.window import Window, same
from clients.typist.journal import Entry
from clients.typist.placing import FocusLog, split
from clients.typist.speech import Speech


def moves(speech: Speech, log: FocusLog) -> bool:
    """Whether the focus has moved since it began, so that its words may belong to several windows."""
    corrected = not (speech.final or "").startswith(speech.entry.spoken)
    return bool(speech.origin_ns) and log.moved(speech.began_ns) and not corrected


def cut(speech: Speech, log: FocusLog, next_id: Callable[[], int]) -> list[Speech]:
    """Its parts in order; the first is the speech itself, with what was typed of it and goes on from there."""
    assert speech.final is not None
    assert speech.words is not None
    parts = split(speech.final, speech.words.words, speech.origin_ns, log, speech.entry.window)
    spoken = len(speech.entry.spoken)
    speech.final, speech.placed = speech.final[:spoken], True
    found, begin = [speech], 0
    for part in parts:
        rest = part.text[max(0, spoken - begin) :]
        begin += len(part.text)
        if rest and not same(part.window, found[-1].entry.window):
            found.append(_part(speech, part.window, next_id()))
        found[-1].final = (found[-1].final or "") + rest
    for one in found:
        one.entry.raw = one.final or ""
        one.entry.state = "open" if one.standing else "waiting"
    return found


def _part(whole: Speech, window: Window | None, number: int) -> Speech:
    of = whole.entry
    entry = Entry(
        id=number,
        daemon=of.daemon,
        source=of.source,
        utterance=of.utterance,
        seq=of.seq,
        window=window,
    )
    return Speech(entry, began_ns=whole.began_ns, final="", placed=True)
