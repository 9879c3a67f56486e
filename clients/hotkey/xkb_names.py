"""What XKB calls a key: the name by which Wayland desktops and their portals are told which key is meant.

It owns the names of the keys that have one in `clients.hotkey.keys`; those of characters are told by
`clients.desktop.keysyms`. It does not know who is told.

Source: xkbcommon-keysyms.h, without the prefix of its names.
"""

from __future__ import annotations

from clients.desktop import keysyms
from clients.hotkey.keys import MODIFIERS

SIDED = {"ctrl": "Control", "alt": "Alt", "shift": "Shift", "cmd": "Super"}
XKB_NAMES = {
    **{f"{name}_{side}": f"{SIDED[name]}_{side.upper()}" for name in MODIFIERS for side in "lr"},
    **{name: f"{SIDED[name]}_L" for name in MODIFIERS},
    "alt_gr": "ISO_Level3_Shift",
    "caps_lock": "Caps_Lock",
    "num_lock": "Num_Lock",
    "scroll_lock": "Scroll_Lock",
    "esc": "Escape",
    "insert": "Insert",
    "delete": "Delete",
    "home": "Home",
    "end": "End",
    "page_up": "Page_Up",
    "page_down": "Page_Down",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    "menu": "Menu",
    "pause": "Pause",
    "print_screen": "Print",
    "space": "space",
    "enter": "Return",
    "backspace": "BackSpace",
    "tab": "Tab",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
    "media_play_pause": "XF86AudioPlay",
    "media_stop": "XF86AudioStop",
    "media_next": "XF86AudioNext",
    "media_previous": "XF86AudioPrev",
    "media_volume_up": "XF86AudioRaiseVolume",
    "media_volume_down": "XF86AudioLowerVolume",
    "media_volume_mute": "XF86AudioMute",
}


def xkb_name(key: str) -> str:
    """The name of a key of the keyboard."""
    return XKB_NAMES.get(key) or keysyms.name_of(key)
