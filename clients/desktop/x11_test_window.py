"""A window on an X server that takes what is typed into it as a program does: for the self-test of the back-ends.

It owns the window, and the way from its key events to characters through the keyboard's map (X11 protocol, section 5,
and the core map of the X Keyboard Extension). It does not know what types. Import it where it is needed: it loads Xlib.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Mapping
from typing import Any

from clients.desktop import keysyms
from clients.desktop.x11_library import GONE, X, Xatom, event, open_display

SIZE = (420, 90)
LEVEL3 = 0x80
"""Mod5, by which most layouts reach their third level."""


class TypedWindow:
    """The window, shown until `close`; `text` grows as it is typed into.

    Args:
        display_name: the server.
        title: of the window.
        alphabet: the characters that may be typed: what other keys are called is not known.

    Raises:
        StenoError: the server cannot be reached.
    """

    def __init__(self, display_name: str, title: str, alphabet: str) -> None:
        self._display = open_display(display_name)
        self._characters = characters(alphabet)
        self._text: list[str] = []
        self._closing = False
        self._focused = threading.Event()
        screen = self._display.screen()
        self._window = screen.root.create_window(
            60,
            60,
            *SIZE,
            1,
            screen.root_depth,
            background_pixel=screen.white_pixel,
            event_mask=X.KeyPressMask | X.FocusChangeMask | X.StructureNotifyMask,
        )
        atom = self._display.intern_atom
        self._ping, self._protocols = atom("_NET_WM_PING"), atom("WM_PROTOCOLS")
        self._clipboard, self._utf8 = atom("CLIPBOARD"), atom("UTF8_STRING")
        self._window.set_wm_name(title)
        self._window.set_wm_class("steno", "Steno")
        self._window.set_wm_protocols([self._ping])
        self._window.map()
        self._display.flush()
        # From here on the connection is that thread's alone: python-xlib mixes up requests made by two.
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def id(self) -> int:
        """The X window."""
        return int(self._window.id)

    @property
    def text(self) -> str:
        """What has arrived so far."""
        return "".join(self._text)

    def has_focus(self, timeout_s: float) -> bool:
        """Wait for the focus, which it asks for when it is shown; False if the window manager does not give it."""
        return self._focused.wait(timeout_s)

    def close(self) -> None:
        """Take it away."""
        self._closing = True
        self._thread.join(5.0)

    def _listen(self) -> None:
        try:
            while not self._closing:
                while self._display.pending_events():
                    self._hear(self._display.next_event())
                select.select([self._display.fileno()], [], [], 0.02)
            self._window.destroy()
            self._display.sync()
            self._display.close()
        except GONE:
            return

    def _hear(self, told: Any) -> None:
        if told.type == X.MappingNotify:
            self._display.refresh_keyboard_mapping(told)
        elif told.type == X.KeyPress:
            self._press(told)
        elif told.type == X.MapNotify:
            self._window.set_input_focus(X.RevertToParent, X.CurrentTime)
        elif told.type == X.FocusIn:
            self._focused.set()
        elif told.type == X.FocusOut and told.mode == X.NotifyNormal:
            self._focused.clear()
        elif told.type == X.SelectionNotify and told.property != X.NONE:
            found = self._window.get_full_property(told.property, X.AnyPropertyType)
            if found is not None:
                self._text.append(bytes(found.value).decode(errors="replace"))
            self._window.delete_property(told.property)
        elif told.type == X.ClientMessage and told.client_type == self._protocols and told.data[1][0] == self._ping:
            root = self._display.screen().root
            pong = event.ClientMessage(window=root, client_type=self._protocols, data=told.data)
            root.send_event(pong, event_mask=X.SubstructureNotifyMask | X.SubstructureRedirectMask)
        self._display.flush()

    def _press(self, told: Any) -> None:
        group, shift = told.state >> 13 & 3, told.state & X.ShiftMask
        column = (2 if group else 0) + (1 if shift else 0) + (4 if told.state & LEVEL3 else 0)
        symbol = self._display.keycode_to_keysym(told.detail, column)
        if not symbol and group:
            symbol = self._display.keycode_to_keysym(told.detail, column - 2)
        character = self._characters.get(symbol, "")
        if told.state & X.ControlMask:
            if character.lower() == "v":
                self._window.convert_selection(self._clipboard, self._utf8, Xatom.CUT_BUFFER0, X.CurrentTime)
            return
        if told.state & X.LockMask and character.isalpha():
            character = character.swapcase()
        self._text.append(character)


def characters(alphabet: str) -> Mapping[int, str]:
    """Keysym -> character, for these characters, those of Latin-1, and whatever has a keysym by its code point."""
    latin = [chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100))]
    known = {ord(character): character for character in latin}
    for character in alphabet:
        known[keysyms.UNICODE | ord(character)] = character
        known[keysyms.of_character(character)] = character
    return known
