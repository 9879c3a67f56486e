"""Hyprland, as a typist asks it: which window has the focus, and when that changed.

It owns the form of its two sockets (Hyprland's wiki, "IPC" and "Using hyprctl"): one answers a question and closes, the
other sends a line for each event. A surface of a layer (a launcher, a lock screen) that takes the keyboard is not seen.
"""

from __future__ import annotations

import json
import os
import select
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clients.desktop import processes
from clients.desktop.accessibility import Accessibility, password_field
from clients.desktop.window import Change, Window
from pipeline.errors import StenoError

ANSWER_S = 0.5
LONGEST = 2**20
"""Bytes of an answer or a line; a longer one is none of Hyprland's."""
FOCUS_EVENT = "activewindowv2"


class HyprlandDesktop:
    """A running Hyprland."""

    name = "Hyprland"

    def __init__(self, environ: Mapping[str, str], accessibility: Accessibility | None = None) -> None:
        """Raises: StenoError: it does not answer."""
        self._directory = socket_directory(environ)
        self._accessibility = accessibility
        self._events = self._connected(".socket2.sock")
        self._received = b""

    @property
    def sees_focus(self) -> bool:
        """It does."""
        return True

    def focused(self) -> Window | None:
        """The window with the focus.

        Raises:
            StenoError: Hyprland has gone, or does not answer.
        """
        said = self._ask("j/activewindow")
        return _window(said) if said.get("address") else None

    def secret(self) -> str:
        """A password field, if accessibility sees one."""
        return password_field(self._accessibility)

    def disturbances(self) -> int | None:
        """Hyprland does not tell of keys."""
        return None

    def fileno(self) -> int:
        """Readable when the focus may have changed."""
        return self._events.fileno()

    def focus_log(self) -> list[Change]:
        """Changes of the focus since this was last asked: when each was seen here (monotonic ns), and the window.

        Of a window that has the focus no longer, only its id is known.

        Raises:
            StenoError: Hyprland has gone.
        """
        if self._accessibility is not None:
            self._accessibility.follow()
        changes = [(time.monotonic_ns(), address) for name, _, address in self._lines() if name == FOCUS_EVENT]
        if not changes:
            return []
        now = self.focused()
        return [(at_ns, _known(address, now)) for at_ns, address in changes]

    def close(self) -> None:
        """Leave Hyprland, and let accessibility go."""
        self._events.close()
        if self._accessibility is not None:
            self._accessibility.close()

    def _lines(self) -> list[tuple[str, str, str]]:
        """The events that are there: name, `>>`, and what it says."""
        while select.select([self._events], [], [], 0)[0]:
            try:
                data = self._events.recv(65536)
            except OSError as error:
                raise StenoError(f"Hyprland has gone: {error.strerror}") from None
            if not data or len(self._received) > LONGEST:
                raise StenoError("Hyprland has gone: it closed the connection")
            self._received += data
        whole, _, self._received = self._received.rpartition(b"\n")
        return [line.partition(">>") for line in whole.decode(errors="replace").splitlines()]

    def _ask(self, question: str) -> dict[str, Any]:
        deadline, answer = time.monotonic() + ANSWER_S, b""
        connection = self._connected(".socket.sock")
        try:
            connection.sendall(question.encode())
            while data := connection.recv(65536):
                answer += data
                if len(answer) > LONGEST or time.monotonic() > deadline:
                    raise StenoError(f"Hyprland did not answer within {ANSWER_S:g} s")
            said = json.loads(answer.decode(errors="replace"))
        except TimeoutError:
            raise StenoError(f"Hyprland did not answer within {ANSWER_S:g} s") from None
        except (OSError, ValueError) as error:
            raise StenoError(f"Hyprland did not answer {question}: {error}") from None
        finally:
            connection.close()
        return said if isinstance(said, dict) else {}

    def _connected(self, name: str) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(ANSWER_S)
        try:
            connection.connect(str(self._directory / name))
        except OSError as error:
            connection.close()
            hint = "Start Steno from within the Hyprland session; HYPRLAND_INSTANCE_SIGNATURE names it."
            raise StenoError(f"Hyprland does not answer at {self._directory / name}: {error.strerror}", hint) from None
        return connection


def socket_directory(environ: Mapping[str, str]) -> Path:
    """Where Hyprland's sockets are: since 0.40 in the runtime directory, before in /tmp. Without a signature, those of
    the instance that was started last.

    Raises:
        StenoError: there are none.
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    parents = [Path(runtime) / "hypr"] if runtime else []
    signature = environ.get("HYPRLAND_INSTANCE_SIGNATURE", "") or "*"
    for parent in (*parents, Path("/tmp/hypr")):
        found = [folder for folder in parent.glob(signature) if (folder / ".socket2.sock").exists()]
        if found:
            return max(found, key=os.path.getmtime)
    hint = "Start Steno from within the Hyprland session."
    raise StenoError("Hyprland's sockets are not to be found (HYPRLAND_INSTANCE_SIGNATURE)", hint)


def _window(said: dict[str, Any]) -> Window:
    pid = int(said.get("pid") or 0)
    return Window(
        id=f"hyprland:{said['address']}",
        program=str(said.get("class") or ""),
        title=str(said.get("title") or ""),
        process=processes.name_of(pid),
        pid=pid,
    )


def _known(address: str, now: Window | None) -> Window | None:
    """The window of an event, which names it without the `0x` of answers; `,` or nothing where there is none."""
    if not address.strip(","):
        return None
    id_ = f"hyprland:0x{address.removeprefix('0x')}"
    return now if now is not None and now.id == id_ else Window(id_)
