"""Which desktop this is, by the variables that a session sets, and the object that asks it.

It owns that one decision. It does not know how any desktop is asked.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from clients.desktop.window import Desktop
from pipeline.errors import StenoError

if TYPE_CHECKING:
    from clients.desktop.accessibility import Accessibility

OF_PLATFORM = {"win32": "windows", "cygwin": "windows", "darwin": "macos"}
WAYLAND_DESKTOPS = ("hyprland", "sway", "gnome", "kde")
NAMES = {
    "x11": "X11",
    "sway": "sway",
    "hyprland": "Hyprland",
    "gnome": "GNOME (Wayland)",
    "kde": "KDE (Wayland)",
    "wayland": "Wayland",
    "windows": "Windows",
    "macos": "macOS",
    "none": "no desktop",
}
"""Kind -> what people call it."""


def kind(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """The kind of desktop: x11, sway, hyprland, gnome, kde, wayland (another one), windows, macos, none.

    A variable that is set and empty counts as unset. XDG_SESSION_TYPE decides where it says x11 or wayland, since a
    Wayland session has a DISPLAY for older programs too, and a service may see variables of a session that is over. A
    compositor started from a text console leaves it at `tty`: then WAYLAND_DISPLAY decides, and DISPLAY last.
    """
    if platform in OF_PLATFORM:
        return OF_PLATFORM[platform]
    session = environ.get("XDG_SESSION_TYPE", "").lower()
    x11 = bool(environ.get("DISPLAY"))
    compositor = any(environ.get(name) for name in ("WAYLAND_DISPLAY", "SWAYSOCK", "HYPRLAND_INSTANCE_SIGNATURE"))
    if session == "wayland" or (compositor and not (session == "x11" and x11)):
        return _compositor(environ)
    return "x11" if x11 else "none"


def _compositor(environ: Mapping[str, str]) -> str:
    """Which Wayland desktop. What it calls itself counts before the sockets, of which one may be left from another."""
    said = environ.get("XDG_CURRENT_DESKTOP", "").lower().split(":")
    for name in WAYLAND_DESKTOPS:
        if name in said:
            return name
    if environ.get("HYPRLAND_INSTANCE_SIGNATURE"):
        return "hyprland"
    return "sway" if environ.get("SWAYSOCK") else "wayland"


def open_desktop(environ: Mapping[str, str]) -> Desktop:
    """What asks the desktop of this session.

    Raises:
        StenoError: the X server or the compositor cannot be reached.
    """
    found = kind(environ)
    if found == "windows":
        from clients.desktop.windows_desktop import WindowsDesktop

        return WindowsDesktop()
    if found in ("macos", "none"):
        from clients.desktop.unknown_desktop import UnknownDesktop

        return UnknownDesktop(NAMES[found])
    from clients.desktop.accessibility import Accessibility

    accessibility = Accessibility(environ)
    try:
        return _session_desktop(found, environ, accessibility)
    except StenoError:
        accessibility.close()
        raise


def _session_desktop(found: str, environ: Mapping[str, str], accessibility: Accessibility) -> Desktop:
    if found == "x11":
        from clients.desktop.x11_desktop import X11Desktop

        return X11Desktop(environ["DISPLAY"], accessibility)
    if found == "sway":
        from clients.desktop.sway_desktop import SwayDesktop

        return SwayDesktop(environ, accessibility)
    if found == "hyprland":
        from clients.desktop.hyprland_desktop import HyprlandDesktop

        return HyprlandDesktop(environ, accessibility)
    from clients.desktop.unknown_desktop import UnknownDesktop

    return UnknownDesktop(NAMES[found], accessibility)
