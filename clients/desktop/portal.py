"""The desktop's portal (xdg-desktop-portal): its versions, its sessions, and requests that a user may have to answer.

It owns how one speaks with any portal. What RemoteDesktop and GlobalShortcuts are asked stands with those who ask.

Facts: the interfaces org.freedesktop.portal.Request, .Session and org.freedesktop.host.portal.Registry, as
xdg-desktop-portal publishes them.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from clients.desktop import portal_identity
from clients.desktop.bus import BUS_NAME, NO_REPLY, BusError, SessionBus, Signal
from pipeline.errors import StenoError

NAME, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
REQUEST, SESSION = "org.freedesktop.portal.Request", "org.freedesktop.portal.Session"
REGISTRY = "org.freedesktop.host.portal.Registry"
NOT_ALLOWED = "org.freedesktop.portal.Error.NotAllowed"
SUCCESS, CANCELLED = 0, 1
"""Responses; any other: it ended in some other way."""
START_S = 5.0
"""The bus may have to start the portal first."""
ANSWER_S = 2.0
USER_S = 120.0
"""So long a user may think about a dialog."""
PACKAGES = (
    "Install xdg-desktop-portal and the part of your desktop: xdg-desktop-portal-gnome, xdg-desktop-portal-kde or "
    "xdg-desktop-portal-hyprland (sway's, xdg-desktop-portal-wlr, has neither typing nor shortcuts)."
)

Options = dict[str, tuple[str, Any]]
"""Name -> signature and value."""


class Portal:
    """A connection to the portal, and the sessions on it. With the connection they end, and every key comes up."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Raises: StenoError: there is no session bus, or no portal."""
        self._bus = SessionBus.connect(environ)
        self._aside: deque[Signal] = deque()
        self._closed: set[str] = set()
        try:
            self._register(environ)
            for interface, member in ((REQUEST, "Response"), (SESSION, "Closed")):
                self._bus.match(sender=NAME, interface=interface, member=member)
            self._bus.match(sender=BUS_NAME, interface=BUS_NAME, member="NameOwnerChanged", first=NAME)
        except StenoError:
            self._bus.close()
            raise

    def session(self, interface: str) -> str:
        """Open a session of this interface; its path.

        Raises:
            StenoError: the portal refuses.
        """
        options: Options = {"session_handle_token": ("s", _token())}
        try:
            results = self.request(interface, "CreateSession", "", (), options, ANSWER_S)
        except BusError as error:
            if error.name != NOT_ALLOWED:
                raise
            hint = (
                f"It wants to know the program's name: {portal_identity.DESKTOP_FILE} must be among the applications."
            )
            raise StenoError(error.message, hint) from None
        return str(results["session_handle"])

    def request(
        self,
        interface: str,
        member: str,
        signature: str,
        body: tuple[Any, ...],
        options: Options,
        timeout_s: float,
    ) -> dict[str, Any]:
        """Make a request, whose last argument are options, and wait for its response; the results without variants.

        Raises:
            StenoError: the portal refuses, the user does, or nobody answers in time; the dialog is then closed.
        """
        token, deadline = _token(), time.monotonic() + timeout_s
        all_options = {**options, "handle_token": ("s", token)}
        call = (NAME, PATH, interface, member, f"{signature}a{{sv}}", (*body, all_options))
        (handle,) = self._bus.call(*call, timeout_s=START_S)
        while (signal := self._next(deadline)) is not None:
            if signal.interface == REQUEST and signal.path == handle:
                response, results = signal.body
                return _granted(response, results, f"{interface}.{member}")
            self._aside.append(signal)
        self._give_up(handle)
        raise StenoError(f"nobody answered the desktop's question about Steno within {timeout_s:g} s")

    def call(self, interface: str, member: str, signature: str, body: tuple[Any, ...]) -> None:
        """Call a method that asks nobody, and wait until it is done: the portal keeps no order among calls.

        Raises:
            BusError: the portal refuses.
        """
        self._bus.call(NAME, PATH, interface, member, signature, body, ANSWER_S)

    def match(self, interface: str) -> None:
        """Let signals of this interface of the portal through to `receive`."""
        self._bus.match(sender=NAME, interface=interface, path=PATH)

    def receive(self, timeout_s: float) -> Signal | None:
        """The next signal that is no answer to a request.

        Raises:
            StenoError: the bus or the portal has gone.
        """
        if self._aside:
            return self._aside.popleft()
        return self._next(time.monotonic() + timeout_s)

    def is_closed(self, session: str) -> bool:
        """Whether the desktop has ended a session, as far as it has told.

        Raises:
            StenoError: the bus or the portal has gone.
        """
        while (signal := self._next(time.monotonic())) is not None:
            self._aside.append(signal)
        return session in self._closed

    def fileno(self) -> int:
        """Readable when something came."""
        return self._bus.fileno()

    def close(self) -> None:
        """End all sessions."""
        self._bus.close()

    def _next(self, deadline: float) -> Signal | None:
        signal = self._bus.receive(max(deadline - time.monotonic(), 0))
        if signal is not None and signal.interface == SESSION:
            self._closed.add(signal.path)
        if signal is not None and signal.member == "NameOwnerChanged" and signal.body[1]:
            raise StenoError("the desktop's portal (xdg-desktop-portal) has ended")
        return signal

    def _register(self, environ: Mapping[str, str]) -> None:
        """Say who we are, which newer portals want to know before anything else; older ones do not know the question.

        A portal that refuses may know it otherwise: from the systemd unit. If not, it refuses what comes next.
        """
        portal_identity.write(environ)
        try:
            body: tuple[Any, ...] = (portal_identity.APP_ID, {})
            self._bus.call(NAME, PATH, REGISTRY, "Register", "sa{sv}", body, START_S)
        except BusError as error:
            if error.name == NO_REPLY or error.name.endswith((".ServiceUnknown", ".Disconnected")):
                raise StenoError(f"there is no desktop portal: {error.message}", PACKAGES) from None

    def _give_up(self, handle: str) -> None:
        try:
            self._bus.call(NAME, handle, REQUEST, "Close", timeout_s=ANSWER_S)
        except BusError:
            # It has ended by itself in this moment.
            return


def version(environ: Mapping[str, str], interface: str) -> int:
    """The version of one of the portal's interfaces; 0 if the desktop does not have it. Asks the user nothing.

    Raises:
        StenoError: there is no session bus, or no portal at all.
    """
    return int(properties(environ, interface).get("version", 0))


def properties(environ: Mapping[str, str], interface: str) -> dict[str, Any]:
    """What one of the portal's interfaces says of itself; empty if the desktop does not have it.

    Raises:
        StenoError: there is no session bus, or no portal at all.
    """
    # A connection of its own: one that has asked anything can no longer be registered.
    bus = SessionBus.connect(environ)
    try:
        (found,) = bus.call(NAME, PATH, "org.freedesktop.DBus.Properties", "GetAll", "s", (interface,), START_S)
    except BusError as error:
        if error.name.endswith((".InvalidArgs", ".UnknownInterface", ".UnknownProperty")):
            return {}
        raise StenoError(f"there is no desktop portal: {error.message}", PACKAGES) from None
    finally:
        bus.close()
    return _plain(found)


def _granted(response: int, results: dict[str, tuple[str, Any]], what: str) -> dict[str, Any]:
    if response == CANCELLED:
        raise StenoError(f"you told the desktop not to allow it ({what})", "Ask again, and allow it in the dialog.")
    if response != SUCCESS:
        raise StenoError(f"the desktop did not carry it out ({what} ended with {response})")
    return _plain(results)


def _plain(values: dict[str, tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, (_, value) in values.items()}


def _token() -> str:
    """The end of an object path: not to be guessed, and no other library's."""
    return f"steno_{secrets.token_hex(8)}"
