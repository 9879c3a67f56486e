"""Two requests of X extensions that python-xlib lacks.

It owns their form alone. Import it where it is needed: it loads Xlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clients.desktop import x11_library
from pipeline.errors import StenoError

if TYPE_CHECKING:
    from clients.desktop.x11_library import Display

rq = x11_library.rq
INPUT, TEST, KEYBOARD = "XInputExtension", "XTEST", "XKEYBOARD"
ALL_DEVICES = 0
CORE_KEYBOARD = 0x100
"""XkbUseCoreKbd: the keyboard that the core protocol uses."""


class _QueryVersion(rq.ReplyRequest):
    """XIQueryVersion (XI2proto.txt): python-xlib's own asks for 2.0, which hears nothing while others grab."""

    _request = rq.Struct(rq.Card8("opcode"), rq.Opcode(47), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor"))
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Pad(1),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Card16("major"),
        rq.Card16("minor"),
        rq.Pad(20),
    )


class _UseExtension(rq.ReplyRequest):
    """XkbUseExtension (X Keyboard Extension, protocol specification, appendix D)."""

    _request = rq.Struct(rq.Card8("opcode"), rq.Opcode(0), rq.RequestLength(), rq.Card16("major"), rq.Card16("minor"))
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Card8("supported"),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Card16("major"),
        rq.Card16("minor"),
        rq.Pad(20),
    )


class _LatchLockState(rq.Request):
    """XkbLatchLockState, of which only what it locks is used."""

    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(5),
        rq.RequestLength(),
        rq.Card16("device"),
        rq.Card8("affected"),
        rq.Card8("locked"),
        rq.Pad(8),
    )


def open_connection(name: str | None) -> Display:
    """A connection to the X server that hears raw events under others' grabs too.

    Raises:
        StenoError: no X server, or one without the extensions.
    """
    display = x11_library.open_display(name)
    for extension in (INPUT, TEST, KEYBOARD):
        if display.query_extension(extension) is None:
            display.close()
            raise StenoError(f"the X server has no extension {extension}", "Use another back-end: --backend pynput")
    _QueryVersion(display.display, opcode=_opcode(display, INPUT), major=2, minor=2)
    _UseExtension(display.display, opcode=_opcode(display, KEYBOARD), major=1, minor=0)
    return display


def lock(display: Display, affected: int, locked: int) -> None:
    """Have of these modifiers those locked, and no others; no key moves."""
    opcode = _opcode(display, KEYBOARD)
    _LatchLockState(display.display, opcode=opcode, device=CORE_KEYBOARD, affected=affected, locked=locked)


def test_devices(display: Display) -> frozenset[int]:
    """The devices whose events come from the extension XTEST: keys pressed by programs."""
    devices = display.xinput_query_device(ALL_DEVICES).devices
    return frozenset(device.deviceid for device in devices if "XTEST" in str(device.name))


def _opcode(display: Display, extension: str) -> Any:
    found = display.query_extension(extension)
    assert found is not None
    return found.major_opcode
