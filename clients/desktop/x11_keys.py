"""The keyboard of an X server as one program uses it to type: keys are struck only where they belong, or not at all.

It owns the connection that types, the keycodes that it borrows for characters which no key has, and the one moment in
which the focus is checked and the keys are struck. It does not know what text is, nor how long to wait for anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from clients.desktop.x11_keyboard import (
    KeyboardExtension,
    KeyboardState,
    Stroke,
    keyboard_state,
    packed_lock,
    packed_strokes,
)
from clients.desktop.x11_keymap import EMPTY, Keymap, SpareKeys, lent
from clients.desktop.x11_library import X, Xatom, open_display, rq, send_packed, unseen_window
from clients.desktop.x11_settling import Settling
from clients.desktop.x11_windows import Windows
from pipeline.errors import StenoError

BORROWED = "_STENO_BORROWED_KEYCODES"
"""Property of the root window: the keycodes that may have been given a character. One who is killed leaves it."""
NUM_LOCK = 0xFF7F
SETTLE_S, LEAVE_S = 5.0, 1.0
"""So long a program may take to read its keys before it counts as hanging; the second as this program ends."""

Struck = Literal["struck", "focus", "busy", "changed", "disturbed"]
"""What became of strokes: struck; or not, as another window has the focus; as a modifier or one of the keys is down, or
the keyboard is another program's; as the keyboard's map or the active layout is not what they were made for; as what
they depend on is no longer so."""

Lent = Literal["lent", "hanging", "changed"]
"""Whether keycodes were lent; or not, as a window's program does not read its keys, or as the map has changed."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a window with the focus is a part of."""

    window: int
    """That of a program, which has to read the keys before they get other characters."""
    process: int
    """Whose it was when it was looked at: ids of windows that are gone are given to other programs."""


class Keys:
    """One connection that types.

    Raises:
        StenoError: no X server, or one without the extensions XTEST and XKEYBOARD.
    """

    def __init__(self, display_name: str) -> None:
        self.display = open_display(display_name)
        test = self.display.query_extension("XTEST")
        if test is None:
            raise StenoError(f"the X server {display_name} has no XTEST extension", "Use another back-end.")
        self._test = int(test.major_opcode)
        self._extension = KeyboardExtension(self.display)
        self._unseen = unseen_window(self.display)
        self._root = self.display.screen().root
        self.windows = Windows(self.display)
        self._settling = Settling(self.display, self.windows, self._note)
        self._changed = False
        self._expected: list[tuple[int, int]] = []
        self._lent: dict[int, int] = {}
        self._used: set[int] = set()
        self._visited: set[int] = set()
        self.renew()

    def renew(self) -> None:
        """Learn what the keys give, and which keycodes can be borrowed."""
        self._map_changed()
        modifiers = [list(codes) for codes in self.display.get_modifier_mapping()]
        known = self.windows.numbers(self._root.id, BORROWED)
        self.map = Keymap(self._extension.keys(), {code for codes in modifiers for code in codes}, known)
        numbers = self.map.any_level(NUM_LOCK)
        self._numbers_mask = sum(1 << index for index, codes in enumerate(modifiers) if numbers in codes)
        self.spares = SpareKeys(self.map.empty())
        self.spares.adopt(self.map.borrowed)
        # Whoever borrowed them may have been killed a moment ago, and what it typed not been read.
        self._used |= self.map.borrowed.keys()
        self._lent = dict(self.map.borrowed)

    def _map_changed(self) -> bool:
        """Whether somebody else has changed the map since it was last asked."""
        for _ in range(self.display.pending_events()):
            self._note(self.display.next_event())
        changed, self._changed = self._changed, False
        return changed

    def _note(self, found: rq.Event) -> None:
        """See whether an event tells of a change that is not our own."""
        change = self._extension.changed_keys(found)
        if change in self._expected:
            self._expected.remove(change)
        elif change is not None:
            self._changed = True

    def state(self) -> KeyboardState:
        """The keyboard at this moment."""
        return keyboard_state(self.display, self._extension.opcode, self._unseen)

    def lend(self, symbols: Collection[int]) -> Lent:
        """Give each of these keysyms a spare keycode.

        Raises:
            ValueError: there are more keysyms than spare keycodes.
        """
        changes = self.spares.assign(symbols)
        if not changes:
            return "lent"
        if self._used & changes.keys() and not self.settle(SETTLE_S):
            self.renew()
            return "hanging"
        if not self._write(changes):
            self.renew()
            return "changed"
        return "lent"

    def _write(self, changes: Mapping[int, int]) -> bool:
        """Change what keycodes give, in one request: each change makes every client of the server read the map again.

        False if somebody else has changed the map before: then this would bring old keys back.
        """
        lending = {**self._lent, **changes}
        first, last = min(changes), max(changes)
        codes = range(first, last + 1)
        keys = [lent(lending[code]) if code in lending else self.map.keys.get(code, EMPTY) for code in codes]
        self.display.grab_server()
        try:
            self.display.sync()
            if self._map_changed():
                return False
            self._lent = lending
            name = self.display.intern_atom(BORROWED)
            self._root.change_property(name, Xatom.CARDINAL, 32, sorted(lending), X.PropModeReplace)
            self._extension.set_keys(first, keys)
            self._expected.append((first, len(keys)))
            return True
        finally:
            self.display.ungrab_server()
            self.display.sync()

    def settle(self, limit_s: float) -> bool:
        """Wait until every window that was typed to has read its keys; False if one did not in this time."""
        for xid in list(self._visited):
            if not self._settling.wait(xid, limit_s):
                return False
            self._visited.discard(xid)
        self._used.clear()
        return True

    def strike(
        self,
        strokes: Sequence[Stroke],
        focus: Mapping[int, Target],
        group: int,
        undisturbed: Callable[[], bool] | None = None,
    ) -> Struck:
        """Strike keys if the focus is right and no modifier is down: as one act for everybody, this process included.

        While the server is grabbed, it hears no other client, so none can move the focus or press a key. All strokes
        leave in one write, so that a process killed at any moment has pressed and released each key, or pressed none.

        Args:
            strokes: what to strike.
            focus: the windows of which one must have the focus -> what each is a part of.
            group: the layout for which the strokes are meant.
            undisturbed: asked last, within the grab, whether they may still be struck.
        """
        requests = packed_strokes(self._test, strokes)
        codes = frozenset(code for stroke in strokes for code in stroke)
        self.display.grab_server()
        try:
            state = self.state()
            if self._map_changed() or state.group != group:
                return "changed"
            target = focus.get(state.focus)
            if target is None or self.windows.owner(state.focus) != target.process:
                return "focus"
            if state.held or state.taken or state.down & codes:
                return "busy"
            if undisturbed is not None and not undisturbed():
                return "disturbed"
            # CapsLock would turn letters; unlocked and locked again within the grab, no key sees it change.
            if locked := state.locked & ~self._numbers_mask:
                unlock, relock = (packed_lock(self._extension.opcode, locked, to) for to in (0, locked))
                requests = [unlock, *requests, relock]
            self._visited.add(target.window)
            self._used |= codes
            send_packed(self.display, requests)
            return "struck"
        finally:
            self.display.ungrab_server()
            self.display.sync()

    def close(self) -> None:
        """Give the keycodes back, once what was typed with them has been read, and end the connection."""
        self.settle(LEAVE_S)
        if self._lent and not self._write(dict.fromkeys(self._lent, 0)):
            self.renew()
            self._write(dict.fromkeys(self._lent, 0))
        self._root.delete_property(self.display.intern_atom(BORROWED))
        self.display.sync()
        self.display.close()
