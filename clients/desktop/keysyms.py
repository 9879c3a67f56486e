"""Keysyms: the numbers by which X11 and Wayland call what a key types, and their names.

It owns the way from a character to them. Where libxkbcommon is there (on every Wayland desktop: the compositor uses
it), it answers, since a layout has the older numbers of many characters. Without it the rule of the X11 protocol,
appendix A, holds: Latin-1 as it is, all else 0x01000000 and the code point.
"""

from __future__ import annotations

import ctypes
import functools

LIBRARY = "libxkbcommon.so.0"
RETURN, BACKSPACE, INSERT, TAB, DELETE = 0xFF0D, 0xFF08, 0xFF63, 0xFF09, 0xFFFF
SHIFT_LEFT, CONTROL_LEFT, ALT_LEFT, SUPER_LEFT = 0xFFE1, 0xFFE3, 0xFFE9, 0xFFEB
MODIFIERS = {"ctrl": CONTROL_LEFT, "shift": SHIFT_LEFT, "alt": ALT_LEFT, "super": SUPER_LEFT}
"""Name in a chord such as `ctrl+shift+v` -> keysym."""
UNICODE = 0x01000000
LONGEST_NAME = 64


def of_character(character: str) -> int:
    """The keysym of a character."""
    code, xkb = ord(character), library()
    found = int(xkb.xkb_utf32_to_keysym(ctypes.c_uint32(code))) if xkb is not None else 0
    return found or by_rule(character)


def by_rule(character: str) -> int:
    """The keysym of a character by the X11 protocol, appendix A, which every program understands."""
    code = ord(character)
    return code if 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xFF else UNICODE | code


def name_of(character: str) -> str:
    """The name of a character's keysym, such as `comma`; of the form `U20AC` where nothing knows a better one."""
    xkb = library()
    if xkb is not None:
        buffer = ctypes.create_string_buffer(LONGEST_NAME)
        if xkb.xkb_keysym_get_name(ctypes.c_uint32(of_character(character)), buffer, LONGEST_NAME) > 0:
            return buffer.value.decode("ascii", errors="replace")
    return character if character.isascii() and character.isalnum() else f"U{ord(character):04X}"


@functools.cache
def library() -> ctypes.CDLL | None:
    """Libxkbcommon; None where it is not installed."""
    try:
        loaded = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    loaded.xkb_utf32_to_keysym.restype = ctypes.c_uint32
    return loaded
