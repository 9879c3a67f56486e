"""Which characters the keyboard's layout has: read out of a keymap by libxkbcommon, which every Wayland desktop has.

It owns that reading. It does not know where a keymap comes from. A keymap may hold several layouts, of which one is
active; which one, a program without the focus is not told.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache

from clients.desktop import keysyms

NO_DEFAULT_INCLUDES = 1
TEXT_V1 = 1
LEVELS = 4
"""A level is reached by Shift, AltGr or both; a desktop that types by keysym reaches no other."""
EXTRA = frozenset(range(0xFD00, 0x10000))
"""Keysyms of keys that type nothing, such as Return."""


def missing(text: str, keymap: bytes) -> set[str] | None:
    """Characters of a text that not every layout of the keymap has; None if the keymap cannot be read."""
    layouts = _layouts(keymap)
    if not layouts:
        return None
    sure = frozenset.intersection(*layouts)
    return {character for character in set(text) if keysyms.of_character(character) not in sure}


@lru_cache(maxsize=2)
def _layouts(keymap: bytes) -> tuple[frozenset[int], ...]:
    """The keysyms of each layout; none if the keymap cannot be read."""
    library = keysyms.library()
    if library is None:
        return ()
    for name in ("xkb_context_new", "xkb_keymap_new_from_string"):
        # Pointers, which ctypes would cut to 32 bits.
        getattr(library, name).restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.xkb_context_new(NO_DEFAULT_INCLUDES))
    if not context:
        return ()
    library.xkb_context_set_log_level(context, 0)
    compiled = ctypes.c_void_p(library.xkb_keymap_new_from_string(context, keymap, TEXT_V1, 0))
    try:
        return _read(library, compiled) if compiled else ()
    finally:
        library.xkb_keymap_unref(compiled)
        library.xkb_context_unref(context)


def _read(library: ctypes.CDLL, keymap: ctypes.c_void_p) -> tuple[frozenset[int], ...]:
    layouts: list[set[int]] = [set() for _ in range(library.xkb_keymap_num_layouts(keymap))]
    found = ctypes.POINTER(ctypes.c_uint32)()
    for key in range(library.xkb_keymap_min_keycode(keymap), library.xkb_keymap_max_keycode(keymap) + 1):
        own = library.xkb_keymap_num_layouts_for_key(keymap, key)
        for layout, symbols in enumerate(layouts if own else ()):
            # A key with fewer layouts than the keymap repeats them.
            group = layout % own
            for level in range(min(library.xkb_keymap_num_levels_for_key(keymap, key, group), LEVELS)):
                pointer = ctypes.byref(found)
                count = library.xkb_keymap_key_get_syms_by_level(keymap, key, group, level, pointer)
                if count == 1:
                    symbols.add(found[0])
    return tuple(frozenset(symbols - EXTRA) for symbols in layouts)
