"""The selections of an X server for one paste: the old content kept, a text offered, the old put back.

It owns whose content a selection is and who is given which. Nobody's newer content is lost: the selection is taken
only if it has not changed since its content was read, while the server listens to nobody else; and put back only if it
is still ours. How contents are read and handed over stands in two files beside. Import it where it is needed: it loads
Xlib.
"""

from __future__ import annotations

import functools
import select
import time
from collections.abc import Callable
from typing import Any

from clients.desktop.clipboard import Turn
from clients.desktop.x11_answers import Answers
from clients.desktop.x11_contents import TEXT_TARGETS, Reader, Unreadable, text_forms
from clients.desktop.x11_library import Display, X, open_display
from clients.desktop.x11_selection import Selection
from pipeline.errors import StenoError

TRIES = 5
"""So often the content is read again when it changes meanwhile."""
AFTERWARDS_S = 1.0
"""So long after its last request the program that has pasted still gets the text: some ask several times."""
TOO_LATE_S = 5.0
"""So long a program that did not take the text in time is refused the old content: it would paste that instead."""
CHANGES = 1 | 2 | 4
"""XFixes extension: a selection has another owner, its owner's window or its client is gone."""


class X11Clipboard:
    """CLIPBOARD and PRIMARY of a server, by the protocol `clients.desktop.clipboard.Clipboard`.

    Raises:
        StenoError: it cannot be reached, or lacks the XFixes extension.
    """

    def __init__(self, display_name: str) -> None:
        self._display: Display = open_display(display_name)
        fixes = self._display.query_extension("XFIXES")
        if fixes is None:
            raise StenoError(f"the X server {display_name} has no XFixes extension")
        self._display.xfixes_query_version()
        self._changed = int(fixes.first_event)
        self._window = self._display.screen().root.create_window(
            -1, -1, 1, 1, 0, X.CopyFromParent, event_mask=X.PropertyChangeMask
        )
        self._client_mask = ~int(self._display.display.info.resource_id_mask)
        self._answers = Answers(self._display)
        self._reader = Reader(self._display, self._window, self._pump)
        self._clock = self._display.intern_atom("STENO_TIME")
        self._now = 0
        self._selections: dict[int, Selection] = {}
        self._offered: Selection | None = None
        self._waiting: list[Any] = []
        self._happened: Turn = ""

    def offer(self, text: str, selection: str, client: int) -> str:
        """See the protocol."""
        held = self._selection(selection)
        self.restore()
        try:
            taken = self._own(held, lambda: held.ours) or self._take(held)
        except Unreadable as problem:
            return str(problem)
        if not taken:
            return "other programs keep changing the clipboard"
        held.text, held.client = text_forms(self._display, text), client
        held.armed, held.pasted, held.taker, held.special = False, False, 0, None
        self._offered = held
        return ""

    def arm(self) -> bool:
        """See the protocol."""
        # Whoever has asked by now did not do so because of the keys.
        self._display.sync()
        self._settle()
        if self._offered is None or not self._offered.ours:
            return False
        self._offered.armed = True
        return True

    def restore(self) -> bool:
        """See the protocol."""
        self._display.sync()
        self._settle()
        held, self._offered, self._happened = self._offered, None, ""
        if held is None:
            return True
        if held.armed and held.client and not held.pasted:
            held.special = (self._base(held.client), None, time.monotonic() + TOO_LATE_S)
        held.text, held.armed = None, False
        if not self._own(held, lambda: held.ours):
            return False
        if held.old is None:
            self._display.create_resource_object("window", X.NONE).set_selection_owner(held.atom, held.since)
            self._display.flush()
            held.ours = False
        return True

    def hold(self, text: str) -> str:
        """See the protocol."""
        self.restore()
        held = self._selection("CLIPBOARD")
        if not self._own(held, lambda: True):
            return "the X server refuses it"
        held.old, held.special = text_forms(self._display, text), None
        return ""

    def read(self) -> str:
        """See the protocol."""
        held = self._selection("CLIPBOARD")
        try:
            return self._reader.text(held.atom) if self._display.get_selection_owner(held.atom) != X.NONE else ""
        except Unreadable as problem:
            raise StenoError(str(problem)) from None

    def filenos(self) -> list[int]:
        """See the protocol."""
        return [self._display.fileno()]

    def turn(self) -> Turn:
        """See the protocol."""
        self._settle()
        happened, self._happened = self._happened, ""
        return happened

    @property
    def serving(self) -> bool:
        """See the protocol."""
        return any(held.ours for held in self._selections.values())

    def close(self) -> None:
        """See the protocol."""
        self._display.close()

    def _selection(self, name: str) -> Selection:
        atom = self._display.intern_atom(name)
        if atom not in self._selections:
            self._selections[atom] = Selection(atom)
            self._display.xfixes_select_selection_input(self._window, atom, CHANGES)
        return self._selections[atom]

    def _take(self, held: Selection) -> bool:
        """Keep the content and own the selection; False if others keep changing it.

        Raises:
            Unreadable: the content cannot be kept.
        """
        for _ in range(TRIES):
            self._display.sync()
            self._settle()
            before = held.changes
            empty = self._display.get_selection_owner(held.atom) == X.NONE
            try:
                old = None if empty else self._reader.read(held.atom)
            except Unreadable:
                self._display.sync()
                self._settle()
                if held.changes == before:
                    raise
                continue
            if self._own(held, functools.partial(held.unchanged, before)):
                held.old = old
                return True
        return False

    def _own(self, held: Selection, condition: Callable[[], bool]) -> bool:
        """Own it, anew if it is ours, so that whoever watches it learns of another content.

        Args:
            held: the selection.
            condition: under which it may be taken, asked when all that others have done is known.
        """
        self._display.grab_server()
        try:
            # The server answers with an event that has its time (ICCCM, section 2.1), behind all events before.
            self._window.change_property(self._clock, self._clock, 32, [0])
            self._display.sync()
            self._fetch()
            if not condition():
                return False
            self._window.set_selection_owner(held.atom, self._now)
            owner = self._display.get_selection_owner(held.atom)
            held.ours, held.since = owner == self._window, self._now
            return held.ours
        finally:
            self._display.ungrab_server()
            self._display.flush()

    def _fetch(self) -> None:
        """Take in what the server has sent. Who owns what is true from here on; requests wait for their answers."""
        while self._display.pending_events():
            told = self._display.next_event()
            if told.type == X.PropertyNotify and told.atom == self._clock:
                self._now = told.time
            elif told.type == self._changed:
                held = self._selections.get(told.selection)
                if held is not None:
                    held.changes += 1
            elif told.type == X.SelectionClear:
                self._lose(self._selections.get(told.atom))
            else:
                self._waiting.append(told)

    def _lose(self, held: Selection | None) -> None:
        """Another program owns it now."""
        if held is None:
            return
        held.ours, held.old, held.special = False, None, None
        if held is self._offered and not held.pasted:
            self._happened = "lost"

    def _settle(self) -> None:
        """Answer everything that waits."""
        self._fetch()
        while self._waiting:
            self._answer(self._waiting.pop(0))
            self._fetch()

    def _pump(self, timeout_s: float) -> Any:
        """The next event about our own window, for the reader; None if none comes in time."""
        until = time.monotonic() + timeout_s
        while True:
            self._fetch()
            while self._waiting:
                told = self._waiting.pop(0)
                if told.type == X.SelectionNotify or (told.type == X.PropertyNotify and told.window == self._window):
                    return told
                self._answer(told)
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._display.fileno()], [], [], left)[0]:
                return None

    def _answer(self, told: Any) -> None:
        if told.type == X.SelectionRequest:
            self._give(told)
        elif told.type == X.PropertyNotify:
            window = self._answers.goes_on(told)
            held = self._offered
            if window and held is not None and held.taker == window:
                self._has_pasted(held, window)
        elif told.type == X.DestroyNotify:
            self._answers.forget(told.window.id)

    def _give(self, asked: Any) -> None:
        """Give a program the content that it is to have."""
        held = self._selections.get(asked.selection)
        if held is None or not held.ours:
            self._answers.answer(asked, None, 0)
            return
        forms = held.old if held.text is None else held.text
        window = int(asked.requestor.id)
        if held.special is not None:
            base, content, until = held.special
            if time.monotonic() > until:
                held.special = None
            elif base == self._base(window):
                forms = content
        given = self._answers.answer(asked, forms, held.since)
        asked_for_text = any(self._display.get_atom_name(target) in TEXT_TARGETS for target in given)
        if asked_for_text and held.armed and (not held.client or self._base(held.client) == self._base(window)):
            held.taker = window
            if not self._answers.unfinished(window):
                self._has_pasted(held, window)

    def _has_pasted(self, held: Selection, window: int) -> None:
        held.special = (self._base(window), held.text, time.monotonic() + AFTERWARDS_S)
        if not held.pasted:
            held.pasted, self._happened = True, "pasted"

    def _base(self, window: int) -> int:
        """What all windows of one program's connection have in common (X11 protocol, section 8, resource ids)."""
        return window & self._client_mask
