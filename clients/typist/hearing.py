"""What is said, and where it belongs: the daemon's events as utterances on their way to windows.

It owns which window an utterance aims at (that with the focus at its press, or when it began), in which mode it is
typed, and the order in which utterances were said. It decides nothing about typing. Events and views come in; it asks
no clock and no desktop.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec

from clients.desktop.window import Window, same
from clients.typist.journal import Aim, Entry, Past
from clients.typist.placing import NANO, FocusLog
from clients.typist.speech import Do, Record, Say, Speech, View
from pipeline import events
from pipeline.desktop_settings import Output

WORDS_WAIT_NS = 5 * NANO
"""So long the times of a final's words are waited for where they decide on its window."""
LATE_NS = NANO // 2
"""An event of a press that is older was not heard at once: the focus is taken that was seen before it."""
TAKES = 50
"""So many of the last takes are remembered: finals come soon after them."""
LIVE_NEEDS = "this desktop does not tell what is typed meanwhile: `live` types as `commit` here"


class Hearing:
    """The utterances that are not done with, in the order in which they began.

    Args:
        mode: in which texts are typed whose take asks for none.
        follow: words go where the focus was when they were said.
    """

    def __init__(self, mode: Output, follow: bool) -> None:
        self.speeches: list[Speech] = []
        self.log = FocusLog()
        self.daemon = ""
        self._mode = mode
        self._follow = follow
        self._aims: dict[int, Aim] = {}
        self._aligned = False
        self._ids: Iterator[int] = itertools.count(1)
        self._said_live = False

    @property
    def awaited(self) -> list[Window]:
        """The windows that texts wait for."""
        waiting = (speech.entry for speech in self.speeches if speech.entry.state == "waiting")
        return [entry.window for entry in waiting if entry.window is not None]

    def nothing_for(self, window: Window | None) -> bool:
        """Whether every text waits for another window, or for what is still to be said."""
        return all(
            speech.final is None or (speech.entry.state == "waiting" and not same(speech.entry.window, window))
            for speech in self.speeches
        )

    def vanished(self, window: Window) -> None:
        """That window will not come back: what waits for it is to be kept."""
        for speech in self.speeches:
            if same(speech.entry.window, window):
                speech.blocked = "its window is gone"

    def forgive(self, now: int) -> None:
        """One of the disturbances up to `now` was a key that has Steno listen: it changed no text."""
        for speech in self.speeches:
            if speech.mark is not None and speech.mark < now:
                speech.mark += 1

    def look(self, view: View) -> None:
        """Note which window has the focus."""
        self.log.note(view.ns, view.window)
        if not self.speeches:
            self.log.forget(view.ns - 60 * NANO)

    def resume(self, past: Past, daemon: str) -> None:
        """Go on where an earlier typist was, so far as it is about this daemon."""
        self._ids = itertools.count(max(past.entries, default=0) + 1)
        if not past.orderly:
            self._aims = {aim.take: aim for aim in past.aims if aim.daemon == daemon and aim.take}

    def hear(self, event: events.Any, view: View) -> list[Do]:
        """An event of the daemon; returns what is to be written down or said about it."""
        self.look(view)
        match event:
            case events.Snapshot():
                return self._snapshot(event, view)
            case events.State():
                self._aligned = event.workers.get("aligner", "failed") != "failed"
            case events.Listening(on=True):
                return self._listening(event, view)
            case events.SpeechStarted():
                return self._started(event, view)
            case events.Partial():
                speech, did = self._speech(event.source, event.utterance, event.take, view)
                speech.partial, speech.asleep = event, False
                return did
            case events.Final():
                return self._final(event, view)
            case events.Words():
                for speech in self.speeches:
                    if speech.key == (event.source, event.utterance) and speech.final is not None:
                        speech.words = event
        return []

    def again(self, last: Entry, text: str, before: str | None, view: View) -> None:
        """A text that was there before, for the window that has the focus now, where `before` stands."""
        entry = Entry(id=self.next_id(), daemon=last.daemon, seq=last.seq, window=view.window, raw=last.raw)
        self.new(Speech(entry, secret=view.secret, final=text, placed=True, formed=True, target=text, before=before))

    def new(self, speech: Speech) -> None:
        """Put an utterance at the end."""
        self.speeches.append(speech)

    def replace(self, speech: Speech, parts: list[Speech]) -> None:
        """Put parts in the place of a whole."""
        at = self.speeches.index(speech)
        self.speeches[at : at + 1] = parts

    def next_id(self) -> int:
        """Number of another text."""
        return next(self._ids)

    def mode(self, wanted: Output, view: View) -> tuple[Output, list[Do]]:
        """The mode that is possible here, and what is to be said about it."""
        if wanted != "live" or (view.disturbances is not None and view.sees_focus):
            return wanted, []
        said, self._said_live = self._said_live, True
        return "commit", [] if said else [Say(LIVE_NEEDS)]

    def _snapshot(self, shot: events.Snapshot, view: View) -> list[Do]:
        self._aligned = shot.state.workers.get("aligner", "failed") != "failed"
        did: list[Do] = []
        if shot.daemon != self.daemon:
            if self.daemon:
                # Its numbers begin anew: what the old one did not finish, it never will.
                self._aims = {}
                self.speeches = [speech for speech in self.speeches if speech.final is not None]
            self.daemon = shot.daemon
        self._drop_lost(shot)
        for partial in shot.partials:
            did += self._speech(partial.source, partial.utterance, partial.take, view)[1]
        return did

    def _drop_lost(self, shot: events.Snapshot) -> None:
        """Leave out utterances whose end was published and is no longer to be had: others would wait for them."""
        known = {(partial.source, partial.utterance) for partial in shot.partials}
        known |= {(final.source, final.utterance) for final in shot.finals}
        past = {final.source: final.utterance for final in shot.finals}
        self.speeches = [
            speech
            for speech in self.speeches
            if speech.final is not None
            or speech.key in known
            or speech.entry.utterance > past.get(speech.entry.source, 0)
        ]

    def _listening(self, event: events.Listening, view: View) -> list[Do]:
        mode, did = self.mode(event.output or self._mode, view)
        # An event that comes late was waited for while something was typed, or a modifier was held.
        window = self.log.at(event.at_ns) if view.ns - event.at_ns > LATE_NS else view.window
        aim = Aim(daemon=event.daemon, take=event.take, window=window, secret=view.secret, mode=mode)
        self._aims[event.take] = aim
        while len(self._aims) > TAKES:
            del self._aims[next(iter(self._aims))]
        return [*did, Record(aim=aim)]

    def _started(self, event: events.SpeechStarted, view: View) -> list[Do]:
        late: list[Do] = []
        aim = self._aims.get(event.take)
        if aim is not None and aim.window is None and view.window is not None:
            # No window had the focus at the press, as for a while after one was closed; one has it as speech begins.
            self._aims[event.take] = aim = msgspec.structs.replace(aim, window=view.window, secret=view.secret)
            late.append(Record(aim=aim))
        speech, did = self._speech(event.source, event.utterance, event.take, view)
        speech.origin_ns = event.origin_ns
        speech.began_ns = event.origin_ns + int(event.start * NANO)
        return late + did

    def _final(self, event: events.Final, view: View) -> list[Do]:
        speech, did = self._speech(event.source, event.utterance, event.take, view)
        speech.final, speech.asleep = event.text, False
        speech.entry.seq, speech.entry.raw = event.seq, event.text
        if self._follow and self._aligned:
            speech.words_until_ns = view.ns + WORDS_WAIT_NS
        if event.error:
            did.append(Say(f"an utterance is incomplete: {event.error}"))
        return did

    def _speech(self, source: str, utterance: int, take: int, view: View) -> tuple[Speech, list[Do]]:
        """The utterance of that number, made if there is none."""
        for speech in self.speeches:
            if speech.key == (source, utterance) and speech.final is None:
                return speech, []
        did: list[Do] = []
        aim = self._aims.get(take) if take else None
        if aim is None:
            # Always listening, or the press was before this typist: what has the focus now is aimed at.
            mode, did = self.mode(self._mode, view)
            aim = Aim(daemon=self.daemon, take=take, window=view.window, secret=view.secret, mode=mode)
            if take:
                self._aims[take] = aim
                did.append(Record(aim=aim))
        entry = Entry(
            id=self.next_id(),
            daemon=self.daemon,
            source=source,
            utterance=utterance,
            window=aim.window,
            mode=aim.mode,
        )
        speech = Speech(entry, secret=aim.secret, began_ns=view.ns)
        self.new(speech)
        return speech, did
