"""D-Bus, as much of it as clients need: calls with a time limit, and signals. The one file that knows jeepney.

It owns the connection to one bus. It does not know any service. Values travel as jeepney has them: an object path is a
string, a variant a pair of signature and value. Not for two threads at a time.
"""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import StenoError

BUS_NAME, BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
PROPERTIES = "org.freedesktop.DBus.Properties"
NO_REPLY = "org.freedesktop.DBus.Error.NoReply"
DISCONNECTED = "org.freedesktop.DBus.Error.Disconnected"
SIGNALS_KEPT = 1000
"""Signals that nobody has taken yet; older ones go."""
HOW_TO_HAVE_ONE = (
    "Start Steno from within the desktop session (DBUS_SESSION_BUS_ADDRESS is then set), or through `dbus-run-session`."
)


class BusError(StenoError):
    """A call that was refused or not answered; `name` is the D-Bus name of the error."""

    def __init__(self, name: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.name = name


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a method. The signature is that of the body, in D-Bus's own notation."""

    destination: str
    path: str
    interface: str
    member: str
    signature: str = ""
    body: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.interface}.{self.member}"


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that a match let through."""

    sender: str
    path: str
    interface: str
    member: str
    body: tuple[Any, ...]


class SessionBus:
    """A connection to one bus: that of the session, or another by its address."""

    def __init__(self, connected: socket.socket) -> None:
        from jeepney import Parser

        self._socket = connected
        self._parser = Parser()
        self._serial = 0
        self._signals: deque[Signal] = deque(maxlen=SIGNALS_KEPT)
        self.unique_name: str = ""
        """The name by which the bus knows this connection, such as `:1.42`."""

    @classmethod
    def connect(cls, environ: Mapping[str, str], timeout_s: float = 2.0) -> SessionBus:
        """Connect to the bus of the session that has this environment.

        Raises:
            StenoError: there is none, or it does not answer.
        """
        return cls.at(session_address(environ), timeout_s)

    @classmethod
    def at(cls, address: str, timeout_s: float = 2.0) -> SessionBus:
        """Connect to the bus at an address such as `unix:path=/run/user/1000/bus`.

        Raises:
            StenoError: the address cannot be used, or the bus does not answer.
        """
        from jeepney.auth import AuthenticationError
        from jeepney.bus import get_connectable_addresses
        from jeepney.io.blocking import prep_socket

        try:
            connected = prep_socket(next(get_connectable_addresses(address)), timeout=timeout_s)
        except (OSError, RuntimeError, ValueError, AttributeError, AuthenticationError) as error:
            # ValueError and RuntimeError: an address of another form. AttributeError: a system without such sockets.
            raise StenoError(f"cannot connect to the D-Bus at {address}: {error}", HOW_TO_HAVE_ONE) from None
        bus = cls(connected)
        try:
            (bus.unique_name,) = bus.call(BUS_NAME, BUS_PATH, BUS_NAME, "Hello", timeout_s=timeout_s)
        except StenoError:
            bus.close()
            raise
        return bus

    def call(
        self,
        destination: str,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        body: tuple[Any, ...] = (),
        timeout_s: float = 5.0,
    ) -> tuple[Any, ...]:
        """Call a method and wait for its answer.

        Raises:
            BusError: the service refused, is not there, or did not answer in time.
        """
        return self.call_all([Call(destination, path, interface, member, signature, body)], timeout_s)[0]

    def call_all(self, calls: Sequence[Call], timeout_s: float = 5.0) -> list[tuple[Any, ...]]:
        """Send calls in one go and wait for all answers: one round trip, however many they are.

        A service may carry them out in another order: xdg-desktop-portal does, with a thread for each.

        Raises:
            BusError: as `call`, for the first that failed; the later ones were sent too.
        """
        serials, data = [], b""
        for call in calls:
            self._serial += 1
            serials.append(self._serial)
            data += _serialised(call, self._serial)
        deadline = time.monotonic() + timeout_s
        answers: dict[int, Any] = {}
        try:
            self._send(data, deadline)
            while len(answers) < len(serials):
                message = self._message(deadline)
                if message is None:
                    silent = next(call for call, serial in zip(calls, serials, strict=True) if serial not in answers)
                    raise BusError(NO_REPLY, f"{silent.destination} did not answer {silent} within {timeout_s:g} s")
                serial = _answered(message)
                if serial in serials:
                    answers[serial] = message
        except OSError as error:
            raise BusError(DISCONNECTED, f"the D-Bus connection broke off: {error}") from None
        return [_result(call, answers[serial]) for call, serial in zip(calls, serials, strict=True)]

    def property(self, destination: str, path: str, interface: str, name: str, timeout_s: float = 5.0) -> Any:
        """The value of a property.

        Raises:
            BusError: as `call`.
        """
        (variant,) = self.call(destination, path, PROPERTIES, "Get", "ss", (interface, name), timeout_s)
        return variant[1]

    def has_owner(self, name: str) -> bool:
        """Whether a service with this name runs."""
        return bool(self.call(BUS_NAME, BUS_PATH, BUS_NAME, "NameHasOwner", "s", (name,))[0])

    def match(
        self,
        *,
        interface: str | None = None,
        member: str | None = None,
        path: str | None = None,
        sender: str | None = None,
        first: str | None = None,
    ) -> None:
        """Let signals of this kind through to `receive`, from now on; `first` is the first thing that they say."""
        from jeepney import MatchRule

        rule = MatchRule(type="signal", sender=sender, interface=interface, member=member, path=path)
        if first is not None:
            rule.add_arg_condition(0, first)
        self.call(BUS_NAME, BUS_PATH, BUS_NAME, "AddMatch", "s", (rule.serialise(),))

    def receive(self, timeout_s: float) -> Signal | None:
        """The next signal, in the order they came; None if none comes in time. A timeout of 0 takes what is there.

        Raises:
            BusError: the connection is gone.
        """
        deadline = time.monotonic() + timeout_s
        try:
            while not self._signals:
                if self._message(deadline) is None:
                    return None
        except OSError as error:
            raise BusError(DISCONNECTED, f"the D-Bus connection broke off: {error}") from None
        return self._signals.popleft()

    def fileno(self) -> int:
        """Readable when something came. What came during a call is not seen here: ask `receive(0)` before waiting."""
        return self._socket.fileno()

    def close(self) -> None:
        """Leave the bus: what a service keeps for this connection goes with it."""
        self._socket.close()

    def _send(self, data: bytes, deadline: float) -> None:
        self._socket.settimeout(max(deadline - time.monotonic(), 0.01))
        try:
            self._socket.sendall(data)
        finally:
            self._socket.settimeout(None)

    def _message(self, deadline: float) -> Any:
        """The next message; a signal is put aside as well. None if none comes in time."""
        from jeepney import MessageType

        while (message := self._parser.get_next_message()) is None:
            readable, _, _ = select.select([self._socket], [], [], max(deadline - time.monotonic(), 0))
            if not readable:
                return None
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionResetError("the bus closed it")
            self._parser.add_data(data)
        if message.header.message_type is MessageType.signal:
            self._signals.append(_signal(message))
        return message


def session_address(environ: Mapping[str, str]) -> str:
    """The address of the session's bus: as the session says it, else where systemd puts it.

    Raises:
        StenoError: neither is there.
    """
    address = environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address:
        return address
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime and (Path(runtime) / "bus").exists():
        return f"unix:path={runtime}/bus"
    raise StenoError("there is no D-Bus session bus here (DBUS_SESSION_BUS_ADDRESS is not set)", HOW_TO_HAVE_ONE)


def _serialised(call: Call, serial: int) -> bytes:
    from jeepney import DBusAddress, new_method_call

    address = DBusAddress(call.path, bus_name=call.destination, interface=call.interface)
    message = new_method_call(address, call.member, call.signature or None, call.body)
    data: bytes = message.serialise(serial=serial)
    return data


def _answered(message: Any) -> int:
    """The serial of the call that this message answers; -1 if it answers none."""
    from jeepney import HeaderFields

    return int(message.header.fields.get(HeaderFields.reply_serial, -1))


def _result(call: Call, message: Any) -> tuple[Any, ...]:
    from jeepney import HeaderFields, MessageType

    if message.header.message_type is MessageType.error:
        name = str(message.header.fields.get(HeaderFields.error_name, ""))
        said = ": " + str(message.body[0]) if message.body and isinstance(message.body[0], str) else ""
        raise BusError(name, f"{call.destination} refused {call} ({name}){said}")
    body: tuple[Any, ...] = message.body
    return body


def _signal(message: Any) -> Signal:
    from jeepney import HeaderFields

    fields = message.header.fields
    return Signal(
        sender=str(fields.get(HeaderFields.sender, "")),
        path=str(fields.get(HeaderFields.path, "")),
        interface=str(fields.get(HeaderFields.interface, "")),
        member=str(fields.get(HeaderFields.member, "")),
        body=tuple(message.body),
    )
