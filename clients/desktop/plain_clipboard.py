"""The clipboard as people think of it: a text is put there, or read from there. The one file that knows pyperclip.

pyperclip serves Windows and macOS. On X11 and Wayland a text is there only as long as a program holds it: that is what
`clients.desktop.clipboard_holder` is for, and no pipe of ours stays open in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from clients.desktop.clipboard_link import ClipboardLink
from clients.desktop.desktops import kind
from pipeline.errors import StenoError

WAYLAND_HINT = "Install it: apt install wl-clipboard, or your system's package."


def copy(text: str, environ: Mapping[str, str] = os.environ) -> None:
    """Put a text on the clipboard; it stays there when this program has ended.

    Raises:
        StenoError: there is no clipboard, or what it needs is not installed.
    """
    if kind(environ) in ("windows", "macos"):
        import pyperclip

        try:
            pyperclip.copy(text)
        except pyperclip.PyperclipException as error:
            raise StenoError(f"The text could not be put on the clipboard: {error}") from None
        return
    link = _link(environ)
    try:
        link.hold(text)
    finally:
        link.close()


def paste(environ: Mapping[str, str] = os.environ) -> str:
    """The text on the clipboard; empty if there is none.

    Raises:
        StenoError: as `copy`.
    """
    if kind(environ) in ("windows", "macos"):
        import pyperclip

        try:
            return str(pyperclip.paste())
        except pyperclip.PyperclipException as error:
            raise StenoError(f"The clipboard cannot be read: {error}") from None
    link = _link(environ)
    try:
        return link.read()
    finally:
        link.close()


def _link(environ: Mapping[str, str]) -> ClipboardLink:
    """The clipboard of this X server or Wayland desktop."""
    from clients.desktop.programs import found

    here = kind(environ)
    if here == "none":
        raise StenoError(
            "There is no clipboard: neither DISPLAY nor WAYLAND_DISPLAY is set", "Run this in your desktop's session."
        )
    if here != "x11" and (found("wl-copy", environ) is None or found("wl-paste", environ) is None):
        raise StenoError("The clipboard needs wl-copy and wl-paste, which are not installed", WAYLAND_HINT)
    return ClipboardLink("x11" if here == "x11" else "wayland", environ)
