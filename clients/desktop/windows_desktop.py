"""Windows, as a typist asks it: which window is in the foreground.

It owns the calls of user32.dll that tell so. It has not been run: no Windows was at hand where it was written.
"""

from __future__ import annotations

import ctypes
import sys

from clients.desktop import processes
from clients.desktop.window import Window

LONGEST = 512
"""Characters of a title or a class."""


class WindowsDesktop:
    """The foreground window. Password fields are not seen."""

    name = "Windows"

    @property
    def sees_focus(self) -> bool:
        """It does."""
        return True

    def focused(self) -> Window | None:
        """The window in the foreground; None while another is coming there."""
        return _foreground()

    def secret(self) -> str:
        """It does not tell."""
        return ""

    def disturbances(self) -> int | None:
        """It does not tell."""
        return None

    def close(self) -> None:
        """Nothing is open."""


def _foreground() -> Window | None:
    if sys.platform == "win32":
        user32 = ctypes.WinDLL("user32")
        # A handle is a pointer, which ctypes would cut to 32 bits.
        user32.GetForegroundWindow.restype = ctypes.c_void_p
        handle = ctypes.c_void_p(user32.GetForegroundWindow())
        if not handle.value:
            return None
        title, program = ctypes.create_unicode_buffer(LONGEST), ctypes.create_unicode_buffer(LONGEST)
        user32.GetWindowTextW(handle, title, LONGEST)
        user32.GetClassNameW(handle, program, LONGEST)
        pid = ctypes.c_ulong()
        user32.GetWindowThreadProcessId(handle, ctypes.byref(pid))
        name = processes.name_of(pid.value)
        return Window(f"windows:{handle.value:#x}", program.value, title.value, name, pid.value)
    return None
