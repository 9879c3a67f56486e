"""sway, as a typist asks it: which window has the focus, and when that changed.

It owns what sway's tree, seats and events mean. A surface of a layer (a launcher, a lock screen) is no window: while
one has the keyboard, no window has the focus.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from clients.desktop import processes
from clients.desktop.accessibility import Accessibility, password_field
from clients.desktop.sway_socket import (
    GET_SEATS,
    GET_TREE,
    SUBSCRIBE,
    WINDOW_EVENT,
    WORKSPACE_EVENT,
    SwaySocket,
    socket_path,
)
from clients.desktop.window import Change, Window

MOVES_FOCUS = ("focus", "close", "move", "floating", "fullscreen_mode")
"""Changes of windows after which another may have the focus."""


class SwayDesktop:
    """A running sway."""

    name = "sway"

    def __init__(self, environ: Mapping[str, str], accessibility: Accessibility | None = None) -> None:
        """Raises: StenoError: it does not answer."""
        path = socket_path(environ)
        self._accessibility = accessibility
        self._questions = SwaySocket(path)
        self._events = SwaySocket(path)
        self._events.ask(SUBSCRIBE, json.dumps(["window", "workspace"]))

    @property
    def sees_focus(self) -> bool:
        """It does."""
        return True

    def focused(self) -> Window | None:
        """The window with the keyboard's focus.

        Raises:
            StenoError: sway has gone, or does not answer.
        """
        seats = self._questions.ask(GET_SEATS)
        focused = next((int(seat.get("focus") or 0) for seat in seats), 0)
        if not focused:
            return None
        nodes = _nodes(self._questions.ask(GET_TREE))
        return next((_window(node) for node in nodes if node.get("id") == focused and _is_window(node)), None)

    def secret(self) -> str:
        """A password field, if accessibility sees one."""
        return password_field(self._accessibility)

    def disturbances(self) -> int | None:
        """Sway does not tell of keys."""
        return None

    def fileno(self) -> int:
        """Readable when the focus may have changed."""
        return self._events.fileno()

    def focus_log(self) -> list[Change]:
        """Changes of the focus since this was last asked: when each was seen here (monotonic ns), and the window.

        Raises:
            StenoError: sway has gone.
        """
        if self._accessibility is not None:
            self._accessibility.follow()
        log: list[Change] = []
        unclear = False
        while (event := self._events.event()) is not None:
            kind, said = event
            change = said.get("change")
            if kind == WINDOW_EVENT and change == "focus":
                log.append((time.monotonic_ns(), _window(said["container"])))
                unclear = False
            elif kind == WORKSPACE_EVENT or change in MOVES_FOCUS:
                unclear = True
        if unclear:
            # No event says that nothing has the focus now.
            log.append((time.monotonic_ns(), self.focused()))
        return log

    def close(self) -> None:
        """Leave sway, and let accessibility go."""
        self._questions.close()
        self._events.close()
        if self._accessibility is not None:
            self._accessibility.close()


def _nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for child in (*tree.get("nodes", ()), *tree.get("floating_nodes", ())):
        yield from _nodes(child)


def _is_window(node: dict[str, Any]) -> bool:
    return bool(node.get("pid")) and not node.get("nodes")


def _window(node: dict[str, Any]) -> Window:
    x11 = node.get("window_properties") or {}
    pid = int(node.get("pid") or 0)
    return Window(
        id=f"sway:{node['id']}",
        program=node.get("app_id") or x11.get("class") or "",
        title=node.get("name") or "",
        process=processes.name_of(pid),
        pid=pid,
    )
