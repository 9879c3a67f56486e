"""Which desktop a session is, by its variables, and what is made for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.desktop import desktops
from clients.desktop.unknown_desktop import UnknownDesktop
from clients.desktop.window import FocusNews

X11 = {"DISPLAY": ":0"}
WAYLAND = {"WAYLAND_DISPLAY": "wayland-0"}
VARIABLES = (
    "XDG_SESSION_TYPE",
    "WAYLAND_DISPLAY",
    "DISPLAY",
    "XDG_CURRENT_DESKTOP",
    "SWAYSOCK",
    "HYPRLAND_INSTANCE_SIGNATURE",
)


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({}, "none"),
        ({"XDG_SESSION_TYPE": "tty"}, "none"),
        ({"XDG_SESSION_TYPE": "x11"} | X11, "x11"),
        ({"XDG_SESSION_TYPE": "x11", "XDG_CURRENT_DESKTOP": "ubuntu:GNOME"} | X11, "x11"),
        (X11, "x11"),
        # `ssh -X`, and `startx` from a text console
        ({"XDG_SESSION_TYPE": "tty", "DISPLAY": "localhost:10.0", "SSH_CONNECTION": "a b"}, "x11"),
        ({"XDG_SESSION_TYPE": "tty"} | X11, "x11"),
        # XWayland has a DISPLAY too
        ({"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "ubuntu:GNOME"} | WAYLAND | X11, "gnome"),
        ({"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "KDE"} | WAYLAND | X11, "kde"),
        ({"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "COSMIC"} | WAYLAND | X11, "wayland"),
        ({"XDG_SESSION_TYPE": "Wayland", "XDG_CURRENT_DESKTOP": "gnome"} | WAYLAND, "gnome"),
        # a service that got only a part of the variables
        ({"XDG_SESSION_TYPE": "wayland"} | X11, "wayland"),
        # compositors started from a text console
        ({"XDG_SESSION_TYPE": "tty", "SWAYSOCK": "/run/s", "XDG_CURRENT_DESKTOP": "sway"} | WAYLAND | X11, "sway"),
        ({"XDG_SESSION_TYPE": "tty", "SWAYSOCK": "/run/s"} | WAYLAND, "sway"),
        ({"XDG_SESSION_TYPE": "tty", "HYPRLAND_INSTANCE_SIGNATURE": "x_1"} | WAYLAND | X11, "hyprland"),
        ({"XDG_CURRENT_DESKTOP": "Hyprland"} | WAYLAND, "hyprland"),
        ({"SWAYSOCK": "/run/s"}, "sway"),
        (WAYLAND, "wayland"),
        # left from an earlier session: what the desktop calls itself counts
        ({"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "GNOME", "SWAYSOCK": "/run/s"} | WAYLAND, "gnome"),
        ({"XDG_CURRENT_DESKTOP": "sway", "SWAYSOCK": "/s", "HYPRLAND_INSTANCE_SIGNATURE": "x"} | WAYLAND, "sway"),
        ({"XDG_SESSION_TYPE": "x11", "SWAYSOCK": "/run/s"} | WAYLAND | X11, "x11"),
        # set and empty is not set
        ({"WAYLAND_DISPLAY": "", "SWAYSOCK": ""} | X11, "x11"),
        ({"DISPLAY": "", "WAYLAND_DISPLAY": ""}, "none"),
    ],
)
def test_the_kind_of_desktop(environ: dict[str, str], kind: str) -> None:
    assert desktops.kind(environ, "linux") == kind


def test_other_systems_have_one_desktop_whatever_the_variables_say() -> None:
    assert desktops.kind(X11 | WAYLAND, "win32") == "windows"
    assert desktops.kind(X11, "darwin") == "macos"


@given(st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=12)), st.sampled_from(["linux", "freebsd14"]))
def test_every_environment_is_of_a_kind_that_has_a_name(environ: dict[str, str], platform: str) -> None:
    assert desktops.kind(environ, platform) in desktops.NAMES


def test_without_a_desktop_nothing_is_seen_and_nothing_fails() -> None:
    desktop = desktops.open_desktop({})
    assert isinstance(desktop, UnknownDesktop)
    assert (desktop.sees_focus, desktop.focused(), desktop.secret(), desktop.disturbances()) == (False, None, "", None)
    assert not isinstance(desktop, FocusNews)
    desktop.close()


def test_a_wayland_desktop_that_cannot_be_asked_has_its_name() -> None:
    desktop = desktops.open_desktop({"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "KDE"})
    assert desktop.name == "KDE (Wayland)"
    assert not desktop.sees_focus
    desktop.close()
