"""The content of an X selection, read whole: every form in which its owner offers it.

It owns the reading (ICCCM, section 2), INCR transfers included, and the judgement which content can be served again
exactly as it was. It does not know what is done with it. Import it where it is needed: it loads Xlib.
"""

from __future__ import annotations

import contextlib
import time
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clients.desktop.x11_library import Display, X, Xatom

TEXT_TARGETS = ("UTF8_STRING", "text/plain;charset=utf-8", "STRING", "TEXT", "text/plain")
"""Content that has none of them is no text."""
ABOUT_SELECTION = frozenset(
    ("TARGETS", "MULTIPLE", "TIMESTAMP", "SAVE_TARGETS", "DELETE", "INSERT_SELECTION", "INSERT_PROPERTY")
)
"""Targets that are questions or orders to the owner rather than content (ICCCM, section 2.6)."""
BOUND = frozenset(("BITMAP", "PIXMAP", "DRAWABLE", "COLORMAP", "BACKGROUND", "FOREGROUND", "FONT", "CURSOR"))
"""Targets whose content names things of the owner's that are gone when it is."""
MOST_BYTES = 64_000_000
TIMEOUT_S = 3.0
"""For the whole content: its owner computes some forms only when asked."""

Pump = Callable[[float], Any]
"""Waits at most so many seconds for an event, answers those that are others' business, and returns one that is the
reader's, or None."""


@dataclass(frozen=True, slots=True)
class Form:
    """The content in one form."""

    type: int
    """Atom of the property's type."""
    format: int
    """Bits of a unit: 8, 16 or 32."""
    data: bytes
    """In this machine's byte order."""


Forms = Mapping[int, Form | None]
"""Target atom -> content; None for a target that the owner names and refuses."""


class Unreadable(Exception):
    """The content cannot be kept; the text says why, for people."""


def as_units(form: Form) -> bytes | list[int]:
    """The data as python-xlib takes it."""
    if form.format == 8:
        return form.data
    units = array("H" if form.format == 16 else "I")
    units.frombytes(form.data)
    return list(units)


def property_form(window: Any, name: int) -> Form | None:
    """A property of a window, whole; None if there is none."""
    found = window.get_full_property(name, X.AnyPropertyType)
    if found is None:
        return None
    value = found.value
    data = value.tobytes() if isinstance(value, array) else bytes(value)
    return Form(int(found.property_type), int(found.format), data)


class Reader:
    """Reads selections by way of a window of our own."""

    def __init__(self, display: Display, window: Any, pump: Pump) -> None:
        self._display = display
        self._window = window
        self._pump = pump
        self._until = 0.0
        self._left = 0
        self._count = 0

    def read(self, selection: int) -> Forms:
        """All forms of a selection's content.

        Raises:
            Unreadable: it is no text, or cannot be served again as it is, or its owner does not answer in time.
        """
        self._until = time.monotonic() + TIMEOUT_S
        self._left = MOST_BYTES
        atom = self._display.intern_atom
        listed = self._convert(selection, atom("TARGETS"))
        if listed is None or listed.format != 32:
            raise Unreadable("the program that owns the clipboard does not say what it holds")
        targets = list(dict.fromkeys(array("I", listed.data)))
        names = {target: self._name(target) for target in targets}
        content = [target for target in targets if names[target] not in ABOUT_SELECTION]
        if not set(names.values()) & set(TEXT_TARGETS):
            shown = next((names[target] for target in content), "nothing that can be read")
            raise Unreadable(f"the clipboard holds no text but {shown}, and is not touched")
        if bound := set(names.values()) & BOUND:
            raise Unreadable(f"the clipboard holds {min(bound)}, which cannot be kept, and is not touched")
        return {target: self._convert(selection, target) for target in content}

    def text(self, selection: int) -> str:
        """A selection's text; empty if it has none.

        Raises:
            Unreadable: its owner does not answer in time.
        """
        self._until = time.monotonic() + TIMEOUT_S
        self._left = MOST_BYTES
        utf8 = self._display.intern_atom("UTF8_STRING")
        listed = self._convert(selection, self._display.intern_atom("TARGETS"))
        # Some owners answer with what they have, whatever they are asked for.
        offered = array("I", listed.data) if listed is not None and listed.format == 32 else ()
        target = next((one for one in (utf8, Xatom.STRING) if one in offered), None)
        form = None if target is None else self._convert(selection, target)
        return "" if form is None else form.data.decode("utf-8" if target == utf8 else "latin-1", errors="replace")

    def _name(self, target: int) -> str:
        try:
            return str(self._display.get_atom_name(target))
        except Exception as problem:  # an owner may list numbers that are no atoms
            raise Unreadable("the program that owns the clipboard offers what does not exist") from problem

    def _convert(self, selection: int, target: int) -> Form | None:
        """The content in one form; None if the owner refuses."""
        self._count += 1
        # Another name each time: a late answer to one request is not taken for the answer to the next.
        place = self._display.intern_atom(f"STENO_CONTENT_{self._count % 16}")
        self._window.delete_property(place)
        self._window.convert_selection(selection, target, place, X.CurrentTime)
        self._display.flush()
        while True:
            told = self._event()
            if told.type == X.SelectionNotify and told.selection == selection and told.target == target:
                break
        if told.property == X.NONE:
            return None
        form = property_form(self._window, place)
        self._window.delete_property(place)
        if form is not None and form.type == self._display.intern_atom("INCR"):
            form = self._piecewise(place)
        if form is None:
            return None
        self._left -= len(form.data)
        if self._left < 0:
            raise Unreadable("the clipboard holds more than can be kept, and is not touched")
        return form

    def _piecewise(self, place: int) -> Form:
        """The rest of an INCR transfer: pieces until an empty one (ICCCM, section 2.7.2)."""
        self._display.flush()
        data = bytearray()
        while True:
            told = self._event()
            if told.type != X.PropertyNotify or told.atom != place or told.state != X.PropertyNewValue:
                continue
            piece = property_form(self._window, place)
            self._window.delete_property(place)
            self._display.flush()
            if piece is None:
                continue
            if not piece.data:
                return Form(piece.type, piece.format, bytes(data))
            data += piece.data
            if len(data) > self._left:
                raise Unreadable("the clipboard holds more than can be kept, and is not touched")

    def _event(self) -> Any:
        told = self._pump(self._until - time.monotonic())
        if told is None:
            raise Unreadable("the program that owns the clipboard does not hand over its content")
        return told


def text_forms(display: Display, text: str) -> Forms:
    """A text in the forms in which programs ask for one."""
    atom = display.intern_atom
    utf8, coded = atom("UTF8_STRING"), text.encode()
    forms = {
        utf8: Form(utf8, 8, coded),
        atom("text/plain;charset=utf-8"): Form(atom("text/plain;charset=utf-8"), 8, coded),
        atom("text/plain"): Form(atom("text/plain"), 8, coded),
        atom("TEXT"): Form(utf8, 8, coded),
        # Clipboard managers that know it keep no record of the text.
        atom("x-kde-passwordManagerHint"): Form(Xatom.STRING, 8, b"secret"),
    }
    with contextlib.suppress(UnicodeEncodeError):
        forms[Xatom.STRING] = Form(Xatom.STRING, 8, text.encode("latin-1"))
    return forms
