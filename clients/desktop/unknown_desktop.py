"""A desktop that does not tell which window has the focus: GNOME and KDE on Wayland, macOS, or none at all.

It owns what is true without an answer. Password fields can be seen where accessibility is on: that is another service.
"""

from __future__ import annotations

from clients.desktop.accessibility import Accessibility, password_field
from clients.desktop.window import Window


class UnknownDesktop:
    """A desktop that cannot be asked."""

    def __init__(self, name: str, accessibility: Accessibility | None = None) -> None:
        self.name = name
        self._accessibility = accessibility

    @property
    def sees_focus(self) -> bool:
        """It does not."""
        return False

    def focused(self) -> Window | None:
        """Never a window."""
        return None

    def secret(self) -> str:
        """A password field, if accessibility sees one."""
        return password_field(self._accessibility)

    def disturbances(self) -> int | None:
        """It does not tell."""
        return None

    def close(self) -> None:
        """Let accessibility go."""
        if self._accessibility is not None:
            self._accessibility.close()
