"""The form of the text that is typed: from an utterance to the characters that go to the window.

It owns the order of the steps. It does not know windows, events or keys.

An utterance is cleaned, then taken as a snippet or a spoken command if it is one; else its spoken line breaks are made,
the user's replacements, the user's program, the window's wish for no punctuation, the capital, the space before and the
one behind. At the end all of it is cleaned again, line breaks apart: no step can bring in what the first one took out.

Capitals change only where the first word is the model's: what a replacement or a program has put there is written as
the user wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clients.text import capitals, commands, punctuation, spacing
from clients.text.post_edit import PostEdit
from clients.text.replacements import Replacements
from clients.text.safe import clean, clean_lines
from clients.text.snippets import Snippets
from pipeline.desktop_settings import TextSettings, TrailingSpace


@dataclass(frozen=True, slots=True)
class Style:
    """What a window's rule says about the form."""

    trailing_space: TrailingSpace
    punctuation: bool


@dataclass(frozen=True, slots=True)
class Formed:
    """What is to be done about a text."""

    text: str
    r"""Without control characters, but for "\n" where a line break is meant; empty unless `action` is `type`."""
    action: Literal["type", "undo", "nothing"]
    """`undo`: take back what was typed last."""
    notes: tuple[str, ...]
    """What was left out and why, for people, without words of the text."""


class Former:
    """The settings, made ready.

    Raises:
        UsageError: a replacement, a snippet or `post_edit` makes no sense; it names the key.
    """

    def __init__(self, settings: TextSettings) -> None:
        self._settings = settings
        self._replacements = Replacements(settings.replacements, settings.regex_ms / 1000)
        self._snippets = Snippets(settings.snippets)
        self._post_edit = PostEdit(settings.post_edit, settings.post_edit_s)

    def final(self, text: str, before: str | None, style: Style) -> Formed:
        """The form of an utterance that is over. May take as long as `post_edit` and the expressions may.

        Args:
            text: what was said, as the model writes it.
            before: what Steno typed last where this goes, if nothing else has happened there since; at least its last
                20 characters. Empty: nothing stands there. None: not known, the cursor may be anywhere; then no space
                is put before the text and its first letter stays, for a user who has moved the cursor has chosen the
                place.
        """
        said = clean(text).strip()
        snippet = self._snippets.called(said)
        if snippet is not None:
            return _formed(self._placed(snippet, before) + spacing.trailing(snippet, style.trailing_space), ())
        command = commands.alone(said) if self._settings.commands else None
        if command:
            return Formed("", "undo", ()) if command == "undo" else _formed(commands.line_break(command), ())
        kept = commands.within(said) if self._settings.commands else said
        if kept is None:
            return Formed("", "nothing", ("the utterance was taken back by its last sentence",))
        edited, notes = self._replacements.apply(kept)
        edited, problems = self._post_edit.apply(edited)
        fitted = self._fitted(edited.strip(" "), kept, before, style)
        return _formed(fitted + spacing.trailing(fitted, style.trailing_space), notes + problems)

    def piece(self, text: str, before: str | None, style: Style, first: bool, last: bool) -> Formed:
        """The form of a further piece of an utterance that is still being said; it only ever adds to what is there.

        Commands, snippets and `post_edit` need the whole utterance and are not applied; replacements see the piece
        alone. Spaces within the utterance are the model's.

        Args:
            text: the piece, cut between whole words, with the space that stands before it.
            before: as for `final`; for a further piece that which ends with the piece before it.
            first: it begins the utterance.
            last: it ends it; the text may then be empty.
        """
        said = clean(text)
        said = said.lstrip() if first or (before and before[-1].isspace()) else said
        said = said.rstrip() if last else said
        edited, notes = self._replacements.apply(said)
        if first:
            edited = self._fitted(edited, said, before, style)
        elif not style.punctuation:
            edited = punctuation.without(edited, begins=False)
        if last:
            edited += spacing.trailing(edited or before or "", style.trailing_space)
        return _formed(edited, notes)

    def _fitted(self, text: str, said: str, before: str | None, style: Style) -> str:
        """With punctuation and capital as they should be, and the space before it."""
        own = set(text.split(None, 1)[:1]) <= set(said.split())
        if not style.punctuation:
            text = punctuation.without(text, begins=own).strip(" ")
        elif self._settings.capitals and own and before is not None:
            text = capitals.fitted(before, text)
        return self._placed(text, before)

    def _placed(self, text: str, before: str | None) -> str:
        wanted = self._settings.spacing and before is not None and spacing.belongs_between(before, text)
        return " " + text if wanted else text


def _formed(text: str, notes: tuple[str, ...]) -> Formed:
    text = clean_lines(text)
    return Formed(text, "type" if text else "nothing", notes)
