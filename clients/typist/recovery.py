"""What a typist takes over from one that died: the rest of a text, texts that waited, finals that nobody typed.

It owns what is resumed and what is left alone. Nothing that may have arrived is typed again: of a text that was being
typed, at most the piece in flight is missing, and that is said. It does not know how a journal is written.
"""

from __future__ import annotations

from clients.typist.journal import Entry, Past
from clients.typist.session import Session
from clients.typist.speech import Record, Say, Speech, View
from pipeline import events

DIED = "the typist before this one died in the middle of it"


def resume(session: Session, past: Past, shot: events.Snapshot, view: View, wall: float, catch_up_s: float) -> int:
    """Let a new session begin, where the old one was if that did not end in order and the daemon is the same.

    Args:
        wall: wall clock, seconds since 1970.
        catch_up_s: finals and rests of texts that are older are not typed.

    Returns:
        `seq` of the last final that needs nothing more.
    """
    session.last = past.last() or session.last
    session.hearing.resume(past, shot.daemon)
    session.hear(shot, view)
    handled = None if past.orderly else past.handled(shot.daemon)
    if handled is None:
        return shot.seq
    fresh = wall - past.written <= catch_up_s
    coming = {(one.source, one.utterance) for one in shot.partials}
    coming |= {(one.source, one.utterance) for one in shot.finals if one.seq > handled}
    for entry in past.entries.values():
        if entry.daemon == shot.daemon and entry.state in ("open", "waiting"):
            _take_up(session, entry, fresh, coming)
    _catch_up(session, shot, handled, view, wall - catch_up_s)
    return handled


def _take_up(session: Session, entry: Entry, fresh: bool, coming: set[tuple[str, int]]) -> None:
    missing = entry.maybe - entry.sure
    if missing and not entry.correcting:
        session.say(Say(f"of a text that was being typed up to {missing} characters may be missing: {DIED}"))
    entry.sure = entry.maybe
    # Whether Enter was pressed behind a complete text is not known: then it is not.
    submitted = bool(entry.text) and entry.sure == len(entry.text)
    speech = Speech(entry, frozen=True, placed=True, target=entry.text, submitted=submitted)
    if entry.correcting:
        speech.blocked = f"what stands of it is not known: {DIED}"
    elif not fresh:
        speech.blocked = f"{DIED}, too long ago to go on (typing.catch_up_s)"
    if entry.seq:
        speech.final, speech.formed = entry.raw, bool(entry.text)
    elif (entry.source, entry.utterance) not in coming:
        return  # nothing more will be heard of it
    # It may stand there already, begun by the snapshot.
    session.hearing.speeches = [one for one in session.hearing.speeches if one.key != speech.key or entry.seq]
    session.hearing.new(speech)


def _catch_up(session: Session, shot: events.Snapshot, handled: int, view: View, oldest: float) -> None:
    left = 0
    for final in shot.finals:
        if final.daemon != shot.daemon or final.seq <= handled:
            continue
        if final.time >= oldest:
            session.hear(final, view)
        elif final.text:
            left += 1
            session.last = Entry(id=session.hearing.next_id(), daemon=shot.daemon, seq=final.seq, raw=final.text)
            session.last.state = "kept"
            session.say(Record((session.last,)))
    if left:
        texts = "a text was" if left == 1 else f"{left} texts were"
        session.say(
            Say(f"{texts} said while no typist ran, too long ago to be typed now (typing.catch_up_s)", alert=True)
        )
