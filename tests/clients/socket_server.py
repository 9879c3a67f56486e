"""A server at a socket of the file system that says what a test tells it to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

Answer = Callable[[socket.socket], None]


class SocketServer:
    """Calls `answer` with each connection, on a thread of its own; the connection is closed after that."""

    def __init__(self, path: Path, answer: Answer) -> None:
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._answer(connection)
            except OSError:
                return

    def close(self) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def silent(connection: socket.socket) -> None:
    """An answer that never comes: returns when the other side has gone."""
    while connection.recv(4096):
        pass
