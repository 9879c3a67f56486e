"""Which listener hears the keys here.

It owns the order in which `auto` tries them and the words for why one does not serve. It does not know how any hears.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from clients.desktop import desktops
from clients.hotkey import desktop_lines
from clients.hotkey.keys import Keys
from clients.hotkey.listener import Hearing, Listener
from pipeline.errors import StenoError, UsageError

NAMES = ("x11", "pynput", "portal", "evdev")
AUTO: Mapping[str, tuple[str, ...]] = {
    "x11": ("x11", "pynput"),
    "windows": ("pynput",),
    "macos": ("pynput",),
    "none": (),
}
"""Kind of desktop -> what `auto` tries there, the best first; on a Wayland desktop the portal. Never evdev."""


def make(name: str, environ: Mapping[str, str] = os.environ) -> Listener:
    """The listener of that name; nothing is opened yet.

    Raises:
        UsageError: there is none of that name.
    """
    if name == "x11":
        from clients.hotkey.x11_keys import X11Keys

        return X11Keys(environ)
    if name == "pynput":
        from clients.hotkey.pynput_keys import PynputKeys

        return PynputKeys(environ)
    if name == "portal":
        from clients.hotkey.portal_shortcuts import PortalShortcuts

        return PortalShortcuts(environ)
    if name == "evdev":
        from clients.hotkey.evdev_keys import EvdevKeys

        return EvdevKeys()
    raise UsageError(f"hotkey.backend: there is no {name!r}", f"There are: auto, {', '.join(NAMES)}")


def choose(name: str, keys: Keys, environ: Mapping[str, str] = os.environ) -> tuple[Listener, str]:
    """What hears the keys here, and a sentence that says so.

    Raises:
        UsageError: there is no listener of that name.
        StenoError: the one that was asked for, or for `auto` every one, hears nothing here; the hint says what to do.
    """
    if name != "auto":
        listener = make(name, environ)
        found = listener.probe()
        if not found.usable:
            raise StenoError(f"hotkey.backend {name}: {found.text}", found.hint)
        return listener, f"{name}: {found.text}"
    desktop = desktops.kind(environ)
    tried: list[tuple[str, Hearing]] = []
    for candidate in AUTO.get(desktop, ("portal",)):
        listener = make(candidate, environ)
        found = listener.probe()
        if found.usable:
            return listener, f"{candidate} ({desktops.NAMES[desktop]}): {found.text}"
        tried.append((candidate, found))
    reasons = "; ".join(f"{candidate}: {found.text}" for candidate, found in tried)
    if desktop == "none":
        raise StenoError(
            "no keys can be heard: there is no desktop session (neither DISPLAY nor WAYLAND_DISPLAY is set)",
            "Start it from a desktop session. On a console alone: --backend evdev, which reads the keyboards.",
        )
    if desktop in AUTO:
        raise StenoError(f"no keys can be heard here: {reasons}", tried[0][1].hint)
    raise StenoError(
        f"on {desktops.NAMES[desktop]} the desktop itself owns the keys ({reasons})",
        "\n".join(["Bind them there, to commands of Steno:", *desktop_lines.all_lines(desktop, keys)]),
    )
