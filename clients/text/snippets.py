"""Texts that a phrase calls up.

It owns which phrase was said. It does not know how the text is typed.
"""

from __future__ import annotations

from collections.abc import Sequence

from clients.text import commands
from clients.text.safe import clean_lines
from pipeline.desktop_settings import Snippet
from pipeline.errors import UsageError


class Snippets:
    """The snippets of the settings.

    Raises:
        UsageError: a phrase has no letters, or comes twice.
    """

    def __init__(self, snippets: Sequence[Snippet]) -> None:
        self._texts: dict[str, str] = {}
        for number, snippet in enumerate(snippets):
            phrase = commands.key(snippet.say)
            where = f"text.snippets[{number}].say"
            if not phrase:
                raise UsageError(f"{where}: {snippet.say!r} cannot be said", "Give it a word.")
            if phrase in self._texts:
                raise UsageError(
                    f"{where}: {snippet.say!r} is there twice", "Spaces, case and punctuation do not count."
                )
            self._texts[phrase] = clean_lines(snippet.insert)

    def called(self, text: str) -> str | None:
        """The text of the phrase that is all that was said; None if it is none."""
        return self._texts.get(commands.key(text)) if self._texts else None
