"""sway's and Hyprland's sockets, as far as no compositor is needed. A real sway: tests/system/test_sway.py."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.desktop import wayland_socket
from clients.desktop.hyprland_desktop import HyprlandDesktop
from clients.desktop.sway_desktop import SwayDesktop
from clients.desktop.sway_socket import HEAD, MAGIC, SwaySocket, socket_path
from clients.desktop.window import Window
from pipeline.errors import StenoError
from tests.clients.socket_server import SocketServer, silent
from tests.system.sound_server import until

SIGNATURE = "abc_123"


class Hyprland:
    """Hyprland's two sockets, without Hyprland. `active` is what it answers, `say` sends events."""

    def __init__(self, runtime: Path) -> None:
        directory = runtime / "hypr" / SIGNATURE
        directory.mkdir(parents=True)
        self.environ = {"XDG_RUNTIME_DIR": str(runtime), "HYPRLAND_INSTANCE_SIGNATURE": SIGNATURE}
        self.active = b"{}"
        self.asked: list[bytes] = []
        self._listeners: list[socket.socket] = []
        self._servers = [
            SocketServer(directory / ".socket.sock", self._answer),
            SocketServer(directory / ".socket2.sock", self._listen),
        ]

    def _answer(self, connection: socket.socket) -> None:
        self.asked.append(connection.recv(4096))
        connection.sendall(self.active)

    def _listen(self, connection: socket.socket) -> None:
        self._listeners.append(connection)
        silent(connection)

    def say(self, text: bytes) -> None:
        until(lambda: bool(self._listeners))
        self._listeners[-1].sendall(text)

    def hang_up(self) -> None:
        self._listeners[-1].shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for server in self._servers:
            server.close()


def followed(desktop: HyprlandDesktop, count: int) -> list[Window | None]:
    """So many changes of the focus."""
    log: list[Window | None] = []

    def enough() -> bool:
        log.extend(seen for _, seen in desktop.focus_log())
        return len(log) >= count

    until(enough)
    return log


def window(address: str) -> bytes:
    said = {"address": address, "class": "foot", "title": "a ⟷ b", "pid": os.getpid(), "mapped": True}
    return json.dumps(said).encode()


def test_hyprland_tells_the_focused_window(tmp_path: Path) -> None:
    hyprland = Hyprland(tmp_path)
    desktop = HyprlandDesktop(hyprland.environ)
    assert desktop.focused() is None
    hyprland.active = window("0x55aa")
    found = desktop.focused()
    assert found is not None
    assert (found.id, found.program, found.title, found.pid) == ("hyprland:0x55aa", "foot", "a ⟷ b", os.getpid())
    assert found.process
    assert hyprland.asked == [b"j/activewindow"] * 2
    desktop.close()
    hyprland.close()


def test_hyprland_tells_of_changes_of_the_focus(tmp_path: Path) -> None:
    hyprland = Hyprland(tmp_path)
    desktop = HyprlandDesktop(hyprland.environ)
    assert desktop.focus_log() == []
    hyprland.active = window("0xbb")
    hyprland.say(b"workspace>>2\nactivewindow>>foot,>>\nactivewindowv2>>aa\nactivewindowv2>>,\nactivewindowv2>>bb\nact")
    log = followed(desktop, 3)
    assert [seen and seen.id for seen in log] == ["hyprland:0xaa", None, "hyprland:0xbb"]
    assert log[2] is not None
    assert log[2].program == "foot"
    hyprland.say(b"ivewindowv2>>cc\n")
    assert followed(desktop, 1) == [Window("hyprland:0xcc")]
    desktop.close()
    hyprland.close()


def test_hyprland_that_goes_or_talks_nonsense_is_an_error(tmp_path: Path) -> None:
    hyprland = Hyprland(tmp_path)
    desktop = HyprlandDesktop(hyprland.environ)
    hyprland.active = b"unknown request"
    with pytest.raises(StenoError, match="did not answer"):
        desktop.focused()
    hyprland.active = b"[]"
    assert desktop.focused() is None
    hyprland.say(b"x")
    hyprland.hang_up()
    with pytest.raises(StenoError, match="has gone"):
        until(lambda: desktop.focus_log() != [])
    hyprland.close()
    with pytest.raises(StenoError, match="Hyprland"):
        desktop.focused()


def test_without_their_sockets_the_error_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(StenoError, match="HYPRLAND_INSTANCE_SIGNATURE"):
        HyprlandDesktop({"XDG_RUNTIME_DIR": str(tmp_path), "HYPRLAND_INSTANCE_SIGNATURE": SIGNATURE})
    with pytest.raises(StenoError, match="SWAYSOCK"):
        SwayDesktop({"XDG_RUNTIME_DIR": str(tmp_path)})
    with pytest.raises(StenoError, match="does not answer") as error:
        SwayDesktop({"SWAYSOCK": str(tmp_path / "gone")})
    assert "SWAYSOCK" in error.value.hint


def test_the_newest_of_sway_s_sockets_is_taken_without_the_variable(tmp_path: Path) -> None:
    for pid, at in ((30, 100), (4, 200)):
        file = tmp_path / f"sway-ipc.0.{pid}.sock"
        file.touch()
        os.utime(file, (at, at))
    assert socket_path({"XDG_RUNTIME_DIR": str(tmp_path)}).endswith("sway-ipc.0.4.sock")


def _says(data: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(data)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        silent,
        _says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        _says(HEAD.pack(MAGIC, 2**31, 4)),
        _says(HEAD.pack(MAGIC, 3, 4) + b"{,}"),
        _says(HEAD.pack(MAGIC, 30, 4) + b"{}"),
        lambda connection: None,
    ],
)
def test_what_is_not_sway_is_an_error_and_no_hang(tmp_path: Path, answer: Callable[[socket.socket], None]) -> None:
    server = SocketServer(tmp_path / "sway", answer)
    connection = SwaySocket(str(tmp_path / "sway"), 0.2)
    with pytest.raises(StenoError, match="sway"):
        connection.ask(4)
    connection.close()
    server.close()


@pytest.mark.parametrize(
    "answer",
    [
        silent,
        _says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        _says(bytes(64)),
        _says(b"\x03\0\0\0\0"),
        lambda connection: None,
    ],
)
def test_what_is_no_compositor_has_no_keymap(tmp_path: Path, answer: Callable[[socket.socket], None]) -> None:
    server = SocketServer(tmp_path / "wayland-7", answer)
    assert wayland_socket.keymap({"XDG_RUNTIME_DIR": str(tmp_path), "WAYLAND_DISPLAY": "wayland-7"}) is None
    server.close()
    assert wayland_socket.keymap({"XDG_RUNTIME_DIR": str(tmp_path)}) is None
