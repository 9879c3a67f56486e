"""What is asked of a clipboard: the words that its kinds and its users share.

It owns the vocabulary. How an X server or a Wayland desktop is asked stands in a file for each.
"""

from __future__ import annotations

from typing import Literal, Protocol

Turn = Literal["", "pasted", "lost"]
"""What has happened: nothing of note; the text was taken by whom it is for; another program has the clipboard now."""


class Clipboard(Protocol):
    """A clipboard whose content can be replaced for one paste, or for good."""

    def offer(self, text: str, selection: str, client: int) -> str:
        """Keep the content of a selection (`CLIPBOARD`, `PRIMARY`) and offer the text in its place.

        Args:
            text: what is to be pasted.
            selection: where it is pasted from.
            client: an X window of the program that is to paste; 0 if that is not known.

        Returns:
            Why it could not be done, for people; empty if it was. Then nothing has been touched.
        """

    def arm(self) -> bool:
        """Count whoever takes the text from now on as the paste; False if the text stands there no longer."""

    def restore(self) -> bool:
        """Let the old content stand there again; False if another program has taken the clipboard: it then stays so."""

    def hold(self, text: str) -> str:
        """Put a text on the clipboard to stay there; why not, for people, or nothing."""

    def read(self) -> str:
        """The text on the clipboard; empty if there is none.

        Raises:
            StenoError: its owner does not hand it over.
        """

    def filenos(self) -> list[int]:
        """What becomes readable when `turn` has something to do."""

    def turn(self) -> Turn:
        """Do what is to be done now, without waiting."""

    @property
    def serving(self) -> bool:
        """Whether the restored content is gone when this process ends."""

    def close(self) -> None:
        """Let the clipboard go."""
