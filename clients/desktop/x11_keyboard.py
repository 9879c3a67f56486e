"""The keyboard in the words of the X protocol: its state, its map, and the requests that strike keys.

It owns the form of XTEST's requests, and the X Keyboard Extension, which python-xlib lacks (X Keyboard Extension,
protocol specification, appendix D). It does not know what is typed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clients.desktop.x11_library import Display, X, request, rq, send_packed
from pipeline.errors import StenoError

CORE_KEYBOARD = 0x100
"""XkbUseCoreKbd: whichever keyboard the core protocol uses."""
FAKE_INPUT = struct.Struct("=BBHBBxxII8xhh8x")
"""XTestFakeInput (X Test Extension, section 5.3): opcode, 2, length, type, detail, time, root, x, y."""
LATCH_LOCK_STATE = struct.Struct("=BBHHBB8x")
"""XkbLatchLockState: opcode, 5, length, device, affected locks, locks; no group, no latches."""
NEW_KEYBOARD, MAP = 0, 1
"""Events of the X Keyboard Extension: another keyboard, another map."""
KEYSYMS, ALL_OF_MAP = 2, 0xFF
"""Parts of a map."""
KEY = struct.Struct("=4sBBH")
"""KB_KEYSYMMAP: types, groups, levels, keysyms that follow."""
SET_MAP = struct.Struct("=BBHHHHBBBBBBH18x")
"""XkbSetMap: opcode, 9, length, device, parts, flags, least, greatest keycode, no types, first key, keys, keysyms."""
MAP_EVENT = struct.Struct("=4xB7xBB14x")
"""XkbMapNotify behind its sequence number: the device, the first keycode whose keysyms have changed, and how many."""

Stroke = tuple[int, ...]
"""Keycodes that are pressed one after the other, then released in the other order."""


@dataclass(frozen=True, slots=True)
class KeyboardState:
    """The keyboard and who gets its keys, as the server sees both at one moment."""

    focus: int
    """The window that has the focus; 0 for none, 1 for whichever is under the pointer."""
    held: int
    """Mask of the modifiers that are down, or latched until the next key."""
    locked: int
    """Mask of the modifiers that are locked: CapsLock is bit 1, NumLock most often bit 4."""
    group: int
    """Which of the layouts is active; 0 for the first."""
    down: frozenset[int]
    """Keycodes of the keys that are down."""
    taken: bool
    """Whether another client has grabbed the keyboard, so that no window gets its keys: a menu, a screen lock."""


class _UseExtension(rq.ReplyRequest):
    """XkbUseExtension (X Keyboard Extension, protocol specification, appendix D)."""

    _request = rq.Struct(
        rq.Card8("opcode"), rq.Opcode(0), rq.RequestLength(), rq.Card16("wanted_major"), rq.Card16("wanted_minor")
    )
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Card8("supported"),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Card16("server_major"),
        rq.Card16("server_minor"),
        rq.Pad(20),
    )


class _GetMap(rq.ReplyRequest):
    """XkbGetMap, of the keys' keysyms alone."""

    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(8),
        rq.RequestLength(),
        rq.Card16("device"),
        rq.Card16("full"),
        rq.Card16("partial"),
        rq.Pad(2),
        rq.Card8("first"),
        rq.Card8("count"),
        rq.Pad(14),
    )
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Card8("device"),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Pad(32),
        rq.Binary("keys"),
    )


class _SelectEvents(rq.Request):
    """XkbSelectEvents, for events that have no details but those of the map."""

    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(1),
        rq.RequestLength(),
        rq.Card16("device"),
        rq.Card16("affected"),
        rq.Card16("cleared"),
        rq.Card16("selected"),
        rq.Card16("map_affected"),
        rq.Card16("map_selected"),
    )


class _GetState(rq.ReplyRequest):
    """XkbGetState."""

    _request = rq.Struct(rq.Card8("opcode"), rq.Opcode(4), rq.RequestLength(), rq.Card16("device"), rq.Pad(2))
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Card8("device"),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Card8("mods"),
        rq.Card8("base_mods"),
        rq.Card8("latched_mods"),
        rq.Card8("locked_mods"),
        rq.Card8("group"),
        rq.Card8("locked_group"),
        rq.Pad(18),
    )


class KeyboardExtension:
    """The X Keyboard Extension on one connection, with its news of changes to the keyboard's map.

    Raises:
        StenoError: the server has none.
    """

    def __init__(self, display: Display) -> None:
        found = display.query_extension("XKEYBOARD")
        if found is None or not _supported(display, int(found.major_opcode)):
            raise StenoError(f"the X server {display.get_display_name()} has no X Keyboard Extension", "")
        self.opcode = int(found.major_opcode)
        self._first_event = int(found.first_event)
        self._owner = display
        self._display = inner = display.display
        self._core_device = _GetState(inner, opcode=self.opcode, device=CORE_KEYBOARD).device
        # A connection that knows the extension is no longer told by the core protocol's MappingNotify.
        _SelectEvents(
            inner,
            opcode=self.opcode,
            device=CORE_KEYBOARD,
            affected=1 << NEW_KEYBOARD | 1 << MAP,
            cleared=0,
            selected=1 << NEW_KEYBOARD,
            map_affected=ALL_OF_MAP,
            map_selected=ALL_OF_MAP,
        )

    def keys(self) -> dict[int, bytes]:
        """Keycode -> what it gives, as the protocol writes it: KB_KEYSYMMAP, 8 bytes and 4 for each keysym."""
        info = self._display.info
        first, count = info.min_keycode, info.max_keycode - info.min_keycode + 1
        asked = _GetMap(
            self._display, opcode=self.opcode, device=CORE_KEYBOARD, full=0, partial=KEYSYMS, first=first, count=count
        )
        keys, data = {}, bytes(asked.keys)
        for code in range(first, first + count):
            end = KEY.size + 4 * KEY.unpack_from(data)[-1]
            keys[code], data = data[:end], data[end:]
        return keys

    def set_keys(self, first: int, keys: Sequence[bytes]) -> None:
        """Request that these keycodes, from the first on, give this; in the form of `keys`."""
        info = self._display.info
        data = b"".join(keys)
        symbols = (len(data) - KEY.size * len(keys)) // 4
        length = (SET_MAP.size + len(data)) // 4
        bounds = info.min_keycode, info.max_keycode
        head = SET_MAP.pack(self.opcode, 9, length, CORE_KEYBOARD, KEYSYMS, 0, *bounds, 0, 0, first, len(keys), symbols)
        send_packed(self._owner, [head + data])

    def changed_keys(self, found: rq.Event) -> tuple[int, int] | None:
        """The first keycode and how many changed, if the event tells of a change of the map; (0, 0) for all."""
        if found.type != self._first_event:
            return None
        device, first, count = MAP_EVENT.unpack(found.data)
        if found.detail == MAP:
            return (first, count) if device == self._core_device else None
        return (0, 0) if found.detail == NEW_KEYBOARD else None


def _supported(display: Display, opcode: int) -> bool:
    return bool(_UseExtension(display.display, opcode=opcode, wanted_major=1, wanted_minor=0).supported)


def keyboard_state(display: Display, opcode: int, unseen: int) -> KeyboardState:
    """Ask for all of it in one round trip; what was requested on the connection before is sent along.

    Args:
        display: the connection.
        opcode: of the X Keyboard Extension.
        unseen: a window that is not shown. The keyboard cannot be grabbed for it, but the server says first whether
            somebody else has grabbed it (X11 protocol, GrabKeyboard), so asking for the grab changes nothing.
    """
    inner = display.display
    focus = request.GetInputFocus(inner, True)
    state = _GetState(inner, True, opcode=opcode, device=CORE_KEYBOARD)
    keymap = request.QueryKeymap(inner, True)
    grab = request.GrabKeyboard(
        inner,
        True,
        owner_events=False,
        grab_window=unseen,
        time=X.CurrentTime,
        pointer_mode=X.GrabModeAsync,
        keyboard_mode=X.GrabModeAsync,
    )
    for asked in (grab, focus, state, keymap):
        asked.reply()
    window = focus.focus
    bits = int.from_bytes(bytes(keymap.map), "little")
    return KeyboardState(
        focus=window if isinstance(window, int) else window.id,
        held=state.base_mods | state.latched_mods,
        locked=state.locked_mods,
        group=state.group,
        down=frozenset(code for code in range(256) if bits >> code & 1) if bits else frozenset(),
        taken=grab.status == X.AlreadyGrabbed,
    )


def packed_strokes(opcode: int, strokes: Iterable[Stroke]) -> list[bytes]:
    """The XTEST requests that press and release these keys.

    Args:
        opcode: of XTEST.
        strokes: keycodes.
    """
    moves = [
        (kind, code)
        for stroke in strokes
        for kind, codes in ((X.KeyPress, stroke), (X.KeyRelease, stroke[::-1]))
        for code in codes
    ]
    return [FAKE_INPUT.pack(opcode, 2, FAKE_INPUT.size // 4, kind, code, 0, 0, 0, 0) for kind, code in moves]


def packed_lock(opcode: int, affected: int, locked: int) -> bytes:
    """The request that of these modifiers those be locked and no others; no key moves.

    Args:
        opcode: of the X Keyboard Extension.
        affected: mask of modifiers.
        locked: mask of those that are to be locked.
    """
    return LATCH_LOCK_STATE.pack(opcode, 5, LATCH_LOCK_STATE.size // 4, CORE_KEYBOARD, affected, locked)
