"""Which keycodes of an X keyboard a key's name means.

It owns the keysyms of the names (X11 protocol, appendix A; XF86keysym.h) and the reading of the server's tables, as
pure data. It does not know a server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clients.hotkey.keys import MODIFIERS

SHIFT_MASK, LOCK_MASK, CONTROL_MASK = 1, 2, 4
MOD1_MASK = 8
NUM_LOCK, SCROLL_LOCK, ISO_LEVEL3_SHIFT, MODE_SWITCH = 0xFF7F, 0xFF14, 0xFE03, 0xFF7E
KEYSYMS: Mapping[str, tuple[int, ...]] = {
    "ctrl_l": (0xFFE3,),
    "ctrl_r": (0xFFE4,),
    "alt_l": (0xFFE9, 0xFFE7),
    "alt_r": (0xFFEA, 0xFFE8, ISO_LEVEL3_SHIFT),
    "alt_gr": (ISO_LEVEL3_SHIFT, MODE_SWITCH),
    "shift_l": (0xFFE1,),
    "shift_r": (0xFFE2,),
    "cmd_l": (0xFFEB,),
    "cmd_r": (0xFFEC,),
    "caps_lock": (0xFFE5,),
    "num_lock": (NUM_LOCK,),
    "scroll_lock": (SCROLL_LOCK,),
    "esc": (0xFF1B,),
    "insert": (0xFF63,),
    "delete": (0xFFFF,),
    "home": (0xFF50,),
    "end": (0xFF57,),
    "page_up": (0xFF55,),
    "page_down": (0xFF56,),
    "up": (0xFF52,),
    "down": (0xFF54,),
    "left": (0xFF51,),
    "right": (0xFF53,),
    "menu": (0xFF67,),
    "pause": (0xFF13,),
    "print_screen": (0xFF61,),
    "space": (0x20,),
    "enter": (0xFF0D,),
    "backspace": (0xFF08,),
    "tab": (0xFF09,),
    **{f"f{number}": (0xFFBD + number,) for number in range(1, 25)},
    "media_play_pause": (0x1008FF14, 0x1008FF31),
    "media_stop": (0x1008FF15,),
    "media_next": (0x1008FF17,),
    "media_previous": (0x1008FF16,),
    "media_volume_up": (0x1008FF13,),
    "media_volume_down": (0x1008FF11,),
    "media_volume_mute": (0x1008FF12,),
}
BUTTONS = {"mouse:middle": 2, "mouse:x1": 8, "mouse:x2": 9}
"""Numbers of mouse buttons; 4 to 7 are the wheel."""


class Names:
    """The keyboard's keys by name.

    Args:
        first: the lowest keycode.
        rows: for each keycode from there on its keysyms: two levels of the first layout, two of the second.
        modifiers: for each of the eight modifiers (Shift, Lock, Control, Mod1 to Mod5) its keycodes, 0 for none.
    """

    def __init__(self, first: int, rows: Sequence[Sequence[int]], modifiers: Sequence[Sequence[int]]) -> None:
        self._plain: list[dict[int, list[int]]] = [{}, {}]
        for offset, row in enumerate(rows):
            for group, level in ((0, 0), (1, 2)):
                if len(row) > level and row[level]:
                    self._plain[group].setdefault(row[level], []).append(first + offset)
        self._modifiers = [frozenset(codes) - {0} for codes in modifiers]
        self._name: dict[int, str] = {}
        for name in KEYSYMS:
            for code in self._by_keysym(KEYSYMS[name][:2]):
                self._name.setdefault(code, name)

    def codes(self, name: str) -> frozenset[int]:
        """The keycodes of a key; of `ctrl` those of both. Empty if this keyboard has no such key."""
        if name in MODIFIERS:
            return self.codes(f"{name}_l") | self.codes(f"{name}_r")
        return self._by_keysym(KEYSYMS.get(name) or _character(name))

    def name(self, code: int) -> str:
        """What that key is called; `#38` for one without a name of its own."""
        return self._name.get(code, f"#{code}")

    def call(self, name: str) -> None:
        """Have the keys of this name be called so, where it is not the name of two."""
        if name not in MODIFIERS:
            self._name.update(dict.fromkeys(self.codes(name), name))

    def mask(self, name: str) -> int:
        """The modifier mask in force while a key of that name is down; 0 if it is no modifier."""
        codes = self.codes(name)
        return sum(1 << index for index, keys in enumerate(self._modifiers) if keys & codes)

    @property
    def locks(self) -> tuple[int, ...]:
        """Every mask that CapsLock, NumLock and ScrollLock can make together: a grab holds for one of them alone."""
        masks = [LOCK_MASK, *(self._keysym_mask(symbol) for symbol in (NUM_LOCK, SCROLL_LOCK))]
        combined = {0}
        for mask in masks:
            combined |= {one | mask for one in combined}
        return tuple(sorted(combined))

    def _keysym_mask(self, symbol: int) -> int:
        codes = self._by_keysym((symbol,))
        return sum(1 << index for index, keys in enumerate(self._modifiers) if keys & codes)

    def _by_keysym(self, symbols: Sequence[int]) -> frozenset[int]:
        """The keycodes of the first of these keysyms that there is, in the first layout or else in the second."""
        for symbol in symbols:
            for group in self._plain:
                if symbol in group:
                    return frozenset(group[symbol])
        return frozenset()


def _character(name: str) -> tuple[int, ...]:
    point = ord(name) if len(name) == 1 else 0
    latin1 = 0x20 <= point <= 0x7E or 0xA0 <= point <= 0xFF
    return () if not point else (point,) if latin1 else (0x01000000 + point,)


def moment_ns(server_ms: int, now_ns: int) -> int:
    """When an event of this server time happened, on CLOCK_MONOTONIC.

    An X server of this machine counts its milliseconds on that clock (xserver, os/utils.c: GetTimeInMillis). A time
    that is not of the last seconds comes from a server with another clock; then it is now.
    """
    ago_ms = (now_ns // 1_000_000 - server_ms) & 0xFFFFFFFF
    return now_ns if ago_ms > 5_000 else min(now_ns, (now_ns // 1_000_000 - ago_ms) * 1_000_000)
