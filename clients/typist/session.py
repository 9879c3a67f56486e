"""What a typist does next: a state machine from what is said and what is seen to what is typed, kept and told.

It owns the policies: which window, when to wait, when to keep a text rather than type it. Nothing that may have arrived
is given out a second time. It asks no clock, socket or desktop: a `View` comes with every question, and the result of
what it wanted done comes back through `told`.
"""

from __future__ import annotations

from collections import deque

from clients.desktop.window import Window, same
from clients.text.form import Former
from clients.text.safe import clean
from clients.text.spacing import belongs_between
from clients.typist.correction import common, erasable
from clients.typist.following import cut, moves
from clients.typist.forming import form
from clients.typist.hearing import Hearing
from clients.typist.history import History, Insertion
from clients.typist.journal import Entry
from clients.typist.placing import Rules, Terms
from clients.typist.policy import kept, may_type
from clients.typist.speech import Context, Do, Insert, Record, Result, Say, Speech, TakeBack, View
from pipeline import events
from pipeline.desktop_settings import Output, TypingSettings

TRIES = 20
"""So often a window that is seen to have the focus may lose it before anything arrives; then the text is kept."""


class Session:
    """A typist's decisions.

    Args:
        typing: section [typing].
        mode: in place of `typing.mode`.
    """

    def __init__(self, typing: TypingSettings, mode: Output, rules: Rules, former: Former) -> None:
        self.hearing = Hearing(mode, typing.focus_moves == "follow")
        self.history = History()
        self.last = Entry(id=0)
        """The last text."""
        self._typing = typing
        self._rules = rules
        self._former = former
        self._out: deque[Do] = deque()
        self._undos = 0
        self._current: tuple[Speech | Insertion, Insert | TakeBack] | None = None

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do, whatever can be seen."""
        return not (self._out or self._undos or self.hearing.speeches)

    @property
    def watching(self) -> bool:
        """Whether it matters when the focus moves: it is then to be looked at again and again."""
        following = self._typing.focus_moves == "follow"
        return any(following or speech.final is not None for speech in self.hearing.speeches)

    def hear(self, event: events.Any, view: View) -> None:
        """An event of the daemon."""
        self._out += self.hearing.hear(event, view)
        if isinstance(event, events.Listening) and event.key_press and view.disturbances:
            self.history.forgive(view.disturbances)
            self.hearing.forgive(view.disturbances)
        match event:
            case events.Listening(on=True, take=take):
                if context := self._rules.terms(view.window).context:
                    self._out.append(Context(take, context))
            case events.Typist(action="undo-last"):
                self._undos += 1
            case events.Typist(action="retype-last"):
                self.retype(view)

    def say(self, *dos: Do) -> None:
        """Have this done before anything else."""
        self._out += dos

    def retype(self, view: View) -> None:
        """Type the whole last text into the window that has the focus now."""
        if text := (self.last.text or clean(self.last.raw)).lstrip(" "):
            before = self.history.before(view.window, view.disturbances)
            space = " " if before and belongs_between(before, text) else ""
            self.hearing.again(self.last, space + text, before, view)
        else:
            self.say(Say("there is no text to type again", alert=True))

    def next(self, view: View) -> Do | None:
        """What is to be done now; None if nothing is, until something is heard or seen anew.

        After an Insert or a TakeBack, `told` comes first.
        """
        self.hearing.look(view)
        while True:
            if self._out:
                return self._out.popleft()
            do = self._undo(view) if self._undos else self._advance_all(view)
            if do is not None or not self._out:
                return do

    def told(self, result: Result) -> None:
        """What came of the last Insert or TakeBack."""
        assert self._current is not None
        (subject, do), self._current = self._current, None
        entry, stood = do.entry, do.entry.sure > 0
        if isinstance(subject, Insertion):
            self._out += self.history.taken_back(subject, result)
            return
        if isinstance(do, TakeBack):
            entry.text = entry.text[: entry.sure - result.done]
            entry.sure = entry.maybe = len(entry.text)
            entry.correcting = result.uncertain
        else:
            entry.sure += result.done
            entry.maybe = max(entry.maybe, entry.sure) if result.uncertain else entry.sure
        subject.entered |= result.entered
        # What came between the look at the keys and the first of our own lies within what stands there now.
        between = stood and result.disturbances != subject.mark
        subject.frozen |= result.disturbed or result.uncertain or between
        subject.mark = result.disturbances
        subject.submitted |= isinstance(do, Insert) and do.submit and not result.stopped
        if result.done or result.entered:
            subject.tries = 0
            self._remember(subject, result)
        if result.stopped or result.uncertain:
            self._stopped(subject, result)

    def _remember(self, speech: Speech, result: Result) -> None:
        if result.uncertain:
            self.history.forget(speech.entry.window)
            return
        # With what was counted before: a key that was pressed meanwhile may yet turn out to be that of the next take.
        text = (speech.before or "") + speech.standing + "\n" * speech.submitted
        self.history.remember(speech.entry.window, text, result.disturbances)

    def _stopped(self, speech: Speech, result: Result) -> None:
        why = result.detail or result.stopped or "typing broke off"
        lost_focus = result.stopped == "focus" and not result.uncertain
        speech.tries += 1
        if lost_focus and self._typing.focus_moves != "pin" and speech.tries < TRIES:
            return
        if speech.final is not None:
            self._keep(speech, why)
            return
        speech.asleep = True
        if result.uncertain or result.stopped in ("secret", "failed"):
            speech.blocked = why

    def _advance_all(self, view: View) -> Do | None:
        busy: list[Window | None] = []
        for speech in tuple(self.hearing.speeches):
            place = speech.entry.window
            if not any(same(place, other) for other in busy):
                do = self._advance(speech, view)
                if do is not None or self._out:
                    return do
            if speech in self.hearing.speeches:
                busy.append(place)  # what was said later comes later
        return None

    def _advance(self, speech: Speech, view: View) -> Do | None:
        final = speech.final is not None
        heard = speech.partial is not None or speech.standing != speech.target
        if not final and (speech.asleep or speech.mode == "final" or not heard):
            return None
        if final and not (speech.final or "").strip() and not speech.standing:
            self._finish(speech)
            return None
        if final and not speech.placed and not self._place(speech, view):
            return None
        terms = self._rules.terms(speech.entry.window)
        here, why = may_type(speech, view, terms, self._typing)
        if why or not here:
            self._not_now(speech, why)
            return None
        if speech.standing and view.disturbances != speech.mark:
            speech.frozen = True
        self._form(speech, view.disturbances, terms)
        return self._produce(speech, terms, view)

    def _not_now(self, speech: Speech, why: str) -> None:
        """Keep a final, if there is a reason why it cannot wait."""
        if speech.final is None:
            speech.asleep = True
        elif why:
            self._keep(speech, why)
        elif speech.entry.state != "waiting":
            speech.entry.state = "waiting"
            self._out += [Record((speech.entry,)), Say("a text waits until its window has the focus again")]

    def _form(self, speech: Speech, disturbances: int | None, terms: Terms) -> None:
        if not speech.standing and not speech.target:
            speech.before = self.history.before(speech.entry.window, disturbances)
        for note in form(speech, self._former, terms.style):
            if note not in speech.said:
                speech.said.add(note)
                self._out.append(Say(note))

    def _produce(self, speech: Speech, terms: Terms, view: View) -> Do | None:
        entry, standing, target = speech.entry, speech.standing, speech.target
        final = speech.final is not None
        window = entry.window if view.sees_focus else None
        if not target.startswith(standing):
            return self._correct(speech, terms, window, len(standing) - common(standing, target))
        submit = final and terms.submit and not speech.submitted and bool(target)
        if len(target) > len(standing) or submit:
            entry.text, entry.state = target, "open"
            do = Insert(entry, window, terms, patient=final, submit=submit)
            self._current = speech, do
            return do
        if final:
            self._finish(speech)
        speech.asleep = True
        return None

    def _correct(self, speech: Speech, terms: Terms, window: Window | None, count: int) -> Do | None:
        entry = speech.entry
        exact = erasable(speech.standing[-count:]) and not speech.entered and not entry.correcting
        if not speech.frozen and speech.mark is not None and exact:
            entry.correcting = True
            do = TakeBack(entry, window, terms, count, speech.mark, patient=speech.final is not None)
            self._current = speech, do
            return do
        speech.frozen = speech.asleep = True
        if speech.final is not None and not speech.target:
            self._out.append(Say("what was typed of a text that was taken back stays: it could not be deleted safely"))
            self._finish(speech)
        elif speech.final is not None:
            self._keep(speech, "what was typed could not be corrected safely")
        return None

    def _place(self, speech: Speech, view: View) -> bool:
        """Decide which windows its parts go to; False: not before its words have come."""
        hearing = self.hearing
        if self._typing.focus_moves != "follow" or not view.sees_focus or not moves(speech, hearing.log):
            speech.placed = True
        elif speech.words is None and view.ns < speech.words_until_ns:
            return False
        elif speech.words is None or not speech.words.words:
            speech.placed = True
            self._out.append(Say("there are no word times to follow the focus by: the text goes where it was begun"))
        else:
            parts = cut(speech, hearing.log, hearing.next_id)
            hearing.replace(speech, parts)
            self._out.append(Record(tuple(part.entry for part in parts)))
        return True

    def _keep(self, speech: Speech, why: str) -> None:
        for note in form(speech, self._former, self._rules.terms(speech.entry.window).style):
            self._out.append(Say(note))
        entry, standing, target = speech.entry, speech.standing, speech.target
        if not target:
            self._finish(speech)
            return
        whole = target.startswith(standing)
        entry.text, entry.state = target, "kept"
        self._done(speech, undoable=whole)
        self._out.append(Say(kept(entry, why), alert=True))

    def _finish(self, speech: Speech) -> None:
        speech.entry.text, speech.entry.state = speech.standing, "typed"
        self._done(speech, undoable=True)
        self._undos += speech.undo

    def _done(self, speech: Speech, undoable: bool) -> None:
        entry = speech.entry
        self.hearing.speeches.remove(speech)
        self._out.append(Record((entry,)))
        if entry.text:
            self.last = entry
            mark = speech.mark if undoable and not speech.frozen else None
            self.history.add(Insertion(entry, entry.window, mark, speech.entered, speech.before))

    def _undo(self, view: View) -> Do | None:
        self._undos -= 1
        typing = any(speech.standing for speech in self.hearing.speeches)
        found = "another text is being typed: nothing was taken back" if typing else self.history.last(view)
        if isinstance(found, str):
            self._out.append(Say(found, alert=True))
            return None
        do = TakeBack(found.entry, found.window, self._rules.terms(found.window), found.entry.sure, found.mark)
        self._current = found, do
        return do

    def estranged(self) -> None:
        """The display is another one: nothing that stood there is known any more."""
        self.history = History()
        for speech in self.hearing.speeches:
            speech.frozen, speech.before = True, None

    def close(self) -> list[Do]:
        """Keep what still waits; returns what is to be written down and said about it."""
        for speech in tuple(self.hearing.speeches):
            if speech.final is not None:
                self._keep(speech, "the typist was ended")
        return list(self._out)
