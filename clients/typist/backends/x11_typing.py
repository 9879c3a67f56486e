"""One request to type on an X server: which keys a text needs, and what has to be waited for before they are struck.

It owns the order of things. It does not know how keys are struck (`clients.desktop.x11_keys`), nor what the text says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from clients.desktop import keysyms
from clients.desktop.keysyms import MODIFIERS, by_rule
from clients.desktop.window import same
from clients.desktop.x11_keyboard import KeyboardState, Stroke
from clients.desktop.x11_keymap import fitting
from clients.desktop.x11_keys import Keys, Target
from clients.desktop.x11_library import Display
from clients.typist.backend import DISTURBED, About, Place, Stopped
from clients.typist.backends.pieces import pieces

POLL_S = (0.005, 0.05)
"""Between two looks at held modifiers; grows from the first to the second."""
KEYS_AT_ONCE = 8
"""Strokes of one key that one act makes."""
NAMED = {
    "enter": keysyms.RETURN,
    "backspace": keysyms.BACKSPACE,
    "insert": keysyms.INSERT,
    "tab": keysyms.TAB,
    "delete": keysyms.DELETE,
}


class Stop(Exception):
    """Typing cannot go on."""

    def __init__(self, stopped: Stopped, detail: str) -> None:
        super().__init__(detail)
        self.stopped: Stopped = stopped
        self.detail = detail


class Typing:
    """One request, and how much of it is done; `done` counts what has been struck.

    Args:
        keys: strikes them.
        place: where.
        secret: why what is typed now must stay secret, as the desktop tells it.
        count: the disturbances so far, asked by a connection that has grabbed the server; None if nobody tells.

    Raises:
        Stop: in every method, where the request has to end early.
    """

    def __init__(
        self,
        keys: Keys,
        place: Place,
        secret: Callable[[], str] = str,
        count: Callable[[Display], int | None] = lambda grabbed: None,
    ) -> None:
        self.done = 0
        self._keys = keys
        self._place = place
        self._secret = secret
        self._focus: dict[int, Target] = {}
        """Windows that may have the focus, since they belong to the one that is meant."""
        self._undisturbed = None if place.undisturbed is None else lambda: count(keys.display) == place.undisturbed
        state = keys.state()
        self._group = state.group
        self._look(state)

    def type(self, text: str, about: About) -> None:
        """Type a text; `about` is called before each piece of it."""
        symbols = [by_rule(character) for character in text]
        while self.done < len(text):
            end = self._prepare(symbols)
            for piece in pieces(text[self.done : end]):
                if secret := self._secret():
                    raise Stop("secret", f"the focus is in {secret}")
                about(self.done + len(piece))
                if not self._strike(self._strokes(symbols[self.done : self.done + len(piece)])):
                    break
                self.done += len(piece)

    def press(self, keys: str, count: int) -> None:
        """Press a key, or keys together, so many times."""
        names = keys.lower().split("+")
        while self.done < count:
            now = min(KEYS_AT_ONCE, count - self.done)
            if self._strike([self._chord(names)] * now):
                self.done += now

    def _prepare(self, symbols: Sequence[int]) -> int:
        """See that what comes next can be typed; returns up to where."""
        while True:
            ahead = symbols[self.done :]
            plain = frozenset(symbol for symbol in set(ahead) if self._keys.map.plain(symbol, self._group) is not None)
            count = fitting(ahead, plain, len(self._keys.spares))
            if not count:
                what = f"no key gives the character U+{ahead[0] & 0xFFFFFF:04X}"
                raise Stop("failed", f"{what}, and no keycode is free to be given it")
            if self._lend([symbol for symbol in ahead[:count] if symbol not in plain]):
                return self.done + count

    def _lend(self, symbols: Sequence[int]) -> bool:
        """Give keysyms a keycode; False if the map has changed, so that others may be needed."""
        became = self._keys.lend(symbols)
        if became == "hanging":
            self._look(self._keys.state())
            raise Stop("failed", "the window's program does not read its keys")
        return became == "lent"

    def _strokes(self, symbols: Sequence[int]) -> list[Stroke]:
        keys = self._keys
        codes = [keys.map.plain(symbol, self._group) or keys.spares.code(symbol) or 0 for symbol in symbols]
        return [(code,) for code in codes]

    def _chord(self, names: Sequence[str]) -> Stroke:
        """The keycodes of keys that are pressed together."""
        *held, last = names
        symbol = NAMED.get(last) or (by_rule(last) if len(last) == 1 else 0)
        codes = [self._keys.map.any_level(MODIFIERS[name]) if name in MODIFIERS else None for name in held]
        if not symbol or None in codes:
            raise Stop("failed", f"this keyboard has no keys {'+'.join(names)}")
        code = self._keys.map.plain(symbol, self._group)
        if code is None:
            if not len(self._keys.spares):
                raise Stop("failed", f"no key gives {last}, and no keycode is free to be given it")
            code = self._keys.spares.code(symbol) if self._lend([symbol]) else None
        return (*(found for found in codes if found is not None), code or 0)

    def _strike(self, strokes: Sequence[Stroke]) -> bool:
        """Strike as soon as it may be; False if the layout has changed, so that the strokes have to be made anew."""
        deadline, pause = time.monotonic() + self._place.modifier_wait_s, POLL_S[0]
        while True:
            became = self._keys.strike(strokes, self._focus, self._group, self._undisturbed)
            if became == "struck":
                return True
            if became == "disturbed":
                raise Stop("disturbed", DISTURBED)
            state = self._keys.state()
            self._look(state)
            if became == "changed":
                self._keys.renew()
                self._group = state.group
                return False
            codes = frozenset(code for stroke in strokes for code in stroke)
            while _busy(state, codes):
                if time.monotonic() > deadline:
                    raise Stop("modifiers", _reason(state))
                time.sleep(pause)
                pause = min(1.5 * pause, POLL_S[1])
                state = self._keys.state()
                self._look(state)

    def _look(self, state: KeyboardState) -> None:
        """See that the focus is where it has to be."""
        windows = self._keys.windows
        process = windows.owner(state.focus)
        if state.focus in self._focus and self._focus[state.focus].process == process:
            return
        client = windows.client(state.focus)
        if not client:
            raise Stop("focus", "no window has the focus")
        if self._place.window is not None and not same(windows.named(client), self._place.window):
            raise Stop("focus", "another window has the focus")
        self._focus[state.focus] = Target(client, process)


def _busy(state: KeyboardState, codes: frozenset[int]) -> bool:
    """Whether strokes would be something else than they are."""
    return bool(state.held or state.taken or state.down & codes)


def _reason(state: KeyboardState) -> str:
    """What was in the way, for people."""
    if state.held:
        return "a modifier key was held down"
    return "a menu or another program holds the keyboard" if state.taken else "a key was held down"
