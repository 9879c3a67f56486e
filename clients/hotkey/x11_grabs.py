"""The keys and buttons that an X server gives to Steno alone, and CapsLock as it was.

It owns passive grabs (X11 protocol, GrabKey and GrabButton) and what goes with them. A grab holds from the press to the
release, and for so long nothing that is typed reaches a window, so the keyboard is let go at once (`activated`); a key
that repeated would then be grabbed again and again, so those that are grabbed do not repeat. It does not know what a
key means.
"""

from __future__ import annotations

from typing import Any

from clients.desktop import x11_library
from clients.hotkey import x11_requests
from clients.hotkey.keys import CAPS_LOCK, Chord, Keys, is_modifier
from clients.hotkey.x11_names import BUTTONS, LOCK_MASK, Names
from pipeline.errors import StenoError

X = x11_library.X


class Grabs:
    """The grabs of one connection; all calls on the thread that owns it.

    Raises:
        StenoError: another program has one of the keys, or the keyboard has no such key.
    """

    def __init__(self, display: x11_library.Display, keys: Keys) -> None:
        self._display = display
        self._keys = keys
        self._root = display.screen().root
        self._taken: list[tuple[int, int]] = []
        """Keycode and modifiers of each key that is grabbed."""
        self._buttons: list[tuple[int, int]] = []
        self._still: set[int] = set()
        """Keycodes that repeated before."""
        self._cancel: list[tuple[int, int]] = []
        self._locked: int | None = None
        """What was locked before CapsLock went down, while it is."""
        self.names = self._read_names()
        self._take_all()

    def renew(self) -> None:
        """The keyboard's map has changed: take the keys where they are now."""
        cancelling = bool(self._cancel)
        self.close()
        self.names = self._read_names()
        self._take_all()
        self.cancel_key(cancelling)

    @property
    def keycodes(self) -> frozenset[int]:
        """The keycodes of all keys that are named in a binding, and of the cancel key."""
        chords = [*self._keys.chords, *([self._keys.cancel] if self._keys.cancel else [])]
        names = {name for chord in chords for name in (chord.key, *chord.modifiers)}
        return frozenset(code for name in names for code in self.names.codes(name))

    def activated(self, keycode: int, state: int) -> None:
        """A grabbed key went down, with these modifiers before it: let the keyboard go."""
        self._display.ungrab_keyboard(X.CurrentTime)
        if keycode in self.names.codes(CAPS_LOCK):
            self._locked = state & LOCK_MASK
        self._display.flush()

    def cancel_key(self, on: bool) -> None:
        """Take the cancel key, or leave it to others. One that cannot be had is heard all the same."""
        chord = self._keys.cancel
        if chord is None or is_modifier(chord.key) or chord.key in BUTTONS:
            return
        for code, mask in self._cancel:
            self._root.ungrab_key(code, mask)
        self._cancel = []
        if on:
            held = {0} | {self._mask(bound) | self.names.mask(bound.key) for bound in self._keys.chords}
            masks = {mask | self._mask(chord) for mask in held}
            self._cancel = self._take_key(chord.key, masks, lambda problem, asked: 1)
        self._display.flush()

    def unlock(self) -> None:
        """CapsLock was let go: if it had been taken, have it locked as it was before. A grab keeps a key from programs,
        but not from the server.
        """
        if self._locked is not None:
            x11_requests.lock(self._display, LOCK_MASK, self._locked)
            self._locked = None
            self._display.flush()

    def replay(self, key: str) -> list[int]:
        """Press a key that was taken, for all programs; returns the keycodes of the events that come of it."""
        codes = self.names.codes(key)
        if not codes:
            return []
        mine = [(code, mask) for code, mask in self._taken if code in codes]
        for code, mask in mine:
            self._root.ungrab_key(code, mask)
        for kind in (X.KeyPress, X.KeyRelease):
            self._display.xtest_fake_input(kind, min(codes))
        for code, mask in mine:
            self._root.grab_key(code, mask, False, X.GrabModeAsync, X.GrabModeAsync)
        self._display.flush()
        return [min(codes)] * 2

    def close(self) -> None:
        """Leave the keyboard and the mouse as they were found."""
        for code, mask in [*self._taken, *self._cancel]:
            self._root.ungrab_key(code, mask)
        for button, mask in self._buttons:
            self._root.ungrab_button(button, mask)
        for code in self._still:
            self._display.change_keyboard_control(key=code, auto_repeat_mode=X.AutoRepeatModeOn)
        self._taken, self._buttons, self._cancel, self._still = [], [], [], set()
        self._display.sync()

    def _read_names(self) -> Names:
        inner = self._display.display.info
        rows = self._display.get_keyboard_mapping(inner.min_keycode, inner.max_keycode - inner.min_keycode + 1)
        names = Names(inner.min_keycode, rows, self._display.get_modifier_mapping())
        for chord in self._keys.chords:
            for name in (chord.key, *chord.modifiers):
                names.call(name)
        return names

    def _take_all(self) -> None:
        for binding, chord in zip(self._keys.bindings, self._keys.chords, strict=True):
            for name in (chord.key, *chord.modifiers):
                if name not in BUTTONS and not self.names.codes(name):
                    raise StenoError(
                        f"this keyboard has no key {name} (hotkey.bindings: {binding.key})",
                        "Choose another; `xev` shows what a key is called.",
                    )
            if is_modifier(chord.key):
                continue  # it has to go on being one
            problems: list[Any] = []

            def refused(problem: Any, asked: Any, problems: list[Any] = problems) -> int:
                problems.append(problem)
                return 1

            if chord.key in BUTTONS:
                self._take_button(chord, refused)
            else:
                self._taken += self._take_key(chord.key, {self._mask(chord)}, refused)
            self._display.sync()
            if problems:
                self.close()
                raise StenoError(
                    f"another program has taken the key {chord} (hotkey.bindings: {binding.key})",
                    "Choose another key, or free it in the settings of the desktop or of that program.",
                )
        self._keep_still()

    def _mask(self, chord: Chord) -> int:
        mask = 0
        for name in chord.modifiers:
            mask |= self.names.mask(name)
        return mask

    def _take_key(self, name: str, masks: set[int], refused: Any) -> list[tuple[int, int]]:
        taken = [
            (code, mask | lock)
            for code in sorted(self.names.codes(name))
            for mask in sorted(masks)
            for lock in self.names.locks
        ]
        taken = list(dict.fromkeys(taken))
        for code, mask in taken:
            self._root.grab_key(code, mask, False, X.GrabModeAsync, X.GrabModeAsync, onerror=refused)
        return taken

    def _take_button(self, chord: Chord, refused: Any) -> None:
        button, both = BUTTONS[chord.key], X.ButtonPressMask | X.ButtonReleaseMask
        for lock in self.names.locks:
            mask = self._mask(chord) | lock
            how = (X.GrabModeAsync, X.GrabModeAsync, X.NONE, X.NONE)
            self._root.grab_button(button, mask, False, both, *how, onerror=refused)
            self._buttons.append((button, mask))

    def _keep_still(self) -> None:
        repeats = self._display.get_keyboard_control().auto_repeats
        for code in {code for code, _ in self._taken}:
            if repeats[code // 8] >> code % 8 & 1:
                self._still.add(code)
                self._display.change_keyboard_control(key=code, auto_repeat_mode=X.AutoRepeatModeOff)
        self._display.sync()
