"""Which key gives which character on an X keyboard, and which keys are free to be given one.

It owns the arithmetic of keysyms and keycodes, as pure data: no server, no clock.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence

HEAD = struct.Struct("=4sBBH")
"""KB_KEYSYMMAP (X Keyboard Extension, protocol specification, appendix D): the key types of up to four groups; how many
groups, and in the bits above what happens beyond them; levels of a group; how many keysyms follow, 4 bytes each."""
GROUPS = 4
"""A keyboard has at most so many groups; each is a layout."""
COUNT, BEYOND = 0x0F, 0xC0
"""Of the byte of groups. Beyond 0: the groups are gone through again from the first."""
TWO_LEVELS = b"\1\1\1\1"
"""A type that every server has: one level without Shift, one with it."""
EMPTY = HEAD.pack(bytes(4), 0, 0, 0)


def lent(symbol: int) -> bytes:
    """A key that gives this keysym in every layout, with Shift and without; 0 for a key that gives nothing."""
    return HEAD.pack(TWO_LEVELS, 1, 2, 2) + struct.pack("=II", symbol, symbol) if symbol else EMPTY


class Keymap:
    """What each keycode gives.

    Args:
        keys: keycode -> KB_KEYSYMMAP.
        modifiers: keycodes of modifiers, which are neither struck as characters nor borrowed.
        borrowed: keycodes that may have been borrowed; those that look so count as free.
    """

    def __init__(
        self, keys: Mapping[int, bytes], modifiers: Collection[int] = (), borrowed: Collection[int] = ()
    ) -> None:
        self.keys = keys
        self._modifiers = frozenset(modifiers)
        self._symbols = {code: _groups(key) for code, key in keys.items()}
        self.borrowed = {
            code: self._symbols[code][0][0]
            for code in borrowed
            if code in keys and code not in modifiers and keys[code] == lent(self._symbols[code][0][0])
        }
        """Keycode -> keysym."""
        self._plain = tuple(self._level0(group) for group in range(GROUPS))

    def _level0(self, group: int) -> dict[int, int]:
        """Keysym -> keycode, for what a key gives in this group without any modifier."""
        found: dict[int, int] = {}
        for code, groups in self._symbols.items():
            repeats = not HEAD.unpack_from(self.keys[code])[1] & BEYOND
            own = group if group < len(groups) else group % len(groups) if repeats or len(groups) == 1 else None
            if own is not None and groups[own][0] and code not in self._modifiers and code not in self.borrowed:
                found.setdefault(groups[own][0], code)
        return found

    def plain(self, symbol: int, group: int) -> int | None:
        """The keycode that gives this keysym in this group without any modifier."""
        return self._plain[group].get(symbol)

    def any_level(self, symbol: int) -> int | None:
        """The first keycode that has this keysym anywhere: for keys without characters, such as Shift_L."""
        return next((c for c, groups in self._symbols.items() if any(symbol in levels for levels in groups)), None)

    def empty(self) -> list[int]:
        """The keycodes without keysyms: free to be borrowed."""
        return [
            code
            for code, groups in self._symbols.items()
            if not any(any(levels) for levels in groups) and code not in self._modifiers
        ]


def _groups(key: bytes) -> list[tuple[int, ...]]:
    """The keysyms of each group, one for each level; at least one of each."""
    _, groups, width, count = HEAD.unpack_from(key)
    symbols = struct.unpack_from(f"={count}I", key, HEAD.size)
    return [symbols[width * group : width * (group + 1)] for group in range(groups & COUNT) if width] or [(0,)]


class SpareKeys:
    """Which character each spare keycode has; the one used longest ago is the first to get another."""

    def __init__(self, codes: Iterable[int]) -> None:
        self._codes: OrderedDict[int, int] = OrderedDict((code, 0) for code in codes)
        self._by_symbol: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def codes(self) -> list[int]:
        """All of them."""
        return list(self._codes)

    def adopt(self, found: Mapping[int, int]) -> None:
        """Take keycodes along that have a keysym already: keycode -> keysym."""
        for code, symbol in found.items():
            if symbol in self._by_symbol:
                self._codes[code] = 0
            else:
                self._codes[code] = symbol
                self._by_symbol[symbol] = code
            self._codes.move_to_end(code)

    def code(self, symbol: int) -> int | None:
        """The keycode that has this keysym now."""
        return self._by_symbol.get(symbol)

    def assign(self, symbols: Iterable[int]) -> Mapping[int, int]:
        """Give each of these keysyms a keycode; returns keycode -> keysym for the keycodes that have to change.

        Raises:
            ValueError: there are more keysyms than keycodes.
        """
        wanted = list(dict.fromkeys(symbols))
        if len(wanted) > len(self._codes):
            raise ValueError("more keysyms than spare keycodes")
        for symbol in wanted:
            if (code := self._by_symbol.get(symbol)) is not None:
                self._codes.move_to_end(code)
        changes: dict[int, int] = {}
        for symbol in wanted:
            if symbol in self._by_symbol:
                continue
            code, before = next(iter(self._codes.items()))
            if before:
                del self._by_symbol[before]
            self._codes[code] = symbol
            self._codes.move_to_end(code)
            self._by_symbol[symbol] = code
            changes[code] = symbol
        return changes


def fitting(symbols: Sequence[int], plain: Mapping[int, int] | frozenset[int], capacity: int) -> int:
    """How many of these keysyms, from the first on, can be typed with so many spare keycodes.

    Args:
        symbols: those of a text, in order.
        plain: keysyms that need no spare keycode.
        capacity: how many spare keycodes there are.
    """
    needed: set[int] = set()
    for index, symbol in enumerate(symbols):
        if symbol not in plain:
            needed.add(symbol)
        if len(needed) > capacity:
            return index
    return len(symbols)
