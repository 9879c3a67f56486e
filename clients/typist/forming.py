"""What should stand in the window of an utterance, from what was heard of it.

It owns how `clients.text.form` is asked in each mode. It does not know what stands there, nor how it comes there.
"""

from __future__ import annotations

from clients.text.form import Formed, Former, Style
from clients.typist.speech import Speech


def form(speech: Speech, former: Former, style: Style) -> tuple[str, ...]:
    """Set `speech.target` by what it has heard last; returns what is to be said about it.

    A mode that only appends only ever lengthens it, but for a final that contradicts what was committed: then the
    speech is frozen, and nothing is appended to what stands.
    """
    if speech.formed:
        return ()
    if speech.final is not None:
        speech.formed = True
        return _final(speech, speech.final, former, style).notes
    partial, speech.partial = speech.partial, None
    if partial is None:
        return ()
    if speech.mode == "live":
        speech.entry.spoken = partial.committed + partial.tail
        formed = former.piece(speech.entry.spoken, speech.before, style, first=True, last=False)
        speech.target = formed.text
        return ()  # what is left out of a tail may yet change; the final says it
    return _append(speech, partial.committed, former, style, last=False).notes


def _final(speech: Speech, text: str, former: Former, style: Style) -> Formed:
    entry = speech.entry
    if not text.strip():
        formed = Formed("", "nothing", ())
    elif speech.mode == "commit" and entry.spoken and text.startswith(entry.spoken):
        return _append(speech, text, former, style, last=True)
    else:
        speech.frozen |= speech.mode == "commit" and bool(entry.spoken)
        formed = former.final(text, speech.before, style)
    speech.undo = formed.action == "undo"
    speech.target, entry.spoken = formed.text, text
    return formed


def _append(speech: Speech, text: str, former: Former, style: Style, last: bool) -> Formed:
    """Add what a text has beyond what was already formed of it."""
    entry = speech.entry
    new = text[len(entry.spoken) :] if text.startswith(entry.spoken) else ""
    if not new and not last:
        return Formed("", "nothing", ())
    before = speech.before if not speech.target else (speech.before or "") + speech.target
    formed = former.piece(new, before, style, first=not entry.spoken, last=last)
    speech.target += formed.text
    entry.spoken = text
    return formed
