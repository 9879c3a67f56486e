"""A desktop's portal on a bus of its own: the real xdg-desktop-portal, and behind it (or in its place) a stand-in."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clients.desktop.bus import SessionBus
from tests.system.session_bus import SessionBusDaemon
from tests.system.sound_server import until

PACKAGES = "dbus xdg-desktop-portal xdg-desktop-portal-dev python3-gi"
PORTAL = Path("/usr/libexec/xdg-desktop-portal")
INTERFACES = Path("/usr/share/dbus-1/interfaces/org.freedesktop.portal.RemoteDesktop.xml")
STAND_IN = Path(__file__).with_name("portal_stand_in.py")
BEHIND = """[portal]
DBusName=org.freedesktop.impl.portal.desktop.stand_in
Interfaces=org.freedesktop.impl.portal.RemoteDesktop;org.freedesktop.impl.portal.GlobalShortcuts;
UseIn=stand_in
"""
NAMES = {
    "front": "org.freedesktop.portal.Desktop",
    "back": "org.freedesktop.impl.portal.desktop.stand_in",
}


class PortalDesk:
    """`environ` is what a child process needs to find the portal."""

    def __init__(self, directory: Path, part: str) -> None:
        """`back`: behind the real portal, whose interfaces have version 1. `front`: in its place, with version 2."""
        require_packages()
        portals = directory / "portals"
        portals.mkdir()
        (portals / "stand_in.portal").write_text(BEHIND)
        self.data = directory / "share"
        environ = os.environ | {
            "XDG_DESKTOP_PORTAL_DIR": str(portals),
            "XDG_CURRENT_DESKTOP": "stand_in",
            "XDG_DATA_HOME": str(self.data),
            "STENO_CACHE_DIR": str(directory / "cache"),
        }
        self.bus = SessionBusDaemon(directory, environ)
        self.environ = self.bus.environ
        self._name = NAMES[part]
        self._log = directory / "portal.log"
        self._control = SessionBus.connect(self.environ)
        self.stand_in = self._start("/usr/bin/python3", str(STAND_IN), part, "2" if part == "front" else "1")
        self._wait(self._name)
        self.front = self.stand_in
        if part == "back":
            self.front = self._start(str(PORTAL))
            self._wait(NAMES["front"])

    def _start(self, *line: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(line, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _wait(self, name: str) -> None:
        until(lambda: self._control.has_owner(name), 20)

    def tell(self, member: str, signature: str = "", *arguments: Any) -> tuple[Any, ...]:
        """Tell the stand-in what to do; see portal_stand_in.py."""
        return self._control.call(self._name, "/stand_in", "org.steno.StandIn", member, signature, arguments)

    def recorded(self, member: str = "") -> list[tuple[str, list[Any]]]:
        """The calls so far, or those of one method."""
        calls = json.loads(self.tell("Recorded")[0])
        return [(name, given) for name, given in calls if member in ("", name)]

    def strokes(self) -> list[tuple[int, bool]]:
        """Keysyms that went down (True) and up."""
        return [(given[-2], bool(given[-1])) for _, given in self.recorded("NotifyKeyboardKeysym")]

    def close(self) -> None:
        """End everything."""
        self._control.close()
        for process in (self.stand_in, self.front):
            process.kill()
            process.wait()
        self.bus.close()


def require_packages() -> None:
    """Fail, naming what to install: a system test never passes by not running."""
    if not PORTAL.exists() or not INTERFACES.exists():
        pytest.fail(f"missing: xdg-desktop-portal. Run `make test-system`, or: apt-get install {PACKAGES}")
