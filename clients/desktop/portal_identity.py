"""Who Steno is for the desktop: the application id, and the desktop file by which a dialog can name it.

It owns that file. Portals since xdg-desktop-portal 1.20 let a program say its id, and believe it if there is such a
file; since 1.21 they bind no shortcuts for a program without one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

APP_ID = "org.steno.Steno"
DESKTOP_FILE = f"{APP_ID}.desktop"
TEXT = """[Desktop Entry]
Type=Application
Name=Steno
Comment=Dictation
Exec="{python}" -P -m clients.cli status
NoDisplay=true
"""
"""NoDisplay: it names the program, and is no entry of a menu."""


def path(environ: Mapping[str, str]) -> Path:
    """Where the file is: among the user's own applications."""
    data = environ.get("XDG_DATA_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".local" / "share")
    return Path(data) / "applications" / DESKTOP_FILE


def write(environ: Mapping[str, str]) -> None:
    """Write it if it is not there. Where that cannot be done, a nameless program must do."""
    file = path(environ)
    if file.exists():
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TEXT.format(python=sys.executable), encoding="utf-8")
    except OSError:
        return
