"""Keymaps of keyboards, as libxkbcommon makes them of the layouts that X11 and Wayland share (Debian: xkb-data)."""

from __future__ import annotations

import ctypes

from clients.desktop import keysyms


class _Names(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in ("rules", "model", "layout", "variant", "options")]


def xkb_keymap(layouts: str) -> bytes:
    """The keymap of these layouts, such as `us,ru`, in XKB's text form."""
    library = keysyms.library()
    assert library is not None, "missing: libxkbcommon0"
    for name in ("xkb_context_new", "xkb_keymap_new_from_names"):
        getattr(library, name).restype = ctypes.c_void_p
    library.xkb_keymap_get_as_string.restype = ctypes.c_char_p
    names = _Names(b"evdev", b"pc105", layouts.encode(), None, None)
    context = ctypes.c_void_p(library.xkb_context_new(0))
    keymap = ctypes.c_void_p(library.xkb_keymap_new_from_names(context, ctypes.byref(names), 0))
    assert keymap, f"no such layout: {layouts}. Is xkb-data installed?"
    text: bytes = library.xkb_keymap_get_as_string(keymap, 1)
    library.xkb_keymap_unref(keymap)
    library.xkb_context_unref(context)
    return text
