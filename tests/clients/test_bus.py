"""The D-Bus connection where there is no bus, or one that misbehaves. A real one: tests/system/test_portals.py."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from clients.desktop.accessibility import Accessibility
from clients.desktop.bus import SessionBus, session_address
from pipeline.errors import StenoError
from tests.clients.socket_server import SocketServer, silent


def test_without_a_session_bus_the_error_says_how_to_have_one() -> None:
    with pytest.raises(StenoError, match="no D-Bus session bus") as error:
        SessionBus.connect({})
    assert "dbus-run-session" in error.value.hint


def test_the_bus_of_systemd_is_found_without_the_variable(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    with pytest.raises(StenoError):
        session_address(environ)
    (tmp_path / "bus").touch()
    assert session_address(environ) == f"unix:path={tmp_path}/bus"
    assert session_address(environ | {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}) == "unix:path=/x"


@pytest.mark.parametrize(
    "address", ["unix:path=/nowhere/at/all", "tcp:host=localhost,port=1", "nonsense", "unix:a", ";"]
)
def test_an_address_that_leads_nowhere_is_an_error_that_names_it(address: str) -> None:
    with pytest.raises(StenoError) as error:
        SessionBus.at(address, 0.2)
    assert address in error.value.message


def _garbage(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _mute_after_authentication(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
    silent(connection)


@pytest.mark.parametrize("answer", [silent, _garbage, _mute_after_authentication, lambda connection: None])
def test_a_bus_that_does_not_answer_as_one_is_an_error_and_no_hang(tmp_path: Path, answer: object) -> None:
    assert callable(answer)
    server = SocketServer(tmp_path / "bus", answer)
    with pytest.raises(StenoError):
        SessionBus.at(f"unix:path={tmp_path}/bus", 0.2)
    server.close()


def test_without_accessibility_no_password_field_is_seen_and_it_says_why() -> None:
    accessibility = Accessibility({})
    assert not accessibility.focused_is_password()
    assert "no D-Bus session bus" in accessibility.missing
    assert not accessibility.enabled()
    accessibility.close()
