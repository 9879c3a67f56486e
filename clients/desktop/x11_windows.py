"""The windows of an X server: which one a window belongs to, what it is called, and which process has it.

It owns the questions about windows. It does not know which of them has the focus, nor what is done with them.
"""

from __future__ import annotations

import socket
from dataclasses import replace

from clients.desktop.processes import name_of
from clients.desktop.window import Window
from clients.desktop.x11_library import Display, X, XError

DEEPEST = 64
"""So many parents of a window are asked for; no real window lies deeper."""
LONGEST = 1024
"""So much of a property is read, in units of 4 bytes."""
PROCESS_ID = 2
"""LocalClientPIDMask of the X-Resource extension, version 1.2."""


def name_of_window(xid: int) -> str:
    """The name by which the rest of Steno knows an X window."""
    return f"x11:{xid:#x}"


class Windows:
    """Asks one connection about windows. A window that is gone has no properties; that is no error."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._root = display.screen().root.id
        self._resources = display.has_extension("X-Resource")

    def client(self, xid: int) -> int:
        """The window that a window manager knows and this one lies in; without one, the topmost; 0 if it is gone.

        Of the manager's own windows 0 as well: a frame may have the focus for a while when its window has been closed,
        and what is typed into it is lost.
        """
        current = xid
        for _ in range(DEEPEST):
            if current <= X.PointerRoot or current == self._root:
                return 0
            if self.numbers(current, "WM_STATE"):
                return current
            try:
                parent = self._display.create_resource_object("window", current).query_tree().parent
            except XError:
                return 0
            above = int(parent if isinstance(parent, int) else parent.id)
            if above == self._root:
                return 0 if self._is_manager_s(current) else current
            current = above
        return 0

    def _is_manager_s(self, xid: int) -> bool:
        """Whether the window manager made this window (Extended Window Manager Hints, _NET_SUPPORTING_WM_CHECK)."""
        check = next(iter(self.numbers(self._root, "_NET_SUPPORTING_WM_CHECK")), 0)
        differs = (check ^ xid) & ~int(self._display.display.info.resource_id_mask)  # but for it, ids of a client agree
        return bool(check) and not differs

    def named(self, xid: int) -> Window:
        """As much of a window as tells it from others."""
        return Window(name_of_window(xid), pid=self.pid(xid))

    def describe(self, xid: int) -> Window:
        """What people and rules know a window by; empty where the window does not say."""
        bare = self.named(xid)
        class_of = self._text(xid, "WM_CLASS").split("\0")
        title = self._text(xid, "_NET_WM_NAME") or self._text(xid, "WM_NAME")
        program = class_of[1] if len(class_of) > 1 else ""
        return replace(bare, program=program, title=title, process=name_of(bare.pid))

    def pid(self, xid: int) -> int:
        """The process on this machine that has the window; 0 if it is not known, or elsewhere."""
        machine = self._text(xid, "WM_CLIENT_MACHINE")
        if machine and machine != socket.gethostname():
            return 0
        return self.owner(xid) or next(iter(self.numbers(xid, "_NET_WM_PID")), 0)

    def owner(self, xid: int) -> int:
        """The process that made this window, or any other thing of the server's, as the server itself knows it."""
        if not self._resources or not xid:
            return 0
        try:
            found = self._display.res_query_client_ids([(xid, PROCESS_ID)]).ids
        except XError:
            return 0
        return next((int(pid) for one in found for pid in one.value), 0)

    def answers_pings(self, xid: int) -> bool:
        """Whether the window's program answers _NET_WM_PING (Extended Window Manager Hints)."""
        return self._display.intern_atom("_NET_WM_PING") in self.numbers(xid, "WM_PROTOCOLS")

    def numbers(self, xid: int, name: str) -> list[int]:
        """A property that holds numbers, or names of things."""
        found = self._property(xid, name)
        return [] if found is None or isinstance(found, bytes | str) else [int(value) for value in found]

    def _text(self, xid: int, name: str) -> str:
        found = self._property(xid, name)
        if isinstance(found, bytes):
            # WM_NAME and WM_CLASS are Latin-1 by their definition, and UTF-8 in the programs of today.
            try:
                return found.decode()
            except UnicodeDecodeError:
                return found.decode("latin-1")
        return found if isinstance(found, str) else ""

    def _property(self, xid: int, name: str) -> bytes | str | list[int] | None:
        try:
            window = self._display.create_resource_object("window", xid)
            found = window.get_property(self._display.intern_atom(name), X.AnyPropertyType, 0, LONGEST)
        except XError:
            return None
        if found is None:
            return None
        return found.value if isinstance(found.value, bytes | str) else [int(value) for value in found.value]
