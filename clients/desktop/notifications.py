"""Desktop notifications: through D-Bus, through notify-send where that does not work, through osascript on macOS.

It owns how a notification is shown, and how many. It does not know what is said in them: who calls it sees to it that
no transcript is. On Windows none are shown.

Source: Desktop Notifications Specification 1.2, org.freedesktop.Notifications.
"""

from __future__ import annotations

import html
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from clients.desktop.bus import SessionBus
from clients.terminal import clean, clean_lines
from pipeline.errors import StenoError

SERVICE, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
APP = "Steno"
ICON = "audio-input-microphone"
"""A name of the Icon Naming Specification."""
TIMEOUT_S = 3.0
SERVERS_OWN_TIME = -1
"""How long it is shown is for the notification server to say."""
SCRIPT = ("on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run")


class Limit:
    """How many notifications may come: sans-IO.

    The same one within `AGAIN_S` is left out, and all that are more than `MOST` within `WITHIN_S`.
    """

    AGAIN_S = 2.0
    MOST = 5
    WITHIN_S = 10.0

    def __init__(self) -> None:
        self._shown: list[tuple[float, tuple[str, str]]] = []

    def admits(self, message: tuple[str, str], now_s: float) -> bool:
        """Whether this one may be shown now; if so, it counts."""
        self._shown = [(at, shown) for at, shown in self._shown if now_s - at < self.WITHIN_S]
        same = any(shown == message and now_s - at < self.AGAIN_S for at, shown in self._shown)
        if same or len(self._shown) >= self.MOST:
            return False
        self._shown.append((now_s, message))
        return True


class Notifier:
    """Shows notifications. Its calls take as long as the desktop takes, a few seconds at most."""

    def __init__(self, environ: Mapping[str, str], platform: str) -> None:
        self._environ = environ
        self._platform = platform
        self._bus: SessionBus | None = None
        self._ids: dict[str, int] = {}
        """Summary -> id of the notification that the next one with it replaces."""
        self._markup = False

    def show(self, summary: str, body: str) -> None:
        """Show it in the place of the last one with this summary.

        Raises:
            StenoError: there is no way to show it.
        """
        summary, body = clean(summary), clean_lines(body)
        if self._platform == "darwin":
            options = [word for line in SCRIPT for word in ("-e", line)]
            self._run("osascript", *options, summary, body)
            return
        if self._platform != "linux":
            raise StenoError(f"Steno shows no notifications on {self._platform}")
        try:
            self._show_by_bus(summary, body)
        except StenoError as error:
            self.close()
            reason = error.message
            if shutil.which("notify-send", path=self._environ.get("PATH")) is not None:
                try:
                    self._run("notify-send", f"--app-name={APP}", f"--icon={ICON}", "--", summary, body)
                    return
                except StenoError as other:
                    reason = f"{reason}; {other.message}"
            hint = error.hint or "feedback.notifications = false does without."
            raise StenoError(f"notifications cannot be shown: {reason}", hint) from None

    def close(self) -> None:
        """Leave the bus; what is shown stays."""
        if self._bus is not None:
            self._bus.close()
        self._bus, self._ids = None, {}

    def _show_by_bus(self, summary: str, body: str) -> None:
        if self._bus is not None:
            try:
                self._notify(self._bus, summary, body)
                return
            except StenoError:
                self.close()  # the bus, or the server on it, may have been started anew
        self._bus = SessionBus.connect(self._environ)
        (capabilities,) = self._ask(self._bus, "GetCapabilities")
        self._markup = "body-markup" in capabilities
        self._notify(self._bus, summary, body)

    def _notify(self, bus: SessionBus, summary: str, body: str) -> None:
        text = html.escape(body, quote=False) if self._markup else body
        no_actions: list[str] = []
        no_hints: dict[str, Any] = {}
        replaces = self._ids.get(summary, 0)
        fields = (APP, replaces, ICON, summary, text, no_actions, no_hints, SERVERS_OWN_TIME)
        (self._ids[summary],) = self._ask(bus, "Notify", "susssasa{sv}i", fields)

    @staticmethod
    def _ask(bus: SessionBus, member: str, signature: str = "", body: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        return bus.call(SERVICE, PATH, SERVICE, member, signature, body, timeout_s=TIMEOUT_S)

    def _run(self, program: str, *arguments: str) -> None:
        try:
            subprocess.run(
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(self._environ),
                timeout=TIMEOUT_S,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise StenoError(f"{program} cannot show a notification (exit code {error.returncode})") from None
        except subprocess.TimeoutExpired:
            raise StenoError(f"{program} did not show a notification within {TIMEOUT_S:g} s") from None
        except OSError as error:
            raise StenoError(f"{program} cannot show a notification: {error.strerror}") from None
