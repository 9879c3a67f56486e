"""Answers to those who ask for an X selection that is ours: one form of it, several, or piece by piece.

It owns the owner's side of a transfer (ICCCM, section 2). Who is given which content is decided elsewhere. Import it
where it is needed: it loads Xlib.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

from clients.desktop.x11_contents import Form, Forms, as_units, property_form
from clients.desktop.x11_library import Display, X, Xatom, event

PIECE = 128 * 1024
"""Bytes of one piece; more than this goes in several, for a request's length is limited."""


@dataclass(slots=True)
class Transfer:
    """A content on its way in pieces."""

    form: Form
    sent: int = 0
    """Bytes of it that have been sent."""


class Answers:
    """Gives contents to whoever asks."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._transfers: dict[tuple[int, int], Transfer] = {}
        self._multiple = display.intern_atom("MULTIPLE")
        self._targets = display.intern_atom("TARGETS")
        self._timestamp = display.intern_atom("TIMESTAMP")
        self._pair = display.intern_atom("ATOM_PAIR")
        self._incr = display.intern_atom("INCR")

    def answer(self, asked: Any, forms: Forms | None, since: int) -> list[int]:
        """Answer a SelectionRequest.

        Args:
            asked: the event.
            forms: what to give; None refuses.
            since: the moment at which the selection became ours, in the server's time.

        Returns:
            The targets that were handed over now, or are on their way.
        """
        # Clients before ICCCM name no property (section 2.2).
        place = asked.property or asked.target
        given: list[int] = []
        if forms is not None and asked.target == self._multiple:
            pairs = property_form(asked.requestor, place)
            atoms = array("I", pairs.data if pairs is not None and pairs.format == 32 else b"")
            for index in range(0, len(atoms) - 1, 2):
                if self._give(asked.requestor, atoms[index], atoms[index + 1], forms, since):
                    given.append(atoms[index])
                else:
                    atoms[index + 1] = X.NONE
            asked.requestor.change_property(place, self._pair, 32, list(atoms))
            self._tell(asked, place)
        elif forms is not None and self._give(asked.requestor, asked.target, place, forms, since):
            given.append(asked.target)
            self._tell(asked, place)
        else:
            self._tell(asked, X.NONE)
        self._display.flush()
        return given

    def unfinished(self, requestor: int) -> bool:
        """Whether something is still on its way to that window."""
        return any(window == requestor for window, _ in self._transfers)

    def goes_on(self, told: Any) -> int:
        """Send the next piece if this PropertyNotify asks for it; the window to which a last one went, or 0."""
        place = (told.window.id, told.atom)
        transfer = self._transfers.get(place)
        if transfer is None or told.state != X.PropertyDelete:
            return 0
        form = transfer.form
        piece = Form(form.type, form.format, form.data[transfer.sent : transfer.sent + PIECE])
        transfer.sent += PIECE
        told.window.change_property(told.atom, form.type, form.format, as_units(piece))
        self._display.flush()
        if piece.data:
            return 0
        del self._transfers[place]
        return int(told.window.id)

    def forget(self, window: int) -> None:
        """A window is gone."""
        self._transfers = {place: sent for place, sent in self._transfers.items() if place[0] != window}

    def _give(self, requestor: Any, target: int, place: int, forms: Forms, since: int) -> bool:
        """Put the content of one target where it is asked for; False if there is none."""
        if target == self._targets:
            names = [self._targets, self._multiple, self._timestamp, *forms]
            requestor.change_property(place, Xatom.ATOM, 32, names)
            return True
        if target == self._timestamp:
            requestor.change_property(place, Xatom.INTEGER, 32, [since])
            return True
        form = forms.get(target)
        if form is None:
            return False
        if len(form.data) <= PIECE:
            requestor.change_property(place, form.type, form.format, as_units(form))
            return True
        # It asks for each piece by deleting the one before, and must not be missed if it does so at once.
        requestor.change_attributes(event_mask=X.PropertyChangeMask | X.StructureNotifyMask)
        self._transfers[requestor.id, place] = Transfer(form)
        requestor.change_property(place, self._incr, 32, [len(form.data)])
        return True

    def _tell(self, asked: Any, place: int) -> None:
        asked.requestor.send_event(
            event.SelectionNotify(
                time=asked.time,
                requestor=asked.requestor,
                selection=asked.selection,
                target=asked.target,
                property=place,
            )
        )
